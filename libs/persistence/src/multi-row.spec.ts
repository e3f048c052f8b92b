import { expect, it } from '@jest/globals';
import { inserts, type Table } from './multi-row.ts';

const TABLE: Table = { table: 't', keys: ['id'], others: ['a', 'b'] };
const rows = (count: number) => Array.from({ length: count }, (_, id) => ({ id, a: `a${id}`, b: null }));

it.each<[number, readonly number[]]>([
  [0, []],
  [1, [1]],
  [3, [1, 1, 1]],
  [22, [16, 4, 1, 1]],
  [150, [64, 64, 16, 4, 1, 1]],
])('%d rows are written whole, in order, by few texts', (count, sizes) => {
  const statements = inserts(TABLE, rows(count));
  expect(statements.map(({ parameters }) => parameters.length / 3)).toEqual(sizes);
  expect(statements.flatMap(({ parameters }) => parameters)).toEqual(rows(count).flatMap(({ id, a, b }) => [id, a, b]));
});

it('a row that is there already is replaced, unless the table has no key', () => {
  const [one] = inserts(TABLE, rows(1));
  expect(one?.sql).toBe('INSERT INTO t (id, a, b) VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE SET a = excluded.a, b = excluded.b');
  const [log] = inserts({ table: 'log', keys: [], others: ['text'] }, [{ text: 'x' }]);
  expect(log?.sql).toBe('INSERT INTO log (text) VALUES (?)');
});
