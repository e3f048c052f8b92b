import type { Instant } from '@drover/kernel';
import { lifeDays, mahPerDay, spentIn, type Battery } from '@drover/schedule';
import type { DeviceEnergyView, Taken } from '@drover/contracts';
import type { DeviceRecord } from '@drover/persistence';

const hundredths = (value: number): number => Math.round(value * 100) / 100;

/** A charge, and beside it what it takes of the life of a battery. */
export function energyView(mah: number, battery: Battery | undefined): Pick<Taken, 'energyMah' | 'energyDays'> {
  return { energyMah: hundredths(mah), energyDays: battery && hundredths(lifeDays(mah, battery)) };
}

/** What updates have taken from a battery this year, and what that battery is. */
export function deviceEnergyView({ energySpent, facts }: DeviceRecord, battery: Battery | undefined, now: Instant): DeviceEnergyView {
  const spent = energyView(spentIn(energySpent, now), battery);
  return {
    spentThisYearMah: spent.energyMah,
    spentThisYearDays: spent.energyDays,
    battery: battery && {
      capacityMah: battery.capacityMah,
      lifeYears: battery.lifeYears,
      mahPerDay: hundredths(mahPerDay(battery)),
      isTold: facts['battery.capacity']?.value === battery.capacityMah,
    },
  };
}
