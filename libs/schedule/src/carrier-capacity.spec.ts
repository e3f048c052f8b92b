import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { MINUTE } from '@drover/kernel';
import { firstCapacity, LEAST_SHARE, learnCapacity, shareOf, type CarrierCapacity, type CarrierMinute } from './carrier-capacity.ts';

const CONTRACT = 0.5;
const QUIET: CarrierMinute = { samples: 100, inflation: 1, duplicates: 0, lost: 0, utilisation: 0.4, contract: CONTRACT };
const BUSY: CarrierMinute = { ...QUIET, utilisation: 0.95 };
const HALF: CarrierCapacity = { part: 0.5, heldUntil: 0 };

describe('before the first minute', () => {
  it.each([
    ['contract', 0.5],
    ['cell-only', 0.25],
    ['no-cell', 0.1],
  ] as const)('%s: %d', (knowledge, share) => expect(shareOf(firstCapacity(knowledge, CONTRACT), CONTRACT)).toBeCloseTo(share));
});

describe('after a minute, half of the contract becomes', () => {
  it.each<[string, Partial<CarrierMinute>, number]>([
    ['a little more when it is busy and on time', BUSY, 0.52],
    ['the same when it is idle', QUIET, 0.5],
    ['the same when blocks are somewhat late', { ...BUSY, inflation: 1.06 }, 0.5],
    ['the same when there are too few blocks to tell', { ...BUSY, samples: 3, inflation: 9 }, 0.5],
    ['what it has shown that it carries', { ...BUSY, utilisation: 1, inflation: 1.25 }, 0.368],
    ['no less than half at a time', { ...BUSY, inflation: 5 }, 0.25],
    ['less when requests come twice', { ...BUSY, duplicates: 0.2 }, 0.35],
    ['less when sessions are lost, however few the blocks', { ...BUSY, samples: 0, lost: 4 }, 0.35],
    ['the same when some are, as happens', { ...QUIET, lost: 3 }, 0.5],
  ])('%s', (_name, seen, part) => expect(learnCapacity(HALF, { ...BUSY, ...seen }, 0).part).toBeCloseTo(part, 3));
});

it('what the operator tells only lowers', () => {
  expect(shareOf(HALF, CONTRACT, 0.1)).toBe(0.1);
  expect(shareOf(HALF, CONTRACT, 0.9)).toBe(0.25);
});

/** On a carrier that really has `free`: minute by minute, with all that is allowed asked for. */
function live(start: CarrierCapacity, free: number, minutes: number, from = 0): CarrierCapacity {
  let capacity = start;
  for (let minute = 0; minute < minutes; minute++) {
    const inflation = Math.max(1, shareOf(capacity, CONTRACT) / free);
    capacity = learnCapacity(capacity, { ...BUSY, utilisation: 1, inflation }, (from + minute) * MINUTE);
  }
  return capacity;
}

describe('a carrier that has less than was said', () => {
  it.each([0.45, 0.4, 0.3, 0.2, 0.1, 0.05])('%d of the carrier: found within ten minutes', (free) => {
    expect(shareOf(live(firstCapacity('contract', CONTRACT), free, 10), CONTRACT)).toBeLessThanOrEqual(free * 1.08);
  });

  it('is used in full again two hours after a congestion has ended', () => {
    const congested = live(firstCapacity('contract', CONTRACT), 0.1, 60);
    expect(shareOf(congested, CONTRACT)).toBeLessThan(0.11);
    expect(shareOf(live(congested, 1, 120, 60), CONTRACT)).toBe(CONTRACT);
  });
});

const ANY_MINUTE = fc.record<CarrierMinute>({
  samples: fc.integer({ min: 0, max: 500 }),
  inflation: fc.double({ min: 1, max: 20, noNaN: true }),
  duplicates: fc.double({ min: 0, max: 1, noNaN: true }),
  lost: fc.integer({ min: 0, max: 20 }),
  utilisation: fc.double({ min: 0, max: 1, noNaN: true }),
  contract: fc.double({ min: 0.05, max: 1, noNaN: true }),
});

describe('whatever is seen', () => {
  it('the share stays between the floor and the contract, and comes out the same again', () => {
    fc.assert(
      fc.property(fc.array(ANY_MINUTE, { minLength: 1, maxLength: 200 }), (minutes) => {
        const run = (): CarrierCapacity =>
          minutes.reduce((capacity, minute, at) => learnCapacity(capacity, minute, at * MINUTE), firstCapacity('cell-only', CONTRACT));
        const { contract } = minutes.at(-1)!;
        const share = shareOf(run(), contract);
        expect(share).toBeLessThanOrEqual(contract);
        expect(share).toBeGreaterThanOrEqual(Math.min(LEAST_SHARE, contract));
        expect(run()).toEqual(run());
      }),
    );
  });

  it('a worse minute never gives a larger share', () => {
    const worse = fc.record({
      inflation: fc.double({ min: 0, max: 5, noNaN: true }),
      duplicates: fc.double({ min: 0, max: 1, noNaN: true }),
      lost: fc.nat(5),
    });
    const state = fc.record({ part: fc.double({ min: 0.05, max: 1, noNaN: true }), heldUntil: fc.integer({ min: 0, max: 100 * MINUTE }) });
    fc.assert(
      fc.property(state, ANY_MINUTE, worse, (capacity, minute, more) => {
        const bad = {
          ...minute,
          inflation: minute.inflation + more.inflation,
          duplicates: minute.duplicates + more.duplicates,
          lost: minute.lost + more.lost,
        };
        const after = (seen: CarrierMinute): number => learnCapacity(capacity, seen, 50 * MINUTE).part;
        expect(after(bad)).toBeLessThanOrEqual(after(minute));
      }),
    );
  });
});
