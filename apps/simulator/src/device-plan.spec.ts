import { describe, expect, it } from '@jest/globals';
import { HOUR } from '@drover/kernel';
import { planFleet } from './device-plan.ts';
import { DEFAULT_MIX } from './profiles/mix.ts';
import { profileOf } from './profiles/profiles.ts';

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

  it('puts devices on as many cells as it is told, and more of them on some', () => {
    const fleet = planFleet({ ...FLEET, devices: 4000, cells: 80 });
    const sizes = [...Map.groupBy(fleet, ({ cell }) => cell).values()].map(({ length }) => length).sort((a, b) => b - a);
    expect(sizes).toHaveLength(80);
    expect(sizes[0]).toBeGreaterThan(2 * 50);
    expect(sizes.at(-1)).toBeGreaterThan(20);
  });

  it('lets sleepers wake as seldom as it is told, and no one else', () => {
    const fleet = planFleet({ ...FLEET, wakeHours: { from: 1, to: 6 } });
    const [sleepers, others] = [true, false].map((sleeps) => fleet.filter(({ profile }) => profileOf(profile).queueMode === sleeps));
    for (const { periodMs } of sleepers!) {
      expect(periodMs).toBeGreaterThanOrEqual(HOUR);
      expect(periodMs).toBeLessThanOrEqual(6 * HOUR);
    }
    expect(Math.max(...sleepers!.map(({ periodMs }) => periodMs))).toBeGreaterThan(5 * HOUR);
    for (const { periodMs } of others!) expect(periodMs).toBeLessThanOrEqual(HOUR);
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
