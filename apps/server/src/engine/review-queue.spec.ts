import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Endpoint, Instant } from '@drover/kernel';
import { ReviewQueue } from './review-queue.ts';

const names = (count: number): Endpoint[] => Array.from({ length: count }, (_, index) => Endpoint(`d${index}`));

it('takes each device once, at the last time that was planned for it: never early, at most a second late', () => {
  const plan = fc.record({ device: fc.nat(5), at: fc.nat(20_000) });
  const take = fc.record({ at: fc.nat(20_000), limit: fc.integer({ min: 1, max: 3 }) });
  fc.assert(
    fc.property(fc.array(fc.oneof(plan, take)), (steps) => {
      const queue = new ReviewQueue();
      const due = new Map<Endpoint, number>();
      for (const step of steps) {
        if ('device' in step) {
          const endpoint = Endpoint(`d${step.device}`);
          queue.plan(endpoint, Instant(step.at));
          due.set(endpoint, step.at);
          continue;
        }
        const taken = queue.take(Instant(step.at), step.limit);
        expect(taken.length).toBeLessThanOrEqual(step.limit);
        for (const endpoint of taken) {
          expect(due.get(endpoint) ?? Infinity).toBeLessThanOrEqual(step.at);
          due.delete(endpoint);
        }
        const late = [...due.values()].filter((at) => at <= step.at - 1000).length;
        if (taken.length < step.limit) expect(late).toBe(0);
      }
      expect([...due.keys()].every((endpoint) => queue.isPlanned(endpoint))).toBe(true);
    }),
  );
});

it('sweeps a stage in small numbers, and begins anew when it is swept again', () => {
  const queue = new ReviewQueue();
  const stage = names(5);
  queue.plan(Endpoint('d0'), Instant(0));
  queue.sweep(0, stage);
  expect(queue.take(Instant(0), 2)).toEqual(['d0', 'd1']);
  queue.sweep(0, stage);
  queue.sweep(1, [Endpoint('e')]);
  expect(queue.take(Instant(0), 4)).toEqual(['d0', 'd1', 'd2', 'd3']);
  expect(queue.take(Instant(0), 4)).toEqual(['d4', 'e']);
  expect(queue.take(Instant(0), 4)).toEqual([]);
});

it('forgets a device that is cancelled', () => {
  const queue = new ReviewQueue();
  queue.plan(Endpoint('d'), Instant(5));
  queue.cancel(Endpoint('d'));
  expect(queue.take(Instant(10_000), 9)).toEqual([]);
});
