import { assertNever, plus, type Endpoint, type Instant } from '@drover/kernel';
import { compareVersions } from '@drover/fleet';
import type { FailureClass } from '@drover/campaign';
import type { WaitReason } from '@drover/schedule';
import { retryAfter, type RetryRules } from './retry.ts';

export const UPDATE_STATES = [
  'pending',
  'waiting',
  'offered',
  'downloading',
  'downloaded',
  'installing',
  'verifying',
  'unreachable',
  'suspect',
  'cancelling',
  'succeeded',
  'failed',
  'cancelled',
  'skipped',
] as const;
export type UpdateState = (typeof UPDATE_STATES)[number];

const SETTLED: readonly UpdateState[] = ['succeeded', 'failed', 'cancelled', 'skipped'];
const TRANSFERRING: readonly UpdateState[] = ['offered', 'downloading'];

/** One device in one campaign, durable. Everything the engine needs to go on after a crash. */
export interface DeviceUpdate {
  readonly campaign: string;
  readonly endpoint: Endpoint;
  readonly stage: number;
  readonly state: UpdateState;
  readonly since: Instant;
  /** 0 before the first offer. A transfer that goes on after sleep or loss is the same attempt. */
  readonly attempt: number;
  readonly reason?: WaitReason;
  readonly reasonSince?: Instant;
  readonly backoffUntil?: Instant;
  /** Bytes the device is known to hold. */
  readonly offset: number;
  readonly method?: 'Pull' | 'Push';
  readonly versionBefore?: string;
  readonly versionAfter?: string;
  readonly offeredAt?: Instant;
  readonly executedAt?: Instant;
  /** Last sign of life after Execute, and the State it told. */
  readonly answeredAt?: Instant;
  readonly answeredState?: number;
  readonly failure?: FailureClass;
  readonly detail?: string;
  /** How often each class has failed so far, this attempt included. */
  readonly failures: Readonly<Partial<Record<FailureClass, number>>>;
  readonly blocks: number;
  readonly bytes: number;
  readonly retransmissions: number;
  readonly sessions: number;
  readonly energyMah: number;
}

export function newUpdate(campaign: string, endpoint: Endpoint, stage: number, now: Instant): DeviceUpdate {
  return {
    campaign,
    endpoint,
    stage,
    state: 'pending',
    since: now,
    attempt: 0,
    offset: 0,
    failures: {},
    blocks: 0,
    bytes: 0,
    retransmissions: 0,
    sessions: 0,
    energyMah: 0,
  };
}

export function isSettled({ state }: DeviceUpdate): boolean {
  return SETTLED.includes(state);
}

/** Settled, or past what the campaign waits for. */
export function isOver(update: DeviceUpdate): boolean {
  return isSettled(update) || update.state === 'unreachable';
}

export function isTransferring({ state }: DeviceUpdate): boolean {
  return TRANSFERRING.includes(state);
}

/** Holds a conversation with the device, or waits for the device's own work. */
export function isInFlight({ state }: DeviceUpdate): boolean {
  return ['offered', 'downloading', 'downloaded', 'installing', 'verifying', 'suspect', 'cancelling'].includes(state);
}

/** Whether the device may hold part of this campaign's image: in flight, or interrupted and to go on. A failure lets go of it. */
export function holdsDevice(update: DeviceUpdate): boolean {
  return isInFlight(update) || (update.state === 'waiting' && update.attempt > 0 && update.backoffUntil === undefined);
}

/** What is learnt about one update. Facts of the gateway carry the attempt they belong to; the engine drops those of another. */
export type DeviceFact =
  | { readonly type: 'admitted'; readonly versionBefore: string | undefined }
  | { readonly type: 'must-wait'; readonly reason: WaitReason }
  | { readonly type: 'must-skip'; readonly reason: WaitReason }
  | { readonly type: 'download-started'; readonly method?: 'Pull' | 'Push' }
  | {
      readonly type: 'progress';
      readonly offset: number;
      readonly blocks: number;
      readonly bytes: number;
      readonly retransmissions: number;
    }
  | { readonly type: 'download-finished' }
  | { readonly type: 'session-lost'; readonly offset: number; readonly reason: WaitReason }
  | { readonly type: 'execute-permitted' }
  | { readonly type: 'install-started' }
  | { readonly type: 'registered' }
  | {
      readonly type: 'read-back';
      readonly version: string | undefined;
      readonly state: number | undefined;
      readonly result: number | undefined;
    }
  | { readonly type: 'failed'; readonly failure: FailureClass; readonly why: string }
  | { readonly type: 'cancel-requested'; readonly why: string }
  | { readonly type: 'cancelled' }
  | { readonly type: 'contact-deadline-passed' }
  | { readonly type: 'download-deadline-passed' }
  | { readonly type: 'install-deadline-passed' }
  | { readonly type: 'confirm-deadline-passed' }
  | { readonly type: 'campaign-deadline-passed'; readonly reason: WaitReason | undefined }
  | { readonly type: 'campaign-ends' };

export interface UpdateRules {
  readonly expectedVersion: string;
  readonly retry: RetryRules;
}

/**
 * Moves one update. Data in, data out; undefined means that nothing changed.
 * "Update Result: 1" is only a claim: the expected version read from the device is the proof, in any open state.
 */
export function next(update: DeviceUpdate, fact: DeviceFact, rules: UpdateRules, now: Instant): DeviceUpdate | undefined {
  if (isSettled(update)) return undefined;
  switch (fact.type) {
    case 'admitted':
      return onAdmitted(update, fact, now);
    case 'must-wait':
      return onMustWait(update, fact.reason, now);
    case 'must-skip':
      return isBeforeOffer(update) ? onMustSkip(update, fact.reason, now) : undefined;
    case 'download-started':
      return onDownloadStarted(update, fact.method, now);
    case 'progress':
      return onProgress(update, fact, now);
    case 'download-finished':
      // A queue-mode device can sleep through "Downloading", so "Downloaded" may be the first we hear.
      return isTransferring(update) || (update.state === 'waiting' && update.attempt > 0)
        ? moved(update, 'downloaded', now, {})
        : undefined;
    case 'session-lost':
      return isTransferring(update)
        ? moved(update, 'waiting', now, { ...reasonOf(update, fact.reason, now), offset: fact.offset })
        : undefined;
    case 'execute-permitted':
      return update.state === 'downloaded'
        ? moved(update, 'installing', now, { executedAt: now, answeredAt: undefined, answeredState: undefined })
        : undefined;
    case 'install-started':
      return update.state === 'downloaded' ? moved(update, 'installing', now, { executedAt: update.executedAt ?? now }) : undefined;
    case 'registered':
      return onRegistered(update, now);
    case 'read-back':
      return onReadBack(update, fact, rules, now);
    case 'failed':
      return isInFlight(update) || update.attempt > 0 ? afterFailure(update, fact.failure, fact.why, { rules, now }) : undefined;
    case 'cancel-requested':
      return onCancelRequested(update, fact.why, now);
    case 'cancelled':
      return update.state === 'cancelling' ? moved(update, 'cancelled', now, {}) : undefined;
    default:
      return onDeadline(update, fact, now);
  }
}

function onAdmitted(update: DeviceUpdate, fact: Extract<DeviceFact, { type: 'admitted' }>, now: Instant): DeviceUpdate | undefined {
  if (!isBeforeOffer(update) && update.state !== 'unreachable') return undefined;
  // A failure ends an attempt and leaves a back-off; sleep and loss only interrupt one.
  const goesOn = update.attempt > 0 && update.backoffUntil === undefined;
  return moved(update, 'offered', now, {
    attempt: goesOn ? update.attempt : update.attempt + 1,
    sessions: goesOn ? update.sessions + 1 : 1,
    ...(goesOn
      ? {}
      : {
          failure: undefined,
          blocks: 0,
          bytes: 0,
          retransmissions: 0,
          energyMah: 0,
          executedAt: undefined,
          answeredAt: undefined,
          versionAfter: undefined,
        }),
    versionBefore: fact.versionBefore ?? update.versionBefore,
    offeredAt: update.offeredAt ?? now,
    backoffUntil: undefined,
    detail: undefined,
  });
}

function onMustWait(update: DeviceUpdate, reason: WaitReason, now: Instant): DeviceUpdate | undefined {
  if (update.state === 'pending' || update.state === 'unreachable') return moved(update, 'waiting', now, reasonOf(update, reason, now));
  if (update.state !== 'waiting' && update.state !== 'downloaded') return undefined;
  // The same reason with fresher figures is not worth a write: `why` works them out anew when somebody asks.
  return update.reason?.code === reason.code ? undefined : { ...update, ...reasonOf(update, reason, now) };
}

/** Skipped is who was never offered anything; who was has failed. */
function onMustSkip(update: DeviceUpdate, reason: WaitReason, now: Instant): DeviceUpdate {
  if (update.attempt === 0) return moved(update, 'skipped', now, { ...reasonOf(update, reason, now), detail: reason.evidence });
  const failure = reason.code === 'TRUST' ? 'Refused' : (update.failure ?? 'ConnectionLost');
  return failed(update, failure, reason.evidence, now);
}

function onDownloadStarted(update: DeviceUpdate, method: 'Pull' | 'Push' | undefined, now: Instant): DeviceUpdate | undefined {
  if (update.state === 'offered') return moved(update, 'downloading', now, { method: method ?? update.method });
  // The first blocks may have been counted before the method was told.
  return update.state === 'downloading' && method !== undefined && method !== update.method ? { ...update, method } : undefined;
}

function onProgress(update: DeviceUpdate, fact: Extract<DeviceFact, { type: 'progress' }>, now: Instant): DeviceUpdate | undefined {
  if (!isTransferring(update)) return undefined;
  const counted = {
    offset: fact.offset,
    blocks: update.blocks + fact.blocks,
    bytes: update.bytes + fact.bytes,
    retransmissions: update.retransmissions + fact.retransmissions,
  };
  return update.state === 'offered' ? moved(update, 'downloading', now, counted) : { ...update, ...counted };
}

function onRegistered(update: DeviceUpdate, now: Instant): DeviceUpdate | undefined {
  switch (update.state) {
    case 'installing':
    case 'suspect':
      return moved(update, 'verifying', now, { answeredAt: now });
    case 'unreachable':
      return moved(update, 'waiting', now, {});
    default:
      return undefined;
  }
}

function onReadBack(
  update: DeviceUpdate,
  fact: Extract<DeviceFact, { type: 'read-back' }>,
  rules: UpdateRules,
  now: Instant,
): DeviceUpdate | undefined {
  const isExpected =
    fact.version !== undefined && (fact.version === rules.expectedVersion || compareVersions(fact.version, rules.expectedVersion) === 0);
  const answered = { versionAfter: fact.version ?? update.versionAfter, answeredAt: now, answeredState: fact.state };
  // Before the first offer it is no success of ours: the device has the version already.
  if (isExpected)
    return update.attempt === 0
      ? moved(update, 'skipped', now, { ...answered, detail: 'already has the version' })
      : moved(update, 'succeeded', now, { ...answered, failure: undefined, detail: undefined });
  // Too late to cancel, and the installation came to nothing: it is over all the same.
  if (update.state === 'cancelling' && fact.state === 0) return moved(update, 'cancelled', now, answered);
  if (update.state !== 'installing' && update.state !== 'verifying' && update.state !== 'suspect') return undefined;
  const heard = { ...update, ...answered };
  const { state, result } = fact;
  if (state === 3) return update.state === 'verifying' ? moved(heard, 'installing', now, {}) : heard;
  if (state === 2 && result === 0) return moved(heard, 'downloaded', now, {}); // Execute was lost; State has been read, so it may be sent again.
  if (state === 2 && result === 11) return afterFailure(heard, 'Deferred', 'the device defers the installation', { rules, now });
  if (state === undefined || fact.version === undefined) return heard;
  if (result === 1) return afterFailure(heard, 'VersionMismatch', `claims success but runs ${fact.version}`, { rules, now });
  if (result === 0) return afterFailure(heard, 'RolledBack', `came back with ${fact.version}`, { rules, now });
  return heard; // Results 2–11 arrive as `failed` with their class.
}

function onCancelRequested(update: DeviceUpdate, why: string, now: Instant): DeviceUpdate | undefined {
  if (update.state === 'cancelling') return undefined;
  // What the device has not heard of needs no handshake.
  return moved(update, isInFlight(update) ? 'cancelling' : 'cancelled', now, { failure: undefined, detail: why });
}

type DeadlineFact = Extract<DeviceFact, { type: `${string}-deadline-passed` | 'campaign-ends' }>;

function onDeadline(update: DeviceUpdate, fact: DeadlineFact, now: Instant): DeviceUpdate | undefined {
  switch (fact.type) {
    case 'contact-deadline-passed':
      if (update.state === 'cancelling') return neverCancelled(update, now);
      return isBeforeOffer(update) || isTransferring(update)
        ? moved(update, 'unreachable', now, { detail: 'missed its expected contacts' })
        : undefined;
    case 'download-deadline-passed':
      return isTransferring(update) || (update.state === 'waiting' && update.attempt > 0)
        ? failed(update, 'ConnectionLost', 'the download took longer than its deadline', now)
        : undefined;
    case 'install-deadline-passed':
      return update.state === 'installing'
        ? moved(update, 'suspect', now, { detail: 'silent or still updating after Execute' })
        : undefined;
    case 'confirm-deadline-passed':
      return onConfirmDeadline(update, now);
    case 'campaign-deadline-passed':
      if (!isBeforeOffer(update)) return undefined;
      if (update.attempt > 0) return failed(update, update.failure ?? 'ConnectionLost', 'the campaign reached its deadline', now);
      return moved(
        update,
        'skipped',
        now,
        fact.reason
          ? { ...reasonOf(update, fact.reason, now), detail: fact.reason.evidence }
          : { detail: 'the campaign reached its deadline' },
      );
    case 'campaign-ends':
      return update.state === 'unreachable' ? failed(update, 'Unreachable', update.detail ?? 'no contact', now) : undefined;
    default:
      return assertNever(fact);
  }
}

/** Silence after Execute is the same suspicion, whether or not somebody tried to cancel meanwhile. */
function neverCancelled(update: DeviceUpdate, now: Instant): DeviceUpdate {
  return update.executedAt !== undefined && update.answeredAt === undefined
    ? failed(update, 'SuspectedBrick', 'silent since Execute; the cancellation was never confirmed', now)
    : failed(update, 'Unreachable', 'the cancellation was never confirmed', now);
}

function onConfirmDeadline(update: DeviceUpdate, now: Instant): DeviceUpdate | undefined {
  if (update.state === 'verifying') return failed(update, 'InstallTimeout', 'registered again but its version could not be read', now);
  if (update.state !== 'suspect') return undefined;
  return update.answeredAt === undefined
    ? failed(update, 'SuspectedBrick', 'silent since Execute', now)
    : failed(update, 'InstallTimeout', `still answers State ${update.answeredState ?? '?'}`, now);
}

/** A failure that may be tried again waits its backoff; any other settles. */
function afterFailure(
  update: DeviceUpdate,
  failure: FailureClass,
  why: string,
  { rules, now }: { rules: UpdateRules; now: Instant },
): DeviceUpdate {
  const failures = { ...update.failures, [failure]: (update.failures[failure] ?? 0) + 1 };
  const counted = { ...update, failures };
  if (update.state === 'cancelling') return moved(counted, 'cancelled', now, {});
  const pause = retryAfter(rules.retry, failure, failures, { attempt: update.attempt, key: `${update.campaign}/${update.endpoint}` });
  if (pause === undefined) return failed(counted, failure, why, now);
  const backoffUntil = plus(now, pause.delay);
  const reason: WaitReason = {
    code: failure === 'Deferred' ? 'DEVICE_DEFERS' : 'BACKOFF',
    evidence: `${failure}: ${why}; try ${update.attempt + 1} follows`,
    nextAt: backoffUntil,
  };
  return moved(counted, 'waiting', now, {
    ...reasonOf(update, reason, now),
    backoffUntil,
    failure,
    detail: why,
    ...(pause.keepOffset ? {} : { offset: 0 }),
  });
}

function failed(update: DeviceUpdate, failure: FailureClass, detail: string, now: Instant): DeviceUpdate {
  const failures = update.failures[failure] === undefined ? { ...update.failures, [failure]: 1 } : update.failures;
  return moved({ ...update, failures }, 'failed', now, { failure, detail });
}

function isBeforeOffer({ state }: DeviceUpdate): boolean {
  return state === 'pending' || state === 'waiting';
}

function reasonOf(update: DeviceUpdate, reason: WaitReason, now: Instant): Pick<DeviceUpdate, 'reason' | 'reasonSince'> {
  return { reason, reasonSince: update.reason?.code === reason.code ? (update.reasonSince ?? now) : now };
}

/** A new state clears the reason to wait unless the change brings one. */
function moved(update: DeviceUpdate, state: UpdateState, now: Instant, change: Partial<DeviceUpdate>): DeviceUpdate {
  return { ...update, reason: undefined, reasonSince: undefined, ...change, state, since: now };
}
