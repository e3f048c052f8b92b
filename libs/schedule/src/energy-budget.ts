import { Instant } from '@drover/kernel';
import { lifeDays } from './battery-life.ts';
import type { Battery } from './energy-model.ts';

/** Charge that updates have taken from one device, over all campaigns of a calendar year (UTC). */
export interface EnergySpent {
  readonly year: number;
  readonly mah: number;
}

/** What a campaign may take from one battery, and all of them in a year, mAh. */
export interface EnergyBudget {
  readonly perDevice: number | undefined;
  readonly perYear: number | undefined;
}

export function spentIn(spent: EnergySpent | undefined, now: Instant): number {
  return spent !== undefined && spent.year === yearOf(now) ? spent.mah : 0;
}

export function spend(spent: EnergySpent | undefined, mah: number, now: Instant): EnergySpent {
  return { year: yearOf(now), mah: spentIn(spent, now) + mah };
}

/**
 * Why a device may not spend `costMah` more: `until` is when the year that is used up ends; without it no wait helps, unless
 * better radio makes the transfer cheaper.
 */
export function overEnergyBudget(
  budget: EnergyBudget,
  { costMah, inCampaign, inYear, battery }: { costMah: number; inCampaign: number; inYear: number; battery?: Battery | undefined },
  now: Instant,
): { readonly evidence: string; readonly until: Instant | undefined } | undefined {
  const { perDevice, perYear } = budget;
  if (perYear !== undefined && inYear + costMah > perYear) {
    const evidence = `${text(inYear)} of ${withDays(perYear, battery)} of this year are spent, ${needs(costMah, battery)}`;
    // What does not fit into a whole year will not fit into the next one either.
    return { evidence, until: costMah > perYear ? undefined : Instant(Date.UTC(yearOf(now) + 1, 0, 1)) };
  }
  if (perDevice !== undefined && inCampaign + costMah > perDevice)
    return {
      evidence: `${text(inCampaign)} of ${withDays(perDevice, battery)} of this campaign are spent, ${needs(costMah, battery)}`,
      until: undefined,
    };
  return undefined;
}

function yearOf(now: Instant): number {
  return new Date(now).getUTCFullYear();
}

function needs(costMah: number, battery: Battery | undefined): string {
  return `this transfer needs about ${withDays(costMah, battery)}`;
}

function withDays(mah: number, battery: Battery | undefined): string {
  return battery === undefined ? `${text(mah)} mAh` : `${text(mah)} mAh (${text(lifeDays(mah, battery))} d of battery life)`;
}

function text(mah: number): string {
  return mah.toFixed(1);
}
