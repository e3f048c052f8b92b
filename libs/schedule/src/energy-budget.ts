import { Instant } from '@drover/kernel';

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
  { costMah, inCampaign, inYear }: { costMah: number; inCampaign: number; inYear: number },
  now: Instant,
): { readonly evidence: string; readonly until: Instant | undefined } | undefined {
  const { perDevice, perYear } = budget;
  if (perYear !== undefined && inYear + costMah > perYear) {
    const evidence = `${text(inYear)} of ${perYear} mAh of this year are spent, this transfer needs about ${text(costMah)}`;
    // What does not fit into a whole year will not fit into the next one either.
    return { evidence, until: costMah > perYear ? undefined : Instant(Date.UTC(yearOf(now) + 1, 0, 1)) };
  }
  if (perDevice !== undefined && inCampaign + costMah > perDevice)
    return {
      evidence: `${text(inCampaign)} of ${perDevice} mAh of this campaign are spent, this transfer needs about ${text(costMah)}`,
      until: undefined,
    };
  return undefined;
}

function yearOf(now: Instant): number {
  return new Date(now).getUTCFullYear();
}

function text(mah: number): string {
  return mah.toFixed(1);
}
