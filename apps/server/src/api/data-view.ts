import type { DataView } from '@drover/contracts';
import { usedInMonth, type DataPlan } from '@drover/schedule';
import type { Instant } from '@drover/kernel';
import { campaignKeyOf } from '../engine/airtime-follower.ts';
import type { EngineState, LiveCampaign } from '../engine/engine-state.ts';

/** What a campaign has moved over the air, beside its caps. */
export function campaignDataView({ record, document, updates }: LiveCampaign, state: EngineState, now: Instant): DataView {
  const { perDevice, campaign: cap, perPoolAndMonth } = document.spec.bandwidth.dataCap;
  return {
    moved: updates.volume,
    kept: state.ledger.data.inCampaign(campaignKeyOf({ namespace: record.namespace, campaign: record.name })),
    cap,
    perDevice,
    perPoolAndMonth,
    pools: perPoolAndMonth === undefined ? [] : poolsOf(record.forecast.data, state, now),
  };
}

/** Those that the plan has devices in. */
function poolsOf(plan: DataPlan | undefined, { pools }: EngineState, now: Instant): DataView['pools'] {
  return (plan?.pools ?? []).map(({ pool }) => ({ pool, movedThisMonth: usedInMonth(pools.get(pool), now) }));
}
