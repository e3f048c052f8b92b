import { Instant, volumeText } from '@drover/kernel';

/** What a campaign may move over the air, bytes; undefined: no cap of that kind. */
export interface DataCaps {
  readonly perDevice: number | undefined;
  readonly campaign: number | undefined;
  /** Of each SIM pool, in a calendar month (UTC), whichever campaign moves it. */
  readonly perPoolAndMonth: number | undefined;
}

/** What has been moved, and what is kept for others that are under way, bytes on the air. */
export interface DataUse {
  readonly byDevice: number;
  readonly byCampaign: number;
  readonly keptInCampaign: number;
  readonly pool: { readonly name: string; readonly used: number; readonly kept: number } | undefined;
}

export const NO_DATA_CAPS: DataCaps = { perDevice: undefined, campaign: undefined, perPoolAndMonth: undefined };

export function hasDataCap({ perDevice, campaign, perPoolAndMonth }: DataCaps): boolean {
  return perDevice !== undefined || campaign !== undefined || perPoolAndMonth !== undefined;
}

/** What updates have moved on the SIMs of one pool in a month. */
export interface PoolVolume {
  readonly pool: string;
  /** `2026-12`, UTC. */
  readonly month: string;
  readonly bytes: number;
}

export function monthOf(now: Instant): string {
  return new Date(now).toISOString().slice(0, 7);
}

/** Of the current month; whatever was moved before it counts no more. */
export function usedInMonth(volume: PoolVolume | undefined, now: Instant): number {
  return volume?.month === monthOf(now) ? volume.bytes : 0;
}

/** Why so much may not be begun. `until`: when the pool's next month begins; `transfers`: others end first; `never`: no wait helps. */
export interface DataRefusal {
  readonly evidence: string;
  readonly until: Instant | 'transfers' | 'never';
}

/** Whether a transfer of `needs` bytes on the air goes beyond a cap, beside all that is under way. */
export function overDataCap(caps: DataCaps, use: DataUse, needs: number, now: Instant): DataRefusal | undefined {
  const more = `this transfer needs about ${volumeText(needs)}`;
  const accounts = accountsOf(caps, use, now);
  const spent = accounts.find(({ used, cap }) => used + needs > cap);
  // What does not fit into a whole month will not fit into the next one either.
  if (spent) return { evidence: `${movedText(spent)}, ${more}`, until: needs > spent.cap ? 'never' : spent.until };
  const full = accounts.find(({ used, kept, cap }) => used + kept + needs > cap);
  return full && { evidence: `${movedText(full)}, ${volumeText(full.kept)} are kept for transfers under way, ${more}`, until: 'transfers' };
}

/** Why a transfer under way stops at this block: repetitions that nobody could foresee have used up a cap. */
export function dataCapReached(caps: DataCaps, use: DataUse, now: Instant): DataRefusal | undefined {
  const spent = accountsOf(caps, use, now).find(({ used, cap }) => used >= cap);
  return spent && { evidence: movedText(spent), until: spent.until };
}

interface Account {
  readonly whose: string;
  readonly used: number;
  readonly kept: number;
  readonly cap: number;
  readonly until: Instant | 'never';
}

/** What has a cap. No wait helps against the first two, so these come first. */
function accountsOf({ perDevice, campaign, perPoolAndMonth }: DataCaps, use: DataUse, now: Instant): Account[] {
  const { byDevice, byCampaign, keptInCampaign, pool } = use;
  const accounts: Account[] = [];
  const never = { until: 'never' } as const;
  if (perDevice !== undefined) accounts.push({ whose: 'this device in this campaign', used: byDevice, kept: 0, cap: perDevice, ...never });
  if (campaign !== undefined) accounts.push({ whose: 'this campaign', used: byCampaign, kept: keptInCampaign, cap: campaign, ...never });
  if (perPoolAndMonth !== undefined && pool) {
    const { name, used, kept } = pool;
    accounts.push({ whose: `SIM pool ${name} in ${monthOf(now)}`, used, kept, cap: perPoolAndMonth, until: nextMonth(now) });
  }
  return accounts;
}

function movedText({ used, cap, whose }: Account): string {
  return `${volumeText(used)} of ${volumeText(cap)} of ${whose} are moved`;
}

function nextMonth(now: Instant): Instant {
  const at = new Date(now);
  return Instant(Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + 1, 1));
}
