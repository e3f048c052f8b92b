import { describe, expect, it } from '@jest/globals';
import { DAY, HOUR, MINUTE } from '@drover/kernel';
import { generateFleet } from '../../../../test/sim/fleet.ts';
import { Rectangles, type Rectangle } from '../../../../test/sim/rectangles.ts';
import { STUDY_OWN } from '../../../../test/sim/policies.ts';
import { F1, runOf, sceneOf } from '../../../../test/sim/runs.ts';

describe('rectangles on one carrier', () => {
  const fleet = { ...generateFleet({ seed: 1, devices: 1, cells: 1 }), budget: new Float64Array(48).fill(0.5).fill(0.2, 0, 2) };
  const long = (fromHour: number, share: number): Rectangle => ({ carrier: 0, from: fromHour * HOUR, until: (fromHour + 2) * HOUR, share });

  it.each([
    // what is booked from 04:00 to 06:00, and whether 0.3 more fits from there
    [[], 4, true],
    [[0.2], 4, true],
    [[0.3], 4, false],
    [[0.2], 5, true],
    [[0.3], 5, false],
    [[0.3], 6, true],
  ])('with %j booked, at %d:00: %s', (booked, at, fits) => {
    const ledger = new Rectangles(fleet, DAY);
    for (const share of booked) ledger.book(long(4, share), 1);
    expect(ledger.fits(long(at, 0.3))).toBe(fits);
    for (const share of booked) ledger.book(long(4, share), -1);
    expect(ledger.fits(long(at, 0.3))).toBe(true);
  });

  it('one alone fits even where the budget is below its share, a second one does not', () => {
    const ledger = new Rectangles(fleet, DAY);
    expect(ledger.fits(long(0, 0.3))).toBe(true);
    ledger.book(long(0, 0.15), 1);
    expect(ledger.fits(long(0, 0.3))).toBe(false);
    expect(ledger.firstGap(long(0, 0.3), DAY, () => true)?.from).toBe(2 * HOUR);
    expect(ledger.firstGap(long(0, 0.3), DAY, (at) => at >= 5 * HOUR + MINUTE)?.from).toBe(5 * HOUR + 10 * MINUTE);
    expect(ledger.firstGap(long(0, 0.3), 2 * HOUR, () => true)).toBeUndefined();
  });
});

describe('the study’s own policy', () => {
  const scene = sceneOf(generateFleet({ seed: 42, devices: 3000, cells: 60 }), 42, F1);
  it.each(STUDY_OWN)('$name keeps to budget, window and battery floor, and gets them done', (contender) => {
    const { overBudget, outsideWindow, lowBattery, inTimeNat } = runOf(contender, scene).outcome;
    expect({ overBudget, outsideWindow, lowBattery }).toEqual({ overBudget: 0, outsideWindow: 0, lowBattery: 0 });
    expect(inTimeNat).toBeGreaterThan(0.995);
  });
});
