import { isoOf, type Instant } from '@drover/kernel';
import { nextContact } from '@drover/schedule';
import { isInFlight, isSettled, type DeviceUpdate } from '@drover/rollout';
import type { CampaignView, DeviceView, PlanView, StageView, WhyView } from '@drover/contracts';
import type { DeviceRecord } from '@drover/persistence';
import type { PlannedDocument } from '../engine/campaigns.ts';
import type { EngineState, LiveCampaign } from '../engine/engine-state.ts';
import type { Explanation } from '../engine/explain.ts';
import { holdOver } from '../engine/holds.ts';
import { attemptView } from './suspect-view.ts';
import type { RolloutTicker } from '../engine/rollout-ticker.ts';

const iso = (instant: Instant | undefined): string | undefined => (instant === undefined ? undefined : isoOf(instant));

export function campaignView(campaign: LiveCampaign, state: EngineState, ticker: RolloutTicker): CampaignView {
  const { record, document } = campaign;
  const hold = holdOver(state, record);
  const updates = [...campaign.updates.values()];
  const stages = record.stages.map((status, index): StageView => {
    const own = updates.filter(({ stage }) => stage === index);
    const counts = countsOf(own);
    return {
      name: document.spec.stages[index]?.name ?? String(index),
      state: status.state,
      why: status.why,
      soaksUntil: iso(status.soaksUntil),
      size: own.length,
      attempted: own.filter(({ attempt }) => attempt > 0).length,
      ...counts,
      waiting: reasonsOf(own),
    };
  });
  return {
    namespace: record.namespace,
    name: record.name,
    phase: record.life.phase,
    author: record.author,
    firmware: record.plan.firmware,
    planDigest: record.plan.digest,
    approval: ticker.approvalOf(campaign),
    purpose: document.spec.purpose,
    owners: document.metadata.ownerReferences.map(({ name }) => name),
    rollback: record.rollback && { ...record.rollback, at: isoOf(record.rollback.at) },
    hold: hold && { reason: hold.reason, by: hold.by },
    createdAt: isoOf(record.createdAt),
    startedAt: iso(record.startedAt),
    endedAt: iso(record.endedAt),
    stages,
    totals: {
      devices: updates.length,
      ...countsOf(updates),
      cancelled: updates.filter(({ state: at }) => at === 'cancelled').length,
      waiting: updates.filter((update) => !isSettled(update) && !isInFlight(update)).length,
    },
    forecast: record.forecast,
  };
}

function countsOf(updates: readonly DeviceUpdate[]): Pick<StageView, 'succeeded' | 'failed' | 'skipped' | 'inFlight'> {
  const failed: Record<string, number> = {};
  for (const { state, failure = 'Unknown' } of updates) if (state === 'failed') failed[failure] = (failed[failure] ?? 0) + 1;
  const inState = (state: string) => updates.filter((update) => update.state === state).length;
  return { succeeded: inState('succeeded'), failed, skipped: inState('skipped'), inFlight: updates.filter(isInFlight).length };
}

function reasonsOf(updates: readonly DeviceUpdate[]): Record<string, number> {
  const reasons: Record<string, number> = {};
  for (const update of updates) {
    if (isSettled(update) || isInFlight(update)) continue;
    const code = update.reason?.code ?? update.state;
    reasons[code] = (reasons[code] ?? 0) + 1;
  }
  return reasons;
}

export function deviceView(device: DeviceRecord, now: Instant): DeviceView {
  const { registration } = device;
  return {
    endpoint: device.endpoint,
    namespace: device.namespace,
    labels: device.labels,
    facts: Object.fromEntries(Object.entries(device.facts).map(([name, { value, at }]) => [name, { value, at: isoOf(at) }])),
    lastContactAt: iso(device.lastContactAt),
    nextContactAt: device.pattern ? isoOf(nextContact(device.pattern, now)) : undefined,
    registration: registration && {
      lifetimeS: registration.lifetimeS,
      lwm2mVersion: registration.lwm2mVersion,
      queueMode: registration.queueMode,
      address: registration.address,
      refreshedAt: isoOf(registration.refreshedAt),
    },
    findings: device.findings.map(({ at, code, text }) => ({ at: isoOf(at), code, text })),
    components: componentsOf(device),
    quarantine: device.quarantine && { since: isoOf(device.quarantine.since), campaigns: device.quarantine.campaigns },
    beganAnew: Object.keys(device.beganAnew ?? {}),
  };
}

function componentsOf({ components = {} }: DeviceRecord): DeviceView['components'] {
  return Object.fromEntries(
    Object.entries(components).map(([name, { object, instance, version, isEmpty, at }]) => [
      name,
      { object, instance, version: version ?? (isEmpty ? 'nothing installed' : 'not shown'), at: isoOf(at) },
    ]),
  );
}

export function planView({ plan, ...planned }: PlannedDocument): PlanView {
  return { ...planned, plan: plan && { digest: plan.digest, firmware: plan.firmware, stages: plan.stages, excluded: plan.excluded } };
}

export function whyView({ since, nextAt, update, ...explanation }: Explanation): WhyView {
  const { sessions, blocks, bytes, retransmissions, awakeMs = 0, energyMah, log = [] } = update;
  return {
    ...explanation,
    since: isoOf(since),
    nextAt: iso(nextAt),
    taken: {
      sessions,
      blocks,
      bytes,
      retransmissions,
      secondsAwake: Math.round(awakeMs / 1000),
      energyMah: Math.round(energyMah * 100) / 100,
    },
    attempts: log.map(attemptView),
  };
}
