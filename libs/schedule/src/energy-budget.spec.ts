import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { instantOf, plus, DAY } from '@drover/kernel';
import { overEnergyBudget, spend, spentIn, type EnergySpent } from './index.ts';

const now = instantOf('2026-12-30T12:00:00Z');

it('counts a calendar year, and begins anew with the next one', () => {
  const spent = spend(spend(undefined, 3, now), 4, now);
  expect(spentIn(spent, now)).toBe(7);
  expect(spentIn(spent, plus(now, 3 * DAY))).toBe(0);
  expect(spend(spent, 1, plus(now, 3 * DAY))).toEqual({ year: 2027, mah: 1 });
});

it('ends the wait with the year, and tells of no end where a whole year is not enough', () => {
  const asked = { inCampaign: 0, inYear: 100 };
  expect(overEnergyBudget({ perDevice: undefined, perYear: 120 }, { ...asked, costMah: 30 }, now)?.until).toBe(instantOf('2027-01-01'));
  expect(overEnergyBudget({ perDevice: undefined, perYear: 120 }, { ...asked, costMah: 130 }, now)).toMatchObject({ until: undefined });
  expect(overEnergyBudget({ perDevice: undefined, perYear: 120 }, { ...asked, costMah: 20 }, now)).toBeUndefined();
});

it('lets nobody spend more than a budget, in whatever steps', () => {
  const cost = fc.double({ min: 0.01, max: 50, noNaN: true });
  fc.assert(
    fc.property(fc.array(fc.tuple(cost, fc.nat(400)), { maxLength: 40 }), fc.integer({ min: 1, max: 200 }), (asked, perYear) => {
      let spent: EnergySpent | undefined;
      let at = now;
      const byYear = new Map<number, number>();
      for (const [costMah, days] of asked) {
        at = plus(at, days * DAY);
        if (overEnergyBudget({ perDevice: undefined, perYear }, { costMah, inCampaign: 0, inYear: spentIn(spent, at) }, at)) continue;
        spent = spend(spent, costMah, at);
        const year = new Date(at).getUTCFullYear();
        byYear.set(year, (byYear.get(year) ?? 0) + costMah);
      }
      for (const sum of byYear.values()) expect(sum).toBeLessThanOrEqual(perYear + 1e-6);
    }),
  );
});
