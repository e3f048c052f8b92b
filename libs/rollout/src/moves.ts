import { plus, type Instant } from '@drover/kernel';
import type { FailureClass } from '@drover/campaign';
import type { WaitReason } from '@drover/schedule';
import { isTransferring, type AttemptEntry, type DeviceUpdate, type UpdateRules, type UpdateState } from './device-update.ts';
import { STATE } from './object-five.ts';
import { retryAfter } from './retry.ts';

/** What every move looks at beside the update and the fact. */
export interface Context {
  readonly rules: UpdateRules;
  readonly now: Instant;
}

/** Attempts that a row remembers; the audit log has all. */
const LOGGED_ATTEMPTS = 10;
const LOGGED_TEXT = 200;

/** A new state clears the reason to wait and the airtime that was kept for it, unless the change brings them. */
export function moved(update: DeviceUpdate, state: UpdateState, now: Instant, change: Partial<DeviceUpdate>): DeviceUpdate {
  const next = { ...update, reason: undefined, reasonSince: undefined, promise: undefined, ...change, state, since: now };
  return isTransferring(next) ? next : { ...next, transfer: undefined };
}

export function reasonOf(update: DeviceUpdate, reason: WaitReason, now: Instant): Pick<DeviceUpdate, 'reason' | 'reasonSince'> {
  return { reason, reasonSince: update.reason?.code === reason.code ? (update.reasonSince ?? now) : now };
}

/** With the attempt that ends now among those that have ended. */
export function logged(update: DeviceUpdate, outcome: AttemptEntry['outcome'], why: string, now: Instant): DeviceUpdate {
  const { attempt, sessions, offset, blocks, bytes, retransmissions, awakeMs = 0, energyMah, log = [] } = update;
  if (attempt === 0 || log.at(-1)?.attempt === attempt) return update;
  const counted = { sessions, offset, blocks, bytes, retransmissions, awakeMs, energyMah };
  return { ...update, log: [...log, { attempt, at: now, outcome, why: why.slice(0, LOGGED_TEXT), ...counted }].slice(-LOGGED_ATTEMPTS) };
}

export function failed(update: DeviceUpdate, failure: FailureClass, detail: string, now: Instant): DeviceUpdate {
  const failures = update.failures[failure] === undefined ? { ...update.failures, [failure]: 1 } : update.failures;
  return moved({ ...logged(update, failure, detail, now), failures }, 'failed', now, { failure, detail });
}

export function cancelled(update: DeviceUpdate, now: Instant, change: Partial<DeviceUpdate> = {}): DeviceUpdate {
  return moved(logged(update, 'cancelled', change.detail ?? update.detail ?? '', now), 'cancelled', now, change);
}

/**
 * A failure that may be tried again waits its backoff; any other settles. `anew`: what the device holds is not gone on with,
 * whatever the class says.
 */
export function afterFailure(
  update: DeviceUpdate,
  { failure, why, anew = false }: { failure: FailureClass; why: string; anew?: boolean },
  { rules, now }: Context,
): DeviceUpdate {
  const failures = { ...update.failures, [failure]: (update.failures[failure] ?? 0) + 1 };
  const counted = { ...update, failures };
  if (update.state === 'cancelling') return cancelled(counted, now);
  const pause = retryAfter(rules.retry, failure, failures, {
    attempt: update.attempt - (update.budgetFrom ?? 0),
    key: `${update.campaign}/${update.endpoint}/${update.budgetFrom ?? 0}`,
    isImageKept: update.answeredState === STATE.DOWNLOADED,
  });
  if (pause === undefined) return failed(counted, failure, why, now);
  const isDeferred = failure === 'Deferred';
  const delay = isDeferred ? Math.min(pause.delay, rules.maximumDefer ?? pause.delay) : pause.delay;
  const backoffUntil = plus(now, delay);
  const reason: WaitReason = {
    code: isDeferred ? 'DEVICE_DEFERS' : 'BACKOFF',
    evidence: `${failure}: ${why}; try ${update.attempt + 1} follows`,
    nextAt: backoffUntil,
  };
  return moved(logged(counted, failure, why, now), 'waiting', now, {
    ...reasonOf(update, reason, now),
    backoffUntil,
    failure,
    detail: why,
    ...(pause.keepOffset && !anew && rules.resume.enabled ? {} : { offset: 0 }),
  });
}
