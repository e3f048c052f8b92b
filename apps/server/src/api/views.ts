import { isoOf, type Instant } from '@drover/kernel';
import { nextContact, type WaitCode } from '@drover/schedule';
import type { StageCounts } from '@drover/rollout';
import type { CampaignView, DeviceView, PlanView, StageView, WhyView } from '@drover/contracts';
import type { DeviceRecord } from '@drover/persistence';
import type { PlannedDocument } from '../engine/campaign-planner.ts';
import type { EngineState, LiveCampaign } from '../engine/engine-state.ts';
import type { Explanation } from '../engine/explain.ts';
import { holdOver } from '../engine/holds.ts';
import { campaignDataView } from './data-view.ts';
import { deviceEnergyView, energyView } from './energy-view.ts';
import { attemptView } from './suspect-view.ts';
import { transfersView } from './transfers-view.ts';
import type { RolloutTicker } from '../engine/rollout-ticker.ts';

const iso = (instant: Instant | undefined): string | undefined => (instant === undefined ? undefined : isoOf(instant));

export function campaignView(campaign: LiveCampaign, state: EngineState, ticker: RolloutTicker, now: Instant): CampaignView {
  const { record, document } = campaign;
  const hold = holdOver(state, record);
  const { updates } = campaign;
  const stages = updates.stages.map((counts, index): StageView => {
    const status = record.stages[index];
    const { size, attempted } = counts.tally;
    return {
      name: document.spec.stages[index]?.name ?? String(index),
      state: status?.state ?? 'closed',
      why: status?.why,
      soaksUntil: iso(status?.soaksUntil),
      size,
      attempted,
      ...countsOf(counts),
      waiting: waitingIn(counts, untouchedCode(campaign, index, hold !== undefined)),
    };
  });
  return {
    namespace: record.namespace,
    name: record.name,
    phase: record.life.phase,
    author: record.author,
    firmware: record.plan.firmware,
    planDigest: record.plan.digest,
    approval: ticker.approvals.verdictOf(campaign),
    purpose: document.spec.purpose,
    owners: document.metadata.ownerReferences.map(({ name }) => name),
    rollback: record.rollback && { ...record.rollback, at: isoOf(record.rollback.at) },
    hold: hold && { reason: hold.reason, by: hold.by },
    createdAt: isoOf(record.createdAt),
    startedAt: iso(record.startedAt),
    endedAt: iso(record.endedAt),
    stages,
    totals: totalsOf(campaign),
    data: campaignDataView(campaign, state, now),
    forecast: record.forecast,
  };
}

function countsOf(counts: StageCounts): Pick<StageView, 'succeeded' | 'failed' | 'skipped' | 'inFlight'> {
  const { failed, inFlight } = counts;
  return { succeeded: counts.inState('succeeded'), failed, skipped: counts.inState('skipped'), inFlight };
}

function totalsOf({ updates }: LiveCampaign): CampaignView['totals'] {
  const totals = { devices: updates.size, succeeded: 0, skipped: 0, inFlight: 0, cancelled: 0, waiting: 0 };
  const failed: Record<string, number> = {};
  for (const counts of updates.stages) {
    totals.succeeded += counts.inState('succeeded');
    totals.skipped += counts.inState('skipped');
    totals.cancelled += counts.inState('cancelled');
    totals.inFlight += counts.inFlight;
    for (const count of Object.values(counts.waiting)) totals.waiting += count;
    for (const [failure, count] of Object.entries(counts.failed)) failed[failure] = (failed[failure] ?? 0) + count;
  }
  return { ...totals, failed };
}

/** By the code of the reason; those to which nothing has happened yet wait for what their stage waits for. */
function waitingIn(counts: StageCounts, untouched: WaitCode): Record<string, number> {
  const { pending = 0, ...waiting } = counts.waiting;
  return pending === 0 ? waiting : { ...waiting, [untouched]: (waiting[untouched] ?? 0) + pending };
}

function untouchedCode({ record }: LiveCampaign, stage: number, isHeld: boolean): WaitCode {
  if (isHeld) return 'HOLD';
  switch (record.life.phase) {
    case 'paused':
      return 'CAMPAIGN_PAUSED';
    case 'awaiting-approval':
    case 'denied':
      return 'APPROVAL';
    case 'scheduled':
      return 'NOT_BEFORE';
    default:
      return record.stages[stage]?.state === 'closed' || record.stages.some(({ state }) => state === 'held') ? 'STAGE_GATE' : 'ASLEEP';
  }
}

export function deviceView(device: DeviceRecord, state: Pick<EngineState, 'batteryOf' | 'models' | 'classes'>, now: Instant): DeviceView {
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
    energy: deviceEnergyView(device, state.batteryOf(device), now),
    transfers: transfersView(device, state),
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

export function planView({ plan, rotationPlan, ...planned }: PlannedDocument): PlanView {
  const made = plan ?? rotationPlan;
  const firmware = plan && { firmware: plan.firmware };
  return { ...planned, plan: made && { digest: made.digest, ...firmware, stages: made.stages, excluded: made.excluded } };
}

export function whyView({ since, nextAt, update, battery, ...explanation }: Explanation): WhyView {
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
      ...energyView(energyMah, battery),
    },
    attempts: log.map((entry) => attemptView(entry, battery)),
  };
}
