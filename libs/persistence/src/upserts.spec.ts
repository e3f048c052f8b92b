import { expect, it } from '@jest/globals';
import { DEFAULT_NAMESPACE, Endpoint, Instant } from '@drover/kernel';
import { newUpdate } from '@drover/rollout';
import { upsertsFor, type UpdateRecord } from './index.ts';

const update = (change: Partial<UpdateRecord> = {}): UpdateRecord => ({
  ...newUpdate('c', Endpoint('d'), 0, Instant(0)),
  namespace: DEFAULT_NAMESPACE,
  ...change,
});
const keys = (...updates: UpdateRecord[]): unknown[] =>
  upsertsFor([{ updates }]).flatMap(({ rows }) => rows.map(({ object, instance, attempt }) => [object, instance, attempt]));

it('an update is kept under what takes its image', () => {
  expect(keys(update())).toEqual([[5, 0, 0]]);
  expect(keys(update({ object: 9, instance: 2 }))).toEqual([[9, 2, 0]]);
});

it('of two versions of one row in one commit the last counts, and different objects are different rows', () => {
  const rows = keys(update({ attempt: 1 }), update({ object: 9, instance: 0 }), update({ attempt: 2 }));
  expect(rows).toEqual([
    [5, 0, 2],
    [9, 0, 0],
  ]);
});
