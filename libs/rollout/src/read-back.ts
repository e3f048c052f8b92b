import { plus, type Instant } from '@drover/kernel';
import { compareVersions } from '@drover/fleet';
import { SAME_WAKE_UP, type WaitReason } from '@drover/schedule';
import type { DeviceFact } from './device-fact.ts';
import { isInFlight, type DeviceUpdate, type UpdateRules } from './device-update.ts';
import { afterFailure, cancelled, logged, moved, reasonOf, type Context } from './moves.ts';
import { RESULT, STATE } from './object-five.ts';
import { sessionPause } from './session-pause.ts';

type ReadBack = Extract<DeviceFact, { type: 'read-back' }>;

/** An Execute that leaves the image where it is may be one that was lost; the third that does is none. */
const MAX_EXECUTES = 3;

/** What a device tells of itself decides: the table of `lwm2m-facts.md` 4.4, row by row. */
export function onReadBack(update: DeviceUpdate, fact: ReadBack, context: Context): DeviceUpdate | undefined {
  const { rules, now } = context;
  const heard: DeviceUpdate = {
    ...update,
    versionAfter: fact.version ?? update.versionAfter,
    answeredAt: now,
    answeredState: fact.state,
    lookedAt: fact.contactAt ?? update.lookedAt,
  };
  if (isExpected(fact.version, rules)) return onExpected(heard, fact, context);
  // Too late to cancel, and the installation came to nothing: it is over all the same.
  if (update.state === 'cancelling' && fact.state === STATE.IDLE) return cancelled(heard, now);
  if (update.state === 'offered' && fact.state === STATE.UPDATING) return busyOtherwise(heard, now);
  if (update.state !== 'installing' && update.state !== 'verifying' && update.state !== 'suspect') return beforeExecute(update, fact);
  const ending = fellBack(update, fact) ?? endingOf(fact);
  if (ending) return afterFailure(heard, ending, context);
  const { state, result } = fact;
  if (state === STATE.UPDATING)
    // It has come back while it still installs: the registration that counts is yet to come.
    return update.state === 'verifying' ? moved(heard, 'installing', now, { registeredAt: undefined }) : heard;
  if (state === STATE.DOWNLOADED && (result === RESULT.INITIAL || result === update.resultBefore)) return executeLost(heard, context);
  return heard; // Results 2–10 arrive as `failed` with their class.
}

/**
 * The expected version was read. It counts once per contact, and must have been read after the device registered anew; some
 * finish without, and these show it at one contact more.
 */
function onExpected(heard: DeviceUpdate, fact: ReadBack, { rules, now }: Context): DeviceUpdate | undefined {
  // Before the first offer it is no success of ours: the device has the version already.
  if (heard.attempt === 0) return moved(heard, 'skipped', now, { detail: 'already has the version' });
  const contactAt = fact.contactAt ?? now;
  const isAnother = heard.seenAt === undefined || contactAt - heard.seenAt >= SAME_WAKE_UP;
  const seen = { seenContacts: (heard.seenContacts ?? 0) + (isAnother ? 1 : 0), seenAt: isAnother ? contactAt : heard.seenAt };
  const asked = contactsAsked(heard, rules);
  if (seen.seenContacts >= asked || heard.state === 'cancelling') {
    const done = logged({ ...heard, ...seen }, 'succeeded', `runs ${fact.version ?? ''}`, now);
    return moved(done, 'succeeded', now, { failure: undefined, detail: undefined });
  }
  const counted = { ...seen, detail: `runs ${fact.version ?? ''}, read at ${seen.seenContacts} of ${asked} contacts` };
  return heard.state === 'verifying' ? { ...heard, ...counted } : moved(heard, 'verifying', now, counted);
}

/** At how many contacts the expected version must be read. */
export function contactsAsked(update: DeviceUpdate, { verify }: UpdateRules): number {
  const isSameRun = update.executedAt !== undefined && update.registeredAt === undefined;
  return verify.contacts + (verify.afterReregistration && isSameRun ? 1 : 0);
}

/** A Result that an earlier attempt has left. */
function beforeExecute(update: DeviceUpdate, { result }: ReadBack): DeviceUpdate | undefined {
  const isNews = result !== undefined && result !== (update.resultBefore ?? RESULT.INITIAL);
  return isInFlight(update) && isNews ? { ...update, resultBefore: result } : undefined;
}

/** It installs what we have not told it to: nothing can be offered meanwhile, and no budget is held for it. */
function busyOtherwise(heard: DeviceUpdate, now: Instant): DeviceUpdate {
  const idleSessions = (heard.idleSessions ?? 0) + 1;
  const nextAt = plus(now, sessionPause(idleSessions));
  const reason: WaitReason = { code: 'DEVICE_BUSY', evidence: 'the device is in State 3: it installs something else', nextAt };
  return moved(heard, 'waiting', now, { ...reasonOf(heard, reason, now), idleSessions });
}

type Ending = Parameters<typeof afterFailure>[1];

/** It ran the new version, and then another: the device's own fall-back, whatever its Result says. */
function fellBack({ seenContacts = 0 }: DeviceUpdate, { version }: ReadBack): Ending | undefined {
  if (seenContacts === 0 || version === undefined) return undefined;
  return { failure: 'RolledBack', why: `ran the new version at ${seenContacts} contacts, then came back with ${version}` };
}

function endingOf({ version, state, result }: ReadBack): Ending | undefined {
  if (state === STATE.DOWNLOADED && result === RESULT.DEFERRED) return { failure: 'Deferred', why: 'the device defers the installation' };
  // State 2 and 3 keep the installation open; a look that shows no version decides nothing.
  if (state !== STATE.IDLE || version === undefined) return undefined;
  if (result === RESULT.SUCCESS) return { failure: 'VersionMismatch', why: `claims success but runs ${version}` };
  return result === RESULT.INITIAL ? { failure: 'RolledBack', why: `came back with ${version}` } : undefined;
}

/** State has been read, so it may be sent again; not for ever. */
function executeLost(heard: DeviceUpdate, context: Context): DeviceUpdate {
  const { executes = 1 } = heard;
  if (executes < MAX_EXECUTES) return moved(heard, 'downloaded', context.now, {});
  return afterFailure(
    heard,
    { failure: 'UpdateFailed', why: `${executes} times Execute left the image where it was`, anew: true },
    context,
  );
}

function isExpected(version: string | undefined, { expectedVersion }: UpdateRules): boolean {
  return version !== undefined && (version === expectedVersion || compareVersions(version, expectedVersion) === 0);
}
