import type { HoldNotice } from '@drover/rollout';
import type { CampaignRecord, HoldRecord } from '@drover/persistence';
import type { EngineState } from './engine-state.ts';

export function isLifted(hold: HoldRecord): boolean {
  return hold.liftedAt !== undefined;
}

export function covers(hold: HoldRecord, campaign: Pick<CampaignRecord, 'namespace' | 'name' | 'plan'>): boolean {
  if (hold.namespace !== campaign.namespace) return false;
  if (hold.scope === 'fleet') return true;
  return hold.scope === 'campaign' ? hold.target === campaign.name : hold.target === campaign.plan.firmware.digest;
}

/** The oldest standing hold over a campaign. `until` only reminds: nothing but a person lifts it. */
export function holdOver(state: EngineState, campaign: Pick<CampaignRecord, 'namespace' | 'name' | 'plan'>): HoldNotice | undefined {
  for (const hold of state.holds.values()) {
    if (!isLifted(hold) && covers(hold, campaign)) return { reason: hold.reason, by: hold.by, since: hold.at };
  }
  return undefined;
}

/** A standing hold over everything of a namespace. */
export function fleetHoldOver({ holds }: Pick<EngineState, 'holds'>, namespace: string): HoldRecord | undefined {
  for (const hold of holds.values()) if (!isLifted(hold) && hold.scope === 'fleet' && hold.namespace === namespace) return hold;
  return undefined;
}
