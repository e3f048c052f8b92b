import { afterAll, beforeAll, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { DataSource } from 'typeorm';
import { evaluate, parseWhere, type Device, type FactName, type FactValue } from '@drover/fleet';
import { aDevice } from '@drover/testkit';
import { openDatabase } from './database.ts';
import { inserts } from './multi-row.ts';
import { upsertsFor } from './upserts.ts';
import { whereSql } from './where-sql.ts';

let database: DataSource;
const fleet: Device[] = [];

const value = <T extends FactValue>(...values: T[]) => fc.constantFrom<T | undefined>(...values, undefined);
const facts = fc.record({
  model: value('WM-300', 'WM-3', 'wm-300', "O'Neil", 'ü'),
  firmwareVersion: value('1.0', '2.4.1', '2.10.0', '2.4.1-rc.1', 'unreadable'),
  'battery.level': value(0, 35, 35.5, 100),
  'power.mains': value(true, false),
  'radio.ce': value(0, 1, 2),
}) as fc.Arbitrary<Partial<Record<FactName, FactValue>>>;

beforeAll(async () => {
  database = await openDatabase(':memory:');
  fc.sample(fc.tuple(facts, fc.dictionary(fc.constantFrom('product', 'a.b', 'q"uote'), fc.constantFrom('x', 'y'))), {
    numRuns: 300,
    seed: 7,
  }).forEach(([known, labels], index) => {
    fleet.push({ ...aDevice(`d${index}`, { 'radio.cell': undefined, ...known }), labels });
  });
  const devices = fleet.map((device) => ({ ...device, registration: undefined, pattern: undefined, findings: [] }));
  const statements = upsertsFor([{ devices }]).flatMap(({ into, rows }) => inserts(into, rows));
  for (const { sql, parameters } of statements) await database.query(sql, parameters);
});
afterAll(() => database.destroy());

const comparison = fc.oneof(
  fc
    .tuple(fc.constantFrom('==', '!=', '<', '>='), fc.constantFrom('"2.4.1"', '"2.4"', '"3"'))
    .map(([op, literal]) => `firmwareVersion ${op} ${literal}`),
  fc
    .tuple(fc.constantFrom('==', '!=', '<', '<=', '>', '>='), fc.constantFrom('35', '35.5', '-1', '100'))
    .map(([op, literal]) => `battery.level ${op} ${literal}`),
  fc.tuple(fc.constantFrom('==', '!=', '<'), fc.constantFrom('"WM-300"', `"O'Neil"`)).map(([op, literal]) => `model ${op} ${literal}`),
  fc.constantFrom(
    'power.mains',
    'power.mains != true',
    'model.startsWith("WM")',
    'model.endsWith("00")',
    'model.contains("")',
    'model.contains("-3")',
    'has(radio.ce)',
    'has(firmwareVersion)',
    'radio.ce in [0, 2]',
    'radio.cell == 1',
    'labels["a.b"] == "x"',
    'labels["a.b"] != "x"',
    'labels["a.b"].contains("x")',
    'labels["none"] in ["x"]',
    'labels["q\\"uote"] == "y"',
    'endpoint == "d7"',
    'model in []',
  ),
);
const expression: fc.Arbitrary<string> = fc.letrec<{ e: string }>((tie) => ({
  e: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    comparison,
    fc.tuple(tie('e'), fc.constantFrom('&&', '||'), tie('e')).map(([a, op, b]) => `(${a} ${op} ${b})`),
    tie('e').map((inner) => `!(${inner})`),
  ),
})).e;

it('SQL and memory give the same answer, the unknown one included', async () => {
  await fc.assert(
    fc.asyncProperty(expression, async (text) => {
      const predicate = parseWhere(text);
      const { sql, parameters } = whereSql(predicate);
      const rows: { endpoint: string; truth: number | null }[] = await database.query(`SELECT endpoint, ${sql} AS truth FROM device`, [
        ...parameters,
      ]);
      const fromSql = Object.fromEntries(rows.map(({ endpoint, truth }) => [endpoint, truth === null ? undefined : truth !== 0]));
      const fromMemory = Object.fromEntries(fleet.map((device) => [device.endpoint, evaluate(predicate, device)]));
      expect(fromSql).toEqual(fromMemory);
    }),
    { numRuns: 200 },
  );
});
