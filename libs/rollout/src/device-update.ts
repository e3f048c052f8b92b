import type { Endpoint, Instant } from '@drover/kernel';
import type { FailureClass, ResumeSpec } from '@drover/campaign';
import type { Booking, LiveTransfer, WaitReason } from '@drover/schedule';
import type { RetryRules } from './retry.ts';

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

/** How one attempt ended, and what it took. */
export interface AttemptEntry {
  readonly attempt: number;
  readonly at: Instant;
  readonly outcome: 'succeeded' | 'cancelled' | FailureClass;
  readonly why: string;
  readonly sessions: number;
  readonly offset: number;
  readonly blocks: number;
  readonly bytes: number;
  readonly retransmissions: number;
  readonly awakeMs: number;
  readonly energyMah: number;
}

/** One device in one campaign, durable. Everything the engine needs to go on after a crash. */
export interface DeviceUpdate {
  readonly campaign: string;
  readonly endpoint: Endpoint;
  readonly stage: number;
  readonly state: UpdateState;
  readonly since: Instant;
  /** 0 before the first offer. A transfer that goes on after sleep or loss is the same attempt. */
  readonly attempt: number;
  /** Attempts before this one were forgiven by a person; absent: none. */
  readonly budgetFrom?: number;
  /** When that was: a device that has been silent for long has time to be heard again from then on. */
  readonly retriedAt?: Instant;
  readonly reason?: WaitReason;
  readonly reasonSince?: Instant;
  readonly backoffUntil?: Instant;
  /** Airtime of its carrier that is kept for it while it waits. */
  readonly promise?: Booking;
  /** Airtime that its transfer takes. */
  readonly transfer?: LiveTransfer;
  /** How often it came for nothing because its carrier was taken, and the last of these contacts. */
  readonly turnedAway?: number;
  readonly turnedAwayAt?: Instant;
  /** How often it has been asked to wake up at another time for this campaign. */
  readonly asked?: number;
  /** Energy of these wake-ups that no attempt has been charged with yet. */
  readonly askedMah?: number;
  /** Bytes the device is known to hold. */
  readonly offset: number;
  readonly method?: 'Pull' | 'Push';
  readonly versionBefore?: string;
  readonly versionAfter?: string;
  readonly offeredAt?: Instant;
  /** First offer of this attempt. */
  readonly attemptAt?: Instant;
  /** Update Result that was read last before Execute, absent: 0. Until it changes it says nothing about this Execute. */
  readonly resultBefore?: number;
  readonly executedAt?: Instant;
  /** Executes of this attempt, each after a read of State. */
  readonly executes?: number;
  /** First registration after Execute. */
  readonly registeredAt?: Instant;
  /** Last sign of life after Execute, and the State it told. */
  readonly answeredAt?: Instant;
  readonly answeredState?: number;
  /** Contacts at which the expected version was read, and the last of them. */
  readonly seenContacts?: number;
  readonly seenAt?: Instant;
  /** The contact at which the device was last asked for its version: that conversation is over. */
  readonly lookedAt?: Instant;
  /** Looks before the first offer that were asked for and came to nothing so far. */
  readonly looks?: number;
  readonly failure?: FailureClass;
  readonly detail?: string;
  /** How often each class has failed so far, this attempt included. */
  readonly failures: Readonly<Partial<Record<FailureClass, number>>>;
  readonly blocks: number;
  readonly bytes: number;
  readonly retransmissions: number;
  readonly sessions: number;
  /** `blocks` when this session began. */
  readonly blocksBefore?: number;
  /** Sessions in a row that brought no block. */
  readonly idleSessions?: number;
  /** Campaign ms that the device was awake for this attempt. */
  readonly awakeMs?: number;
  /** By the radio model, from what was measured. */
  readonly energyMah: number;
  /** Of this attempt, what has been charged to the device; and what all attempts of this update have been charged with, mAh. */
  readonly chargedMah?: number;
  readonly spentMah?: number;
  /** What all attempts of this update have moved over the air, both directions, bytes. */
  readonly volume?: number;
  /** The last attempts that ended, the newest last. */
  readonly log?: readonly AttemptEntry[];
}

export interface UpdateRules {
  readonly expectedVersion: string;
  readonly retry: RetryRules;
  readonly resume: ResumeSpec;
  readonly verify: { readonly afterReregistration: boolean; readonly contacts: number };
  /** How long a device may put an installation off, ms; it takes the next Execute after that. */
  readonly maximumDefer: number | undefined;
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

export function isBeforeOffer({ state }: DeviceUpdate): boolean {
  return state === 'pending' || state === 'waiting';
}

/** An attempt that sleep or loss has interrupted; a failure ends it and leaves a back-off. */
export function isInterrupted({ state, attempt, backoffUntil }: DeviceUpdate): boolean {
  return state === 'waiting' && attempt > 0 && backoffUntil === undefined;
}

/** Whether the device may hold part of this campaign's image: in flight, or interrupted and to go on. A failure lets go of it. */
export function holdsDevice(update: DeviceUpdate): boolean {
  return isInFlight(update) || isInterrupted(update);
}
