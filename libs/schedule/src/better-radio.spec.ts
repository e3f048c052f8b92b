import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { costOfWaiting, expectedTries } from './index.ts';

const COSTS = [6.5, 25, 146] as const;

describe('waiting for better radio', () => {
  it.each([
    // chances, contacts, cost of a wait, what waiting can be expected to cost
    [[0.5, 0.5, 0], 1, 0, 15.75],
    [[0.5, 0.5, 0], 2, 0, 11.125],
    [[0.5, 0.5, 0], 2, 1, 12.625],
    [[0, 0, 1], 12, 0, 146],
    [[0, 0, 1], 12, 2, 148],
  ] as const)('with chances %j, %d contacts at %d each: %d', (chances, contacts, waitCost, expected) => {
    expect(costOfWaiting(COSTS, chances, { contacts, waitCost })).toBeCloseTo(expected, 9);
  });

  it('cannot be waited for without another contact', () => {
    expect(costOfWaiting(COSTS, [1, 0, 0], { contacts: 0, waitCost: 0 })).toBe(Number.POSITIVE_INFINITY);
  });

  it('is never cheaper than the best level and a wait, and more contacts never cost more', () => {
    const chances = fc.tuple(fc.nat(100), fc.nat(100), fc.integer({ min: 1, max: 100 })).map(([a, b, c]) => {
      const sum = a + b + c;
      return [a / sum, b / sum, c / sum] as const;
    });
    fc.assert(
      fc.property(chances, fc.integer({ min: 1, max: 20 }), fc.double({ min: 0, max: 50, noNaN: true }), (each, contacts, waitCost) => {
        const cost = costOfWaiting(COSTS, each, { contacts, waitCost });
        expect(cost).toBeGreaterThanOrEqual(COSTS[0] + waitCost - 1e-9);
        expect(costOfWaiting(COSTS, each, { contacts: contacts + 1, waitCost })).toBeLessThanOrEqual(cost + 1e-9);
      }),
    );
  });
});

it('a device that cannot resume needs the more tries the longer its transfer takes', () => {
  expect(expectedTries(0, 7_200_000)).toBe(1);
  expect(expectedTries(7_080_000, 7_200_000)).toBeCloseTo(2.67, 2);
  expect(expectedTries(1e9, 7_200_000)).toBe(20);
});
