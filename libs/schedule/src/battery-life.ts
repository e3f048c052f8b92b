import { numberFact, type Device } from '@drover/fleet';
import type { Battery, EnergyModel } from './energy-model.ts';
import { bearerOf } from './link-of.ts';

const DAYS_OF_YEAR = 365.25;
const HOURS_OF_DAY = 24;
const UA_OF_MA = 1000;

/** What a device may use a day to last as long as it should, mAh. */
export function mahPerDay({ capacityMah, lifeYears }: Battery): number {
  return capacityMah / (lifeYears * DAYS_OF_YEAR);
}

/** Days of a battery's life that a charge (mAh, 0 and more) takes: 146 mAh are 42 days of 19 Ah that have to last 15 years. */
export function lifeDays(mah: number, battery: Battery): number {
  return mah / mahPerDay(battery);
}

/** What a device at rest takes from its battery a day, mAh. */
export function restMahPerDay({ idleUa }: EnergyModel): number {
  return (idleUa / UA_OF_MA) * HOURS_OF_DAY;
}

/** The battery of a device: what is told of it, else what its class has, else the usual one; none of a device on mains or on a wire. */
export function batteryOf(device: Device, { battery, batteries }: EnergyModel, deviceClass: string | undefined): Battery | undefined {
  if (device.facts['power.mains']?.value === true || bearerOf(device) === 'other') return undefined;
  const usual = (deviceClass === undefined ? undefined : batteries[deviceClass]) ?? battery;
  const capacityMah = numberFact(device, 'battery.capacity');
  return capacityMah === undefined || capacityMah <= 0 ? usual : { ...usual, capacityMah };
}
