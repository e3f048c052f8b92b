import { Instant, MINUTE, plus } from '@drover/kernel';
import { canResumeTransfer, isTransferring } from '@drover/rollout';
import {
  barrierIndex,
  batteryOf,
  bearerOf,
  BEARERS,
  contactDeadline,
  DEFAULT_PERIOD_MS,
  HAS_IMAGE,
  learnCoverage,
  mahPerDay,
  lossOf,
  nextContact,
  spentIn,
  standingRefusal,
  TRANSFERS,
  WAITS,
  type Barrier,
  type Limits,
  type OutlookRow,
} from '@drover/schedule';
import type { CampaignDocument } from '@drover/campaign';
import type { DeviceRecord, UpdateRecord } from '@drover/persistence';
import { appointmentsLeft } from '../engine/appointment-means.ts';
import type { EngineState } from '../engine/engine-state.ts';

/** Missed contacts in a row after which nobody counts on a device any more. */
const SILENT_PERIODS = 3;

export interface RowContext {
  readonly state: Pick<EngineState, 'classes' | 'away' | 'appointments' | 'models'>;
  readonly document: CampaignDocument;
  readonly limits: Limits;
  readonly imageBytes: number;
  /** When each stage opened. */
  readonly openedAt: readonly (Instant | undefined)[];
  readonly now: Instant;
}

/** Where it is found: indices into the tables of the snapshot. */
export type RowPlaces = Pick<OutlookRow, 'carrier' | 'download' | 'install'>;

/** One device and its update, as numbers. */
export function outlookRow(update: UpdateRecord, device: DeviceRecord, places: RowPlaces, context: RowContext): OutlookRow {
  const { state, document, imageBytes, now } = context;
  const { spec } = document;
  const reach = reachOf(device, now);
  const canResume = canResumeTransfer({ update, device, spec, resume: resumeOf(device, state) });
  const { meanDb, varianceDb } = device.coverage ?? learnCoverage(undefined, lossOf(device));
  const bearer = bearerOf(device);
  const battery = batteryOf(device, state.models.cost.energy, state.classes.nameOf(device));
  return {
    ...places,
    bearer: BEARERS.indexOf(bearer),
    lossDb: meanDb,
    lossVarianceDb: varianceDb,
    periodMs: reach.periodMs,
    phaseMs: reach.periodMs === 0 ? 0 : nextWake(device, reach.periodMs, later(now, update.backoffUntil)) - now,
    bytes: Math.max(1, imageBytes - (canResume ? update.offset : 0)),
    blockSize: state.classes.blockSize(device, spec.delivery.blockSize.preferred),
    canResume: Number(canResume),
    canAppoint: Number(appointmentsLeft({ campaign: { document }, update }, device, state) > 0),
    onBattery: Number(battery !== undefined),
    mahPerDay: battery === undefined ? 0 : mahPerDay(battery),
    ...budgetsLeft(update, device, context),
    stage: update.stage,
    progress: progressOf(update),
    hasBegun: Number(update.attempt > 0),
    barrier: barrierIndex(barrierOf(update, device, reach.periodMs, context)),
    givenUpMs: givenUpMs(update, device, context),
  };
}

/** A device nobody has heard of: it is counted, and not counted on. */
export function unknownRow({ stage }: UpdateRecord, places: RowPlaces): OutlookRow {
  const nothing = { bearer: 0, lossDb: 0, lossVarianceDb: 1, periodMs: DEFAULT_PERIOD_MS, phaseMs: 0, bytes: 1, blockSize: 512 };
  const flags = { canResume: 0, canAppoint: 0, onBattery: 0, mahPerDay: 0, progress: WAITS, hasBegun: 0 };
  const budgets = { energyLeftMah: Number.POSITIVE_INFINITY, dataLeft: Number.POSITIVE_INFINITY };
  return { ...places, ...nothing, ...flags, ...budgets, stage, barrier: barrierIndex('SILENT'), givenUpMs: 0 };
}

/** What admission would still let it spend in this campaign; nothing limits who is on mains. */
function budgetsLeft(
  update: UpdateRecord,
  device: DeviceRecord,
  { limits: { energy, data }, now }: RowContext,
): Pick<OutlookRow, 'energyLeftMah' | 'dataLeft'> {
  const without = Number.POSITIVE_INFINITY;
  const dataLeft = (data.perDevice ?? without) - (update.volume ?? 0);
  if (device.facts['power.mains']?.value === true) return { energyLeftMah: without, dataLeft };
  const inCampaign = (energy.perDevice ?? without) - (update.spentMah ?? 0);
  const inYear = (energy.perYear ?? without) - spentIn(device.energySpent, now);
  return { energyLeftMah: Math.min(inCampaign, inYear), dataLeft };
}

const later = (now: Instant, at: Instant | undefined): Instant => (at !== undefined && at > now ? at : now);

function resumeOf(device: DeviceRecord, { classes }: RowContext['state']): Parameters<typeof canResumeTransfer>[0]['resume'] {
  return { byClass: classes.specOf(device)?.update?.resume, beganAnew: Object.keys(device.beganAnew ?? {}) as ('Pull' | 'Push')[] };
}

/** Always there while its registration lives, unless it sleeps; whoever has lapsed is there when it comes. */
function reachOf({ registration, pattern }: DeviceRecord, now: Instant): { periodMs: number } {
  const isAlive = registration !== undefined && plus(registration.refreshedAt, registration.lifetimeS * 1000) >= now;
  if (isAlive && !registration.queueMode) return { periodMs: 0 };
  // Before two of its contacts were seen, its lifetime is the longest that it may be away.
  const lifetimeMs = registration ? registration.lifetimeS * 1000 : DEFAULT_PERIOD_MS;
  return { periodMs: Math.max(pattern?.periodMs ?? Math.min(DEFAULT_PERIOD_MS, lifetimeMs), MINUTE) };
}

/** By itself, or as it was asked to. */
function nextWake({ pattern, lastContactAt, appointment }: DeviceRecord, periodMs: number, after: Instant): Instant {
  const next = nextContact({ ...pattern, lastAt: pattern?.lastAt ?? lastContactAt ?? after, periodMs }, after);
  const isAsked = appointment !== undefined && appointment.restores === undefined && appointment.at > after;
  return isAsked && appointment.at < next ? appointment.at : next;
}

function progressOf(update: UpdateRecord): number {
  if (isTransferring(update)) return TRANSFERS;
  return ['downloaded', 'installing', 'verifying'].includes(update.state) ? HAS_IMAGE : WAITS;
}

function barrierOf(update: UpdateRecord, device: DeviceRecord, periodMs: number, { state, limits, now }: RowContext): Barrier {
  if (update.state === 'cancelling') return 'EXCLUDED';
  if (update.state === 'suspect' || update.state === 'unreachable' || isSilent(device, periodMs, state.away?.until, now)) return 'SILENT';
  if (progressOf(update) === HAS_IMAGE) return 'NONE';
  if (device.quarantine) return 'QUARANTINED';
  // Its own word, in this campaign: Update Result 2.
  if ((update.failures.InsufficientFlash ?? 0) > 0) return 'NO_MEMORY';
  const refusal = standingRefusal(device, limits);
  if (refusal === 'RADIO_POOR') return 'RADIO_LIMIT';
  return refusal === 'BATTERY_FLOOR' || refusal === 'BATTERY_FAULT' ? refusal : 'NONE';
}

/** When the engine's deadlines end the wait for a device that has something in its way; what has ended by itself, at once. */
function givenUpMs(update: UpdateRecord, { pattern }: DeviceRecord, { document: { spec }, limits, openedAt, now }: RowContext): number {
  if (['suspect', 'unreachable', 'cancelling'].includes(update.state)) return 0;
  if (limits.onRadioViolation === 'Skip' && update.reason?.code === 'RADIO_POOR') return 0;
  const opened = openedAt[update.stage];
  const { missed, atLeast } = spec.deadlines.contact;
  // Whoever is heard of in time is not given up; who is not, is that long after its last word or the opening of its stage.
  const heardAt = Instant(Math.max(opened === undefined ? now : (pattern?.lastAt ?? 0), opened ?? 0, update.retriedAt ?? 0));
  const isHeard = pattern !== undefined && now - pattern.lastAt <= SILENT_PERIODS * (pattern.periodMs ?? DEFAULT_PERIOD_MS);
  return isHeard ? Number.POSITIVE_INFINITY : contactDeadline(pattern, heardAt, { contacts: missed, atLeast }) - now;
}

/** Time in which the server did not listen counts against nobody. */
function isSilent({ lastContactAt, pattern }: DeviceRecord, periodMs: number, backAt: Instant | undefined, now: Instant): boolean {
  const heardAt = lastContactAt ?? pattern?.lastAt;
  if (heardAt === undefined) return true;
  return periodMs > 0 && now - Math.max(heardAt, backAt ?? 0) > SILENT_PERIODS * periodMs;
}
