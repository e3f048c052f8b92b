import type { Instant } from '@drover/kernel';
import { textFact } from '@drover/fleet';
import { hasDataCap, usedInMonth, type DataUse } from '@drover/schedule';
import type { DeviceRecord } from '@drover/persistence';
import { campaignKeyOf, ledgerKey } from './airtime-follower.ts';
import type { EngineState, Place } from './engine-state.ts';

const NO_CAPS: DataUse = { byDevice: 0, byCampaign: 0, keptInCampaign: 0, pool: undefined };

/** What caps on data are held against: sums that are kept as things happen, whatever the size of the fleet. */
export function dataUseOf(
  { campaign, update }: Pick<Place, 'campaign' | 'update'>,
  device: DeviceRecord,
  state: EngineState,
  now: Instant,
): DataUse {
  if (!hasDataCap(campaign.document.spec.bandwidth.dataCap)) return NO_CAPS;
  const pool = textFact(device, 'sim.pool');
  const kept = state.ledger.data.besides(ledgerKey(update), { campaign: campaignKeyOf(update), pool });
  return {
    byDevice: update.volume ?? 0,
    byCampaign: campaign.updates.volume,
    keptInCampaign: kept.inCampaign,
    pool: pool === undefined ? undefined : { name: pool, used: usedInMonth(state.pools.get(pool), now), kept: kept.inPool },
  };
}
