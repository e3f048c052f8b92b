import { expect, it } from '@jest/globals';
import { BoundedBodyPipe } from './bounded-body.pipe.ts';

const nested = (depth: number): unknown => JSON.parse('{"a":['.repeat(depth / 2) + ']}'.repeat(depth / 2));
const read = (value: unknown, type: 'body' | 'query' = 'body') => new BoundedBodyPipe().transform(value, { type });

it('lets through what the language and the API can say, as it is', () => {
  for (const value of [undefined, null, 7, 'text', [], { documents: [{ spec: { stages: [{ take: 1 }] } }] }, nested(64)])
    expect(read(value)).toBe(value);
});

it.each([66, 1000, 200_000])('refuses a body nested %d deep', (depth) => {
  expect(() => read(nested(depth))).toThrow('64 deep');
});

const wide = (members: number): unknown => Object.fromEntries(Array.from({ length: members }, (_, index) => [`k${index}`, index]));

it('refuses a mapping wider than any that is meant, wherever it is', () => {
  expect(read([wide(1000), Array(20_000).fill(1)])).toBeInstanceOf(Array);
  expect(() => read(wide(1001))).toThrow('1000 members');
  expect(() => read({ documents: [{ metadata: { labels: wide(600_000) } }] })).toThrow('1000 members');
});

it('looks at bodies alone', () => {
  const deep = nested(1000);
  expect(read(deep, 'query')).toBe(deep);
});
