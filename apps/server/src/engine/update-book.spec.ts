import { expect, it } from '@jest/globals';
import { DEFAULT_NAMESPACE, Endpoint, Instant, must } from '@drover/kernel';
import { newUpdate } from '@drover/rollout';
import { UpdateBook } from './update-book.ts';

const BEGINNING = { namespace: DEFAULT_NAMESPACE, campaign: 'c', object: 5, instance: 0, since: Instant(7) };
const PLAN = {
  stages: [
    { name: 'one', endpoints: [Endpoint('a')] },
    { name: 'two', endpoints: [Endpoint('b'), Endpoint('x')] },
  ],
};
const failed = {
  ...newUpdate('c', Endpoint('b'), 1, Instant(7)),
  ...BEGINNING,
  state: 'failed',
  failure: 'Integrity',
  attempt: 1,
} as const;

it.each([
  ['at once', () => Promise.resolve(UpdateBook.of(BEGINNING, PLAN))],
  ['in slices', () => UpdateBook.planned(BEGINNING, PLAN)],
])('has every device of its plan, and no object for those to which nothing has happened (%s)', async (_how, make) => {
  const book = await make();
  expect(book.size).toBe(3);
  expect(book.get(Endpoint('x'))).toEqual({
    ...newUpdate('c', Endpoint('x'), 1, Instant(7)),
    namespace: DEFAULT_NAMESPACE,
    object: 5,
    instance: 0,
  });
  expect(book.get(Endpoint('elsewhere'))).toBeUndefined();
  expect([...book.touched()]).toEqual([]);
  expect(book.outcome).toEqual({ pending: 3 });
});

it('counts what happens, and what comes back from the database', () => {
  const book = UpdateBook.of(BEGINNING, PLAN);
  book.put(failed);
  expect([...book.touched()]).toEqual([failed]);
  expect(book.tallies).toMatchObject([
    { size: 1, over: 0 },
    { size: 2, over: 1, attempted: 1, failed: { Integrity: 1 } },
  ]);
  const offered = { ...must(book.get(Endpoint('a')), 'a'), state: 'offered', attempt: 1 } as const;
  book.put(offered);
  expect(book.inFlight()).toEqual([offered]);
  book.put({ ...offered, state: 'succeeded' });
  expect(book.inFlight()).toEqual([]);
  expect(book.outcome).toEqual({ failed: 1, pending: 1, succeeded: 1 });
});
