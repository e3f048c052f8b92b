import { assertNever, type Instant } from '@drover/kernel';
import type { DeviceFact } from './device-fact.ts';
import { isBeforeOffer, isInterrupted, isTransferring, type DeviceUpdate } from './device-update.ts';
import { afterFailure, failed, moved, reasonOf, type Context } from './moves.ts';
import { STATE } from './object-five.ts';

type DeadlineFact = Extract<DeviceFact, { type: `${string}-passed` | 'campaign-ends' }>;

/** What becomes of an update when its time is up. */
export function onDeadline(update: DeviceUpdate, fact: DeadlineFact, context: Context): DeviceUpdate | undefined {
  const { now } = context;
  switch (fact.type) {
    case 'contact-deadline-passed':
      return onSilence(update, now);
    case 'download-deadline-passed':
      return isTransferring(update) || (update.state === 'waiting' && update.attempt > 0) ? onDownloadDeadline(update, now) : undefined;
    case 'resume-span-passed':
      return isTransferring(update) || isInterrupted(update)
        ? afterFailure(update, { failure: 'ConnectionLost', why: 'one download may not span longer', anew: true }, context)
        : undefined;
    case 'install-deadline-passed':
      return update.state === 'installing'
        ? moved(update, 'suspect', now, { detail: 'silent or still updating after Execute' })
        : undefined;
    case 'confirm-deadline-passed':
      return onConfirmDeadline(update, fact.heardAt, now);
    case 'campaign-deadline-passed':
      return isBeforeOffer(update) ? onCampaignDeadline(update, fact, now) : undefined;
    case 'campaign-ends':
      return update.state === 'unreachable' ? failed(update, 'Unreachable', update.detail ?? 'no contact', now) : undefined;
    default:
      return assertNever(fact);
  }
}

/** Still in State 3 and never offered anything: it is an installation that does not end, though none of ours. */
function onDownloadDeadline(update: DeviceUpdate, now: Instant): DeviceUpdate {
  return update.answeredState === STATE.UPDATING && update.executedAt === undefined
    ? failed(update, 'InstallTimeout', 'stays in State 3, and was not told to by us', now)
    : failed(update, 'ConnectionLost', 'the download took longer than its deadline', now);
}

function onSilence(update: DeviceUpdate, now: Instant): DeviceUpdate | undefined {
  if (update.state === 'cancelling') return neverCancelled(update, now);
  return isBeforeOffer(update) || isTransferring(update) || update.state === 'downloaded'
    ? moved(update, 'unreachable', now, { detail: 'missed its expected contacts' })
    : undefined;
}

/** Silence after Execute is the same suspicion, whether or not somebody tried to cancel meanwhile. */
function neverCancelled(update: DeviceUpdate, now: Instant): DeviceUpdate {
  return isSilentSinceExecute(update)
    ? failed(update, 'SuspectedBrick', 'silent since Execute; the cancellation was never confirmed', now)
    : failed(update, 'Unreachable', 'the cancellation was never confirmed', now);
}

function isSilentSinceExecute({ executedAt, answeredAt }: DeviceUpdate): boolean {
  return executedAt !== undefined && answeredAt === undefined;
}

function onConfirmDeadline(update: DeviceUpdate, heardAt: Instant | undefined, now: Instant): DeviceUpdate | undefined {
  switch (update.state) {
    case 'verifying':
      return neverProven(update, heardAt, now);
    case 'suspect':
      return endOfSuspicion(update, heardAt, now);
    case 'cancelling':
      return stillCancelling(update, now);
    default:
      return undefined;
  }
}

/** It came back after Execute. Whether it is there and cannot be read, or has fallen silent, are different things to whoever drives out to it. */
function neverProven(update: DeviceUpdate, heardAt: Instant | undefined, now: Instant): DeviceUpdate {
  const { seenContacts, detail, answeredAt, registeredAt, since } = update;
  if (seenContacts) return failed(update, 'InstallTimeout', `${detail ?? ''}, and not seen since`, now);
  const isHeard = Math.max(heardAt ?? 0, answeredAt ?? 0) > (registeredAt ?? since);
  return isHeard
    ? failed(update, 'InstallTimeout', 'registered again but its version could not be read', now)
    : failed(update, 'SuspectedBrick', 'silent since it registered again', now);
}

/** Whoever still makes contact is no brick, whatever it answers. */
function endOfSuspicion(update: DeviceUpdate, heardAt: Instant | undefined, now: Instant): DeviceUpdate {
  const { answeredAt, answeredState, since } = update;
  const isHeard = Math.max(answeredAt ?? 0, heardAt ?? 0) >= since;
  if (isHeard) return failed(update, 'InstallTimeout', `makes contact, and is still in State ${answeredState ?? '?'}`, now);
  const told = answeredAt === undefined ? 'silent since Execute' : `silent since it told State ${answeredState ?? '?'}`;
  return failed(update, 'SuspectedBrick', told, now);
}

/** It is heard of, and neither cancels nor finishes. */
function stillCancelling(update: DeviceUpdate, now: Instant): DeviceUpdate {
  if (isSilentSinceExecute(update)) return neverCancelled(update, now);
  return update.executedAt === undefined
    ? failed(update, 'Refused', 'the device does not let go of the image', now)
    : failed(update, 'InstallTimeout', `too late to cancel, and still in State ${update.answeredState ?? '?'}`, now);
}

function onCampaignDeadline(
  update: DeviceUpdate,
  { reason }: Extract<DeadlineFact, { type: 'campaign-deadline-passed' }>,
  now: Instant,
): DeviceUpdate {
  if (update.attempt > 0) return failed(update, update.failure ?? 'ConnectionLost', 'the campaign reached its deadline', now);
  const told = reason ? { ...reasonOf(update, reason, now), detail: reason.evidence } : { detail: 'the campaign reached its deadline' };
  return moved(update, 'skipped', now, told);
}
