import type { FailureClass } from '@drover/campaign';
import { isoOf, MINUTE, type Instant } from '@drover/kernel';
import { isRotationSettled, type DeviceRotation, type RotationLimits, type RotationState, type RotationWait } from './device-rotation.ts';

/** How a device can be reached now. `OWN_REQUEST`: it speaks LwM2M 1.0, or has several accounts. */
export type Reach = 'LISTENS' | 'ASLEEP' | 'NOT_REGISTERED' | 'OWN_REQUEST';

/** All that is known of a device and its keys. */
export interface RotationFacts {
  /** It has connected with a key that it has not had before. */
  readonly hasRotated: boolean;
  /** The last one with the bootstrap server; `count` of all that ever began. */
  readonly session?: {
    readonly state: 'writing' | 'finished' | 'failed';
    readonly at: Instant;
    readonly count: number;
    readonly why?: string;
  };
  /** It was sent, by this rotation or by a person, and has not come yet; what it waits for. */
  readonly wish?: { readonly waits: string; readonly askedAt: Instant };
  /** The bootstrap server gave it nothing. */
  readonly refused?: { readonly code: string; readonly at: Instant };
  /** Why it cannot be given another key now. */
  readonly unfit?: { readonly code: string; readonly detail: string };
  readonly reach: Reach;
  /** It holds a conversation about its firmware: its sessions would break off. */
  readonly isUpdating?: boolean;
  readonly heardAt?: Instant;
  /** Identities that it can show now. */
  readonly identities: readonly string[];
}

/** What the rotation allows now. */
export interface RotationGround {
  /** Whether new ones may be asked; a word is why not. */
  readonly open: true | Extract<RotationWait, 'STAGE_GATE' | 'ROTATION_PAUSED' | 'APPROVAL' | 'NOT_BEFORE' | 'HOLD'>;
  /** When its stage opened. */
  readonly openedAt: Instant | undefined;
  readonly hasRoom: boolean;
  readonly limits: RotationLimits;
  /** Nothing new begins any more: the rotation is being aborted, or is past its deadline. */
  readonly ends?: 'ABORTED' | 'DEADLINE';
}

/** What becomes of a device. `ask`: it is sent to the bootstrap server. `let-be`: nobody waits for it there any more. */
export interface RotationMove {
  readonly after: DeviceRotation;
  readonly order?: 'ask' | 'let-be';
}

/** Who has taken the order, or has seen its session break off, has so long to come by itself. */
const COMES_WITHIN = 10 * MINUTE;
/** One that has not ended by then was broken off by a crash. */
const SESSION_ENDS_WITHIN = 20 * MINUTE;
/** Each time that it was asked in vain it is left alone for twice as long: at most 21 hours, less than sleepers that wake up daily. */
const MOST_DOUBLINGS = 7;
/** Of somebody who was only saying good-bye with the old key, campaign ms. */
const STILL_TALKING = 10 * MINUTE;

/**
 * Moves one device of a rotation. Level-based: from what is known now, and never from what was told in between, so that a start
 * of the server or a message that was lost changes nothing. `undefined`: it stays as it is.
 */
export function nextRotation(own: DeviceRotation, facts: RotationFacts, ground: RotationGround, now: Instant): RotationMove | undefined {
  if (isRotationSettled(own)) return undefined;
  if (facts.hasRotated) return settled(own, 'succeeded', now);
  const { session } = facts;
  if (session?.state === 'finished' && isNew(session.at, own)) return moved(own, 'given', now, { givenAt: session.at, waits: 'CONFIRM' });
  if (ground.ends === 'ABORTED') return settled(own, 'cancelled', now, { detail: abortText(own) });
  switch (own.state) {
    case 'given':
    case 'suspect':
      return afterGiven(own, facts, ground.limits, now);
    case 'asked':
      return afterAsked(own, facts, ground, now);
    default:
      return ground.ends === 'DEADLINE'
        ? settled(own, 'skipped', now, { detail: 'the deadline of the rotation' })
        : untold(own, facts, ground, now);
  }
}

const isNew = (at: Instant, { givenAt, since }: DeviceRotation): boolean => (givenAt === undefined ? at >= since : at > givenAt);

/** It has a key that it does not show. Heard with the old one, it has not taken it; not heard, nobody knows. */
function afterGiven(
  own: DeviceRotation,
  { heardAt }: RotationFacts,
  { deadlines }: RotationLimits,
  now: Instant,
): RotationMove | undefined {
  const { givenAt = own.since } = own;
  if (now < givenAt + deadlines.confirm) return undefined;
  if (heardAt !== undefined && heardAt > givenAt + STILL_TALKING)
    return failed(own, 'RolledBack', `heard ${isoOf(heardAt)} with the key that it had; it was given another one ${isoOf(givenAt)}`, now);
  return own.state === 'suspect'
    ? undefined
    : moved(own, 'suspect', now, { detail: `silent since it was given another key ${isoOf(givenAt)}` });
}

/** Somebody who was asked waits for one thing after the other; what was in vain frees its place. */
function afterAsked(own: DeviceRotation, facts: RotationFacts, ground: RotationGround, now: Instant): RotationMove | undefined {
  const { session, wish, refused } = facts;
  if (refused && refused.at >= own.since) return letBe(failed(own, 'Refused', refused.code, now));
  const isIts = session !== undefined && session.count > own.sessionsBefore && (session.at >= own.since || session.state === 'writing');
  if (isIts && session.state === 'failed') {
    if (session.count - own.sessionsBefore >= ground.limits.maxSessions)
      return letBe(
        failed(own, 'ConnectionLost', `${session.count - own.sessionsBefore} sessions broke off, the last one: ${session.why ?? ''}`, now),
      );
    return letBe(moved(own, 'waiting', now, { waits: 'SESSION_FAILED' }));
  }
  if (wish === undefined) return settled(own, 'cancelled', now, { detail: 'a person took it back (drover bootstrap cancel)' });
  if (isPast(own, ground, now)) return unreachable(own, ground, now);
  if (isIts && now < session.at + SESSION_ENDS_WITHIN) return noted(own, 'WRITING');
  switch (wish.waits) {
    case 'ASKED':
    case 'REQUEST':
      if (now >= wish.askedAt + COMES_WITHIN) return letBe(moved(own, 'waiting', now, { waits: 'NOT_COME' }));
      return noted(own, wish.waits === 'ASKED' ? 'ANSWER' : 'REQUEST');
    case 'OWN_REQUEST':
      return letBe(moved(own, 'waiting', now, { waits: 'OWN_REQUEST', comesAlone: true }));
    case 'NO_ANSWER':
      return letBe(moved(own, 'waiting', now, { waits: 'NO_ANSWER' }));
    default:
      return letBe(moved(own, 'waiting', now, { waits: 'NOT_REGISTERED' }));
  }
}

function noted(own: DeviceRotation, waits: RotationWait): RotationMove | undefined {
  return own.waits === waits ? undefined : { after: { ...own, waits } };
}

/** `pending`, `waiting`, `unreachable`: it is asked as soon as all of that is so that it takes. */
function untold(own: DeviceRotation, facts: RotationFacts, ground: RotationGround, now: Instant): RotationMove | undefined {
  if (ground.openedAt === undefined) return undefined;
  if (!mayBeAsked(own, facts, ground, now)) return isPast(own, ground, now) ? unreachable(own, ground, now) : undefined;
  const { unfit, identities, session } = facts;
  const why = unfit && `${unfit.code}: ${unfit.detail}`;
  if (why !== undefined) return own.asked > 0 ? failed(own, 'Refused', why, now) : settled(own, 'skipped', now, { detail: why });
  const first = own.asked === 0 ? { before: identities, sessionsBefore: begunBefore(session) } : {};
  return { ...moved(own, 'asked', now, { ...first, asked: own.asked + 1, waits: 'ANSWER' }), order: 'ask' };
}

/** One that is under way now may be the one for which it is asked. */
const begunBefore = (session: RotationFacts['session']): number => (session?.count ?? 0) - (session?.state === 'writing' ? 1 : 0);

function mayBeAsked(own: DeviceRotation, facts: RotationFacts, { open, hasRoom }: RotationGround, now: Instant): boolean {
  if (open !== true || !hasRoom || facts.reach !== 'LISTENS' || own.comesAlone || facts.isUpdating) return false;
  if (own.asked === 0) return true;
  // It was not there. As soon as it is there, nothing was in vain.
  if (own.waits === 'NO_ANSWER') return facts.heardAt !== undefined && facts.heardAt > own.since;
  return now >= own.since + COMES_WITHIN * 2 ** Math.min(own.asked - 1, MOST_DOUBLINGS);
}

const isPast = (own: DeviceRotation, { openedAt, limits }: RotationGround, now: Instant): boolean =>
  own.state !== 'unreachable' && openedAt !== undefined && now >= openedAt + limits.deadlines.request;

function unreachable(own: DeviceRotation, { openedAt = own.since }: RotationGround, now: Instant): RotationMove {
  const detail = `has not come since its stage opened ${isoOf(openedAt)}`;
  return freed(own, moved(own, 'unreachable', now, { detail }));
}

/** What such a device waits for, for people: what the rotation says comes before what the device says. */
export function rotationWait(
  own: DeviceRotation,
  { reach, isUpdating }: Pick<RotationFacts, 'reach' | 'isUpdating'>,
  { open, hasRoom }: RotationGround,
): RotationWait {
  if (own.state === 'asked' || own.state === 'given') return own.waits ?? 'ANSWER';
  if (open !== true) return open;
  if (own.comesAlone) return 'OWN_REQUEST';
  if (isUpdating) return 'UPDATE';
  if (reach !== 'LISTENS') return own.waits === 'NO_ANSWER' || own.waits === 'SESSION_FAILED' ? own.waits : reach;
  return own.waits ?? (hasRoom ? 'ASLEEP' : 'IN_FLIGHT');
}

/** What is still open when the rotation ends. */
export function rotationEnded(own: DeviceRotation, now: Instant): DeviceRotation {
  const { state } = own;
  const failure = state === 'suspect' ? 'SuspectedBrick' : state === 'unreachable' ? 'Unreachable' : undefined;
  return failure ? { ...own, state: 'failed', since: now, failure } : { ...own, state: 'cancelled', since: now };
}

const abortText = ({ state }: DeviceRotation): string =>
  state === 'given' || state === 'suspect' ? 'aborted: it has another key, which counts as soon as it shows it' : 'aborted';

function moved(
  { waits: _, detail: __, ...own }: DeviceRotation,
  state: RotationState,
  now: Instant,
  change: Partial<DeviceRotation>,
): RotationMove {
  return { after: { ...own, state, since: now, ...change } };
}

function settled(own: DeviceRotation, state: RotationState, now: Instant, change: Partial<DeviceRotation> = {}): RotationMove {
  return freed(own, moved(own, state, now, change));
}

function failed(own: DeviceRotation, failure: FailureClass, detail: string, now: Instant): RotationMove {
  return moved(own, 'failed', now, { failure, detail });
}

const letBe = (move: RotationMove): RotationMove => ({ ...move, order: 'let-be' });

/** Somebody who was asked is waited for no more. */
const freed = ({ state }: DeviceRotation, move: RotationMove): RotationMove => (state === 'asked' ? letBe(move) : move);
