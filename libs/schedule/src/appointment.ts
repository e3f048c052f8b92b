import { DAY, HOUR, MINUTE, SECOND, type Instant } from '@drover/kernel';
import { SAME_WAKE_UP, type ContactPattern } from './contact-pattern.ts';

/**
 * How a sleeper is asked to wake up at another time. By its Lifetime (`/1/x/1`), which every client has and which makes it send
 * an Update before it ends; or by Disable (`/1/x/4`), which makes it de-register, keep silent for `/1/x/5`, and register anew.
 */
export type AppointmentMeans = 'lifetime' | 'disable';

interface Asked {
  readonly campaign: string;
  readonly askedAt: Instant;
  readonly at: Instant;
  /** Of Object 1. */
  readonly instance: number;
  /** Writes so far that were to give back what was before; absent while it is waited for. */
  readonly restores?: number;
  /** Made before a transfer that may be cut off, so that the device comes back soon if it is; called off when it comes through. */
  readonly isPrecaution?: boolean;
}

export interface AskedByLifetime extends Asked {
  readonly means?: 'lifetime';
  /** As written for it, and as it was before, s. */
  readonly lifetimeS: number;
  readonly lifetimeBefore: number;
}

export interface AskedByDisable extends Asked {
  readonly means: 'disable';
  /** Disable Timeout as it was, s; absent until it has been read, and before that nothing is written. */
  readonly timeoutBefore?: number;
}

/** A sleeper that has been asked; afterwards it gets back what was written over. */
export type Appointment = AskedByLifetime | AskedByDisable;

/** Most clients update this long before their lifetime ends: what a lost Update takes to be given up (RFC 7252, MAX_TRANSMIT_WAIT). */
const LEAD_MS = 93 * SECOND;
const [LEAST_MS, MOST_MS] = [10 * MINUTE, 5 * DAY];
/** A device comes to its appointment if it comes this near to it. */
export const APPOINTMENT_GRACE_MS = 15 * MINUTE;
/** Writes to give a lifetime back that come to nothing, after which a person is told. */
export const MOST_RESTORES = 5;

/**
 * Lifetime to be written so that the device wakes up at `at`, s. A client that wakes up each time a part of its lifetime has
 * passed does so with another lifetime too; any other one is taken to wake up shortly before the end.
 */
export function lifetimeUntil(
  at: number,
  now: number,
  { lifetimeS, pattern }: { lifetimeS: number; pattern: ContactPattern | undefined },
): number {
  const wait = waitMs(at, now);
  const part = (pattern?.periodMs ?? 0) / (lifetimeS * SECOND);
  const isPart = part >= 0.5 && part < 0.97;
  return Math.round((isPart ? wait / part : wait + LEAD_MS) / SECOND);
}

/** Disable Timeout to be written so that the device registers anew at `at`, s. */
export function disableUntil(at: number, now: number): number {
  return Math.round(waitMs(at, now) / SECOND);
}

function waitMs(at: number, now: number): number {
  return Math.min(Math.max(at - now, LEAST_MS), MOST_MS);
}

/** After a transfer should have ended; how much sooner that must be than the device's own wake-up; chance of a loss from which on it pays. */
const [BACK_AFTER_MS, WORTH_ASKING_MS, RISK] = [15 * MINUTE, HOUR, 0.1];

/**
 * When a sleeper should come back if its transfer is cut off: afterwards it could not be asked any more. Undefined where that
 * is unlikely, where it comes by itself nearly as soon, or too late. `sessionMs`: mean time after which a session is lost.
 */
export function precautionAt(
  { from, until }: { readonly from: number; readonly until: number },
  { sessionMs, endsAt, wakesAt }: { sessionMs: number; endsAt: number; wakesAt: (at: number) => number },
): number | undefined {
  const at = until + BACK_AFTER_MS;
  const isRisky = 1 - Math.exp(-(until - from) / sessionMs) >= RISK;
  return isRisky && at < endsAt && wakesAt(at) - at >= WORTH_ASKING_MS ? at : undefined;
}

/** What a contact says of an appointment: that it still stands, that it was kept or missed, or that the old lifetime is back. */
export type AppointmentTurn = 'stands' | 'kept' | 'missed' | 'restore' | 'restored' | 'given-up';

export function appointmentTurn(
  appointment: Appointment,
  { at, lifetimeS, isTransferring = false }: { at: Instant; lifetimeS: number | undefined; isTransferring?: boolean },
): AppointmentTurn {
  const { askedAt, at: due, restores, isPrecaution } = appointment;
  if (restores === undefined) {
    // A change of lifetime is told with an Update at once (Core section 6.2.2): that is no wake-up.
    if (at - askedAt < SAME_WAKE_UP) return 'stands';
    // It has come before there was need: nobody failed to come.
    if (isPrecaution && at < due - APPOINTMENT_GRACE_MS) return isTransferring ? 'stands' : 'restore';
    return Math.abs(at - due) <= APPOINTMENT_GRACE_MS ? 'kept' : 'missed';
  }
  // Of a Disable Timeout no contact tells: the answer to the write does.
  if (appointment.means !== 'disable' && lifetimeS === appointment.lifetimeBefore) return 'restored';
  return restores >= MOST_RESTORES ? 'given-up' : 'restore';
}

/** How devices of one kind have answered so far. */
export interface AppointmentRecord {
  readonly kept: number;
  readonly missed: number;
  readonly refused: number;
  /** Asked, and not yet due or heard of. */
  readonly open: number;
}

/** Devices of a kind that nobody knows yet which are asked before the first of them has come. */
const PROBES = 20;

/** Whether another device of this kind may be asked: some clients have no such resource, and some write it down and do nothing. */
export function mayAskKind({ kept, missed, refused, open }: AppointmentRecord): boolean {
  if (kept === 0) return refused < 2 && missed < 5 && open < PROBES;
  return refused + missed <= 10 + kept;
}
