import { describe, expect, it } from '@jest/globals';
import { planFleet } from './device-plan.ts';
import { DEFAULT_MIX } from './profiles/mix.ts';

const FLEET = { devices: 1000, seed: 7, mix: DEFAULT_MIX };
const share = <T>(list: readonly T[], is: (item: T) => boolean): number => list.filter(is).length / list.length;

describe('planFleet', () => {
  it('makes the same fleet of the same seed, and another of another', () => {
    expect(planFleet(FLEET)).toEqual(planFleet(FLEET));
    expect(planFleet({ ...FLEET, seed: 8 }).map(({ profile }) => profile)).not.toEqual(planFleet(FLEET).map(({ profile }) => profile));
  });

  it('gives every device a name of its own, and every cell one operator', () => {
    const fleet = planFleet(FLEET);
    expect(new Set(fleet.map(({ endpoint }) => endpoint)).size).toBe(1000);
    expect(fleet.every(({ endpoint }) => /^urn:imei:\d{15}$/.test(endpoint))).toBe(true);
    const operators = new Map(fleet.map(({ cell, operator }) => [cell, operator.mnc]));
    expect(fleet.every(({ cell, operator }) => operators.get(cell) === operator.mnc)).toBe(true);
    expect(operators.size).toBeGreaterThan(95);
  });

  it('draws bearers, time zones and batteries as it should', () => {
    const fleet = planFleet(FLEET);
    expect(share(fleet, ({ bearer }) => bearer === 'NB-IoT')).toBeCloseTo(0.8, 1);
    expect([...new Set(fleet.map(({ utcOffsetMinutes }) => utcOffsetMinutes))].sort((a, b) => a - b)).toEqual([0, 60, 120]);
    for (const { profile, battery, ce } of fleet) {
      expect(battery).toBeGreaterThanOrEqual(profile === 'low-battery' ? 10 : 60);
      expect(ce).toBe(profile === 'poor-coverage' ? 2 : profile === 'ce1' ? 1 : 0);
    }
  });
});
