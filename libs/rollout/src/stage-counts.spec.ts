import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Endpoint, Instant } from '@drover/kernel';
import { countedUpdate, isInFlight, isOver, isSettled, newUpdate, StageCounts, UPDATE_STATES, type DeviceUpdate } from './index.ts';

const ENDPOINTS = ['a', 'b', 'c', 'd'];
const anUpdate = fc.record({
  endpoint: fc.constantFrom(...ENDPOINTS),
  state: fc.constantFrom(...UPDATE_STATES),
  attempt: fc.nat(2),
  failure: fc.constantFrom(undefined, 'Integrity', 'ConnectionLost', 'SuspectedBrick'),
  code: fc.constantFrom(undefined, 'ASLEEP', 'CELL_BUDGET'),
  volume: fc.constantFrom(undefined, 662, 1324),
});

const made = ({
  endpoint,
  state,
  attempt,
  failure,
  code,
  volume,
}: typeof anUpdate extends fc.Arbitrary<infer T> ? T : never): DeviceUpdate =>
  ({
    ...newUpdate('c', Endpoint(endpoint), 0, Instant(0)),
    state,
    attempt,
    failure,
    volume,
    ...(code && { reason: { code, evidence: '', nextAt: Instant(1) } }),
  }) as DeviceUpdate;

const countOf = (updates: readonly DeviceUpdate[], fits: (update: DeviceUpdate) => boolean): number => updates.filter(fits).length;

it('says after any changes what a count over all devices would say', () => {
  fc.assert(
    fc.property(fc.array(anUpdate), (changes) => {
      const counts = new StageCounts();
      counts.addPending(ENDPOINTS.length);
      const now = new Map(ENDPOINTS.map((name) => [name, newUpdate('c', Endpoint(name), 0, Instant(0))]));
      for (const change of changes) {
        const after = made(change);
        counts.change(countedUpdate(now.get(change.endpoint)!), countedUpdate(after));
        now.set(change.endpoint, after);
      }
      const all = [...now.values()];
      const isFailure = (failure: string) => (update: DeviceUpdate) =>
        update.state === 'failed' && (update.failure ?? 'Unknown') === failure;
      expect(counts.tally).toMatchObject({
        size: ENDPOINTS.length,
        attempted: countOf(all, ({ attempt }) => attempt > 0),
        succeeded: countOf(all, ({ state }) => state === 'succeeded'),
        over: countOf(all, isOver),
        overUnattempted: countOf(all, (update) => isOver(update) && update.attempt === 0),
      });
      expect(counts.tally.failed.Integrity ?? 0).toBe(countOf(all, isFailure('Integrity')));
      expect(counts.failed.Unknown ?? 0).toBe(countOf(all, isFailure('Unknown')));
      // A suspect counts against the gate and is no failure yet.
      expect(counts.tally.failed.SuspectedBrick ?? 0).toBe(
        countOf(all, (update) => update.state === 'suspect' || isFailure('SuspectedBrick')(update)),
      );
      expect(counts.failed.SuspectedBrick ?? 0).toBe(countOf(all, isFailure('SuspectedBrick')));
      expect(counts.inFlight).toBe(countOf(all, isInFlight));
      expect(counts.volume).toBe(all.reduce((sum, update) => sum + (update.volume ?? 0), 0));
      expect(Object.values(counts.waiting).reduce((sum, count) => sum + count, 0)).toBe(
        countOf(all, (update) => !isSettled(update) && !isInFlight(update)),
      );
      for (const state of UPDATE_STATES) expect(counts.inState(state)).toBe(countOf(all, (update) => update.state === state));
    }),
  );
});
