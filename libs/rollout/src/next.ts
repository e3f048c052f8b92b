import type { Instant } from '@drover/kernel';
import type { FailureClass } from '@drover/campaign';
import type { Booking, WaitCode, WaitReason } from '@drover/schedule';
import type { DeviceFact } from './device-fact.ts';
import {
  isBeforeOffer,
  isInFlight,
  isInterrupted,
  isSettled,
  isTransferring,
  type DeviceUpdate,
  type UpdateRules,
} from './device-update.ts';
import { afterFailure, cancelled, failed, logged, moved, reasonOf, type Context } from './moves.ts';
import { onReadBack } from './read-back.ts';
import { onDeadline } from './update-deadlines.ts';

type Fact<T extends DeviceFact['type']> = Extract<DeviceFact, { type: T }>;

/**
 * Moves one update. Data in, data out; undefined means that nothing changed.
 * "Update Result: 1" is only a claim: the expected version read from the device is the proof, in any open state.
 */
export function next(update: DeviceUpdate, fact: DeviceFact, rules: UpdateRules, now: Instant): DeviceUpdate | undefined {
  if (isSettled(update)) return undefined;
  const context: Context = { rules, now };
  switch (fact.type) {
    case 'admitted':
      return onAdmitted(update, fact, now);
    case 'must-wait':
      return onMustWait(update, fact, now);
    case 'must-skip':
      return isBeforeOffer(update) ? onMustSkip(update, fact.reason, now) : undefined;
    case 'look-sent':
      return isBeforeOffer(update) ? onLookSent(update, fact, now) : undefined;
    case 'download-started':
    case 'progress':
    case 'download-finished':
    case 'began-anew':
    case 'session-lost':
      return onTransfer(update, fact, context);
    case 'execute-permitted':
    case 'execute-not-sent':
    case 'install-started':
    case 'registered':
      return onInstall(update, fact, now);
    case 'read-back':
      return onReadBack(update, fact, context);
    case 'failed':
      // What has already ended an attempt ends it once, however often the device repeats it.
      return isInFlight(update) || isInterrupted(update) || (update.state === 'unreachable' && update.attempt > 0)
        ? afterFailure(update, fact, context)
        : undefined;
    case 'cancel-requested':
    case 'cancelled':
    case 'cancel-refused':
    case 'skip-requested':
      return onStop(update, fact, context);
    default:
      return onDeadline(update, fact, context);
  }
}

/** What belongs to one attempt, and is gone with the next. */
const FRESH: Partial<DeviceUpdate> = {
  failure: undefined,
  blocks: 0,
  bytes: 0,
  retransmissions: 0,
  awakeMs: 0,
  energyMah: 0,
  chargedMah: undefined,
  resultBefore: undefined,
  executedAt: undefined,
  executes: undefined,
  registeredAt: undefined,
  answeredAt: undefined,
  answeredState: undefined,
  seenContacts: undefined,
  seenAt: undefined,
  lookedAt: undefined,
  versionAfter: undefined,
  idleSessions: undefined,
};

function onAdmitted(update: DeviceUpdate, fact: Fact<'admitted'>, now: Instant): DeviceUpdate | undefined {
  if (!isBeforeOffer(update) && update.state !== 'unreachable') return undefined;
  // A failure ends an attempt and leaves a back-off; sleep and loss only interrupt one.
  const goesOn = update.attempt > 0 && update.backoffUntil === undefined;
  const begun = goesOn ? update : { ...update, ...FRESH, attempt: update.attempt + 1, attemptAt: now };
  return moved(begun, 'offered', now, {
    sessions: goesOn ? update.sessions + 1 : 1,
    blocksBefore: begun.blocks,
    energyMah: begun.energyMah + fact.energyMah + (update.askedMah ?? 0) + (fact.wakeMah ?? 0),
    asked: fact.wakeMah === undefined ? update.asked : (update.asked ?? 0) + 1,
    askedMah: undefined,
    versionBefore: fact.versionBefore ?? update.versionBefore,
    // Who deferred had the image: its download has ended, and another begins.
    offeredAt: update.failure === 'Deferred' ? now : (update.offeredAt ?? now),
    backoffUntil: undefined,
    detail: undefined,
    transfer: fact.transfer,
    turnedAway: undefined,
    turnedAwayAt: undefined,
  });
}

function onMustWait(update: DeviceUpdate, fact: Fact<'must-wait'>, now: Instant): DeviceUpdate | undefined {
  const { reason, promise } = fact;
  if (isUntouched(update, fact)) return undefined;
  const change = { ...reasonOf(update, reason, now), promise, ...turnedAway(update, fact), ...asked(update, fact) };
  if (update.state === 'pending' || update.state === 'unreachable') return moved(update, 'waiting', now, change);
  if (update.state !== 'waiting' && update.state !== 'downloaded') return undefined;
  // The same reason with fresher figures is not worth a write: `why` works them out anew when somebody asks.
  const isSame =
    update.reason?.code === reason.code &&
    isSameBooking(update.promise, promise) &&
    !isTurnedAway(update, fact) &&
    fact.wakeMah === undefined;
  return isSame ? undefined : { ...update, ...change };
}

/** Waits that come from the campaign or from silence, and say nothing of the device itself. */
const OF_NOBODY: readonly WaitCode[] = ['STAGE_GATE', 'PROMOTION', 'CAMPAIGN_PAUSED', 'APPROVAL', 'HOLD', 'NOT_BEFORE', 'ASLEEP'];

/** Nothing has happened to the device: that stays so, and costs no write, in a stage of a million. */
function isUntouched({ state }: DeviceUpdate, { reason: { code }, promise }: Fact<'must-wait'>): boolean {
  return state === 'pending' && promise === undefined && OF_NOBODY.includes(code);
}

/** Once a contact. */
function isTurnedAway({ turnedAwayAt }: DeviceUpdate, { reason: { code }, contactAt }: Fact<'must-wait'>): boolean {
  return contactAt !== undefined && contactAt !== turnedAwayAt && (code === 'CELL_BUDGET' || code === 'CELL_UNKNOWN');
}

function turnedAway(update: DeviceUpdate, fact: Fact<'must-wait'>): Pick<DeviceUpdate, 'turnedAway' | 'turnedAwayAt'> {
  return isTurnedAway(update, fact) ? { turnedAway: (update.turnedAway ?? 0) + 1, turnedAwayAt: fact.contactAt } : {};
}

function asked(
  { asked: before = 0, askedMah = 0 }: DeviceUpdate,
  { wakeMah }: Fact<'must-wait'>,
): Pick<DeviceUpdate, 'asked' | 'askedMah'> {
  return wakeMah === undefined ? {} : { asked: before + 1, askedMah: askedMah + wakeMah };
}

function isSameBooking(one: Booking | undefined, other: Booking | undefined): boolean {
  return one?.from === other?.from && one?.until === other?.until && one?.carrier === other?.carrier;
}

/** Where the reason alone says why. */
const FAILURE_OF: Partial<Record<WaitCode, FailureClass>> = { TRUST: 'Refused', DATA_CAP: 'DataCap', ENERGY_BUDGET: 'EnergyBudget' };

/** Skipped is who was never offered anything; who was has failed. */
function onMustSkip(update: DeviceUpdate, reason: WaitReason, now: Instant): DeviceUpdate {
  if (update.attempt === 0) return moved(update, 'skipped', now, { ...reasonOf(update, reason, now), detail: reason.evidence });
  const failure = FAILURE_OF[reason.code] ?? update.failure ?? 'ConnectionLost';
  return failed(update, failure, reason.evidence, now);
}

function onLookSent(update: DeviceUpdate, { reason, contactAt }: Fact<'look-sent'>, now: Instant): DeviceUpdate {
  const change = { ...reasonOf(update, reason, now), lookedAt: contactAt, looks: (update.looks ?? 0) + 1 };
  return update.state === 'pending' ? moved(update, 'waiting', now, change) : { ...update, ...change };
}

type TransferFact = Fact<'download-started' | 'progress' | 'download-finished' | 'began-anew' | 'session-lost'>;

function onTransfer(update: DeviceUpdate, fact: TransferFact, context: Context): DeviceUpdate | undefined {
  const { now } = context;
  // What a session tells after it was lost is read again by the next one: nobody would be there to be told to install.
  if (!isTransferring(update)) return undefined;
  switch (fact.type) {
    // A queue-mode device can sleep through "Downloading", so "Downloaded" may be the first we hear.
    case 'download-finished':
      return moved(update, 'downloaded', now, {});
    case 'download-started':
      return onDownloadStarted(update, fact.method, now);
    case 'progress':
      return onProgress(update, fact, now);
    case 'began-anew':
      return update.offset === 0 ? undefined : { ...update, offset: 0 };
    case 'session-lost':
      return onSessionLost(update, fact, context);
  }
}

function onDownloadStarted(update: DeviceUpdate, method: 'Pull' | 'Push' | undefined, now: Instant): DeviceUpdate | undefined {
  if (update.state === 'offered') return moved(update, 'downloading', now, { method: method ?? update.method });
  // The first blocks may have been counted before the method was told.
  return method !== undefined && method !== update.method ? { ...update, method } : undefined;
}

function onProgress(update: DeviceUpdate, fact: Fact<'progress'>, now: Instant): DeviceUpdate {
  const counted = {
    offset: fact.offset,
    blocks: update.blocks + fact.blocks,
    bytes: update.bytes + fact.bytes,
    retransmissions: update.retransmissions + fact.retransmissions,
    awakeMs: (update.awakeMs ?? 0) + fact.awakeMs,
    energyMah: update.energyMah + fact.energyMah,
    volume: (update.volume ?? 0) + fact.volume,
  };
  return update.state === 'offered' ? moved(update, 'downloading', now, counted) : { ...update, ...counted };
}

/** A session that brought nothing is one more of them; one that did ends the row. */
function idleSessionsAfter({ blocks, blocksBefore = blocks, idleSessions = 0 }: DeviceUpdate): number | undefined {
  return blocks === blocksBefore ? idleSessions + 1 : undefined;
}

/** Sleep and loss interrupt an attempt; where the campaign lets it go on no more, they end it. */
function onSessionLost(update: DeviceUpdate, { offset, reason }: Fact<'session-lost'>, context: Context): DeviceUpdate {
  const lost = { ...update, offset, idleSessions: idleSessionsAfter(update) };
  const why = goesOnNoMore(lost, context);
  if (why !== undefined) return afterFailure(lost, { failure: 'ConnectionLost', why, anew: true }, context);
  return moved(lost, 'waiting', context.now, reasonOf(update, reason, context.now));
}

function goesOnNoMore({ offset, sessions, attemptAt }: DeviceUpdate, { rules: { resume }, now }: Context): string | undefined {
  if (!resume.enabled && offset > 0) return `stopped at byte ${offset}, and the campaign resumes no transfer`;
  if (sessions >= resume.maxSessions) return `stopped at byte ${offset} in session ${sessions}, the last one allowed`;
  if (attemptAt !== undefined && now - attemptAt >= resume.maxSpan)
    return `stopped at byte ${offset}, and one download may not span longer`;
  return undefined;
}

type InstallFact = Fact<'execute-permitted' | 'execute-not-sent' | 'install-started' | 'registered'>;

function onInstall(update: DeviceUpdate, fact: InstallFact, now: Instant): DeviceUpdate | undefined {
  switch (fact.type) {
    case 'execute-permitted':
      return update.state === 'downloaded'
        ? moved(update, 'installing', now, {
            executedAt: now,
            executes: (update.executes ?? 0) + 1,
            lookedAt: undefined,
            energyMah: update.energyMah + fact.energyMah,
            registeredAt: undefined,
            answeredAt: undefined,
            answeredState: undefined,
          })
        : undefined;
    case 'execute-not-sent':
      return update.state === 'installing'
        ? moved(update, 'downloaded', now, { executes: Math.max(0, (update.executes ?? 1) - 1) })
        : undefined;
    case 'install-started':
      return onInstallStarted(update, now);
    case 'registered':
      return onRegistered(update, now);
  }
}

/** A Register that was on its way while the device was told to install is not the one that tells of the end. */
function onInstallStarted(update: DeviceUpdate, now: Instant): DeviceUpdate | undefined {
  if (update.state === 'verifying' && !update.seenContacts) return moved(update, 'installing', now, { registeredAt: undefined });
  return update.state === 'downloaded'
    ? moved(update, 'installing', now, { executedAt: update.executedAt ?? now, lookedAt: undefined })
    : undefined;
}

function onRegistered(update: DeviceUpdate, now: Instant): DeviceUpdate | undefined {
  switch (update.state) {
    case 'installing':
    case 'suspect':
      return moved(update, 'verifying', now, { answeredAt: now, registeredAt: update.registeredAt ?? now });
    case 'verifying':
      return update.registeredAt === undefined ? { ...update, registeredAt: now, answeredAt: now } : undefined;
    case 'unreachable':
      return moved(update, 'waiting', now, {});
    default:
      return undefined;
  }
}

type StopFact = Fact<'cancel-requested' | 'cancelled' | 'cancel-refused' | 'skip-requested'>;

function onStop(update: DeviceUpdate, fact: StopFact, context: Context): DeviceUpdate | undefined {
  const { now } = context;
  switch (fact.type) {
    case 'cancel-requested':
      return onCancelRequested(update, fact.why, now);
    case 'cancelled':
      if (update.state === 'cancelling') return cancelled(update, now);
      // Result 10 that nobody asked for: somebody at the device did it.
      return isInFlight(update) ? afterFailure(update, { failure: 'Cancelled', why: 'cancelled at the device' }, context) : undefined;
    case 'cancel-refused':
      return update.state === 'cancelling' ? { ...update, lookedAt: fact.contactAt } : undefined;
    case 'skip-requested':
      if (isInFlight(update)) return onCancelRequested(update, fact.why, now);
      return moved(logged(update, 'cancelled', fact.why, now), 'skipped', now, { detail: fact.why });
  }
}

function onCancelRequested(update: DeviceUpdate, why: string, now: Instant): DeviceUpdate | undefined {
  if (update.state === 'cancelling') return undefined;
  const change = { failure: undefined, detail: why };
  // What the device has not heard of needs no handshake.
  return isInFlight(update) ? moved(update, 'cancelling', now, { ...change, lookedAt: undefined }) : cancelled(update, now, change);
}
