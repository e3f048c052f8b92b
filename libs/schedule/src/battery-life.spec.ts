import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { aDevice } from '@drover/testkit';
import {
  batteryOf,
  DEFAULT_COST_MODEL,
  DEFAULT_ENERGY_MODEL,
  forecast,
  lifeDays,
  mahPerDay,
  restMahPerDay,
  transferCost,
} from './index.ts';

const USUAL = DEFAULT_ENERGY_MODEL.battery;
const SMALL = { capacityMah: 8500, lifeYears: 10 };
const ENERGY = { ...DEFAULT_ENERGY_MODEL, batteries: { small: SMALL } };

describe('days of battery life', () => {
  // The table of docs/scheduling-inside.md: 256 KiB on NB-IoT in blocks of 512 bytes.
  it.each([
    [0, 1.9, 2.8],
    [1, 7.1, 10.6],
    [2, 42, 63],
  ] as const)('CE%i: %d of 19 Ah in 15 years, %d of 8.5 Ah in 10', (ce, usual, small) => {
    const { energyMah } = transferCost(256 * 1024, { bearer: 'NB-IoT', ce, blockSize: 512 });
    expect(lifeDays(energyMah, USUAL)).toBeCloseTo(usual, ce === 2 ? 0 : 1);
    expect(lifeDays(energyMah, SMALL)).toBeCloseTo(small, ce === 2 ? 0 : 1);
  });

  it('a whole battery is its whole life, and parts add up', () => {
    const battery = fc.record({
      capacityMah: fc.double({ min: 10, max: 1e7, noNaN: true }),
      lifeYears: fc.double({ min: 0.1, max: 50, noNaN: true }),
    });
    fc.assert(
      fc.property(battery, fc.double({ min: 0, max: 1, noNaN: true }), (each, part) => {
        const whole = lifeDays(each.capacityMah, each);
        expect(whole / (each.lifeYears * 365.25)).toBeCloseTo(1, 9);
        expect((lifeDays(part * each.capacityMah, each) + lifeDays((1 - part) * each.capacityMah, each)) / whole).toBeCloseTo(1, 9);
      }),
    );
  });

  it('at rest a device takes far less than it may', () => {
    expect(restMahPerDay(DEFAULT_ENERGY_MODEL)).toBeCloseTo(0.096, 6);
    expect(mahPerDay(USUAL)).toBeCloseTo(3.47, 2);
  });
});

describe('the battery of a device', () => {
  it.each([
    ['of which nothing is known', {}, undefined, USUAL],
    ['of a class that has its own', {}, 'small', SMALL],
    ['of a class that has none', {}, 'other', USUAL],
    ['that is told', { 'battery.capacity': 3400 }, 'small', { capacityMah: 3400, lifeYears: 10 }],
    ['that is told as nothing', { 'battery.capacity': 0 }, undefined, USUAL],
    ['of a device on mains', { 'power.mains': true, 'battery.capacity': 3400 }, undefined, undefined],
    ['of a device on a wire', { 'radio.bearer': 'Ethernet' }, undefined, undefined],
  ] as const)('%s', (_what, facts, deviceClass, battery) => {
    expect(batteryOf(aDevice('d', facts), ENERGY, deviceClass)).toEqual(battery);
  });
});

it('a forecast tells the days of each by its own battery, and counts nobody on mains', () => {
  const fleet = [aDevice('a'), aDevice('b', { model: 'small' }), aDevice('c', { 'power.mains': true })];
  const deviceClassOf = (device: (typeof fleet)[number]) => (device.endpoint === 'b' ? 'small' : undefined);
  const model = { ...DEFAULT_COST_MODEL, energy: ENERGY };
  const { energy } = forecast(fleet, { imageBytes: 256 * 1024, blockSizeFor: () => 512, airtime: 0.5, model, deviceClassOf });
  expect(energy.totalMah).toBeCloseTo(3 * 6.55, 0);
  expect(energy).toMatchObject({ p50Days: energy.maxDays, maxDays: expect.closeTo(2.8, 1), totalDays: expect.closeTo(4.7, 1) });
});
