import { HOUR, Instant, MINUTE, plus } from '@drover/kernel';

/** What is learnt of a device's wake-ups: a few numbers per device. */
export interface ContactPattern {
  readonly lastAt: Instant;
  /** Smoothed time between wake-ups, ms; undefined until two were seen. */
  readonly periodMs: number | undefined;
  /** The last wake-up that came when it was due: the others are counted from it. Absent: `lastAt`. */
  readonly dueAt?: Instant;
  /** Smoothed distance of a wake-up from its time, ms. */
  readonly jitterMs?: number;
  /** Smoothed part of the wake-ups that do not come, 0–1. */
  readonly missed?: number;
  /** Wake-ups in a row that came at no time at which one was due. */
  readonly odd?: number;
}

/** Contacts closer than this belong to one wake-up. */
export const SAME_WAKE_UP = 2 * MINUTE;
const WEIGHT = 0.3;
/** Whether wake-ups are missed shows over many of them. */
const MISS_WEIGHT = 0.05;
/** A wake-up is the one that was due if it is off by no more than this part of the period. */
const NEAR = 0.2;
/** So many odd ones in a row are a new rhythm: somebody has set the device to another. */
const NEW_RHYTHM = 3;
/** After so many missed ones nobody knows which the next one was. */
const MOST_MISSED = 20;
/** Assumed until learnt. */
export const DEFAULT_PERIOD_MS = 24 * HOUR;

/** One contact more. A reboot, an alarm or an appointment in between changes neither the period nor what is due next. */
export function learnContact(pattern: ContactPattern | undefined, at: Instant): ContactPattern {
  if (!pattern) return { lastAt: at, periodMs: undefined };
  const { lastAt, periodMs } = pattern;
  if (at - lastAt < SAME_WAKE_UP) return { ...pattern, lastAt: at };
  if (periodMs === undefined) return { lastAt: at, periodMs: at - lastAt };
  // A device that counts from when it was awake last begins anew after an odd wake-up; one that goes by the clock does not.
  const due = dueOne(pattern.dueAt ?? lastAt, periodMs, at) ?? dueOne(lastAt, periodMs, at);
  return due ? onTime(pattern, periodMs, { at, ...due }) : outOfTime(pattern, at);
}

interface Due {
  /** Periods since the last one. */
  readonly rounds: number;
  /** Later than expected, ms. */
  readonly lateMs: number;
}

function dueOne(since: Instant, periodMs: number, at: Instant): Due | undefined {
  const rounds = Math.max(1, Math.round((at - since) / periodMs));
  const lateMs = at - since - rounds * periodMs;
  return Math.abs(lateMs) <= NEAR * periodMs ? { rounds, lateMs } : undefined;
}

function onTime(pattern: ContactPattern, periodMs: number, { at, rounds, lateMs }: Due & { at: Instant }): ContactPattern {
  const { jitterMs = 0, missed = 0 } = pattern;
  const missedNow = Math.min(rounds - 1, MOST_MISSED);
  return {
    lastAt: at,
    dueAt: at,
    periodMs: periodMs + (WEIGHT * lateMs) / rounds,
    jitterMs: jitterMs + WEIGHT * (Math.abs(lateMs) - jitterMs),
    // Each that was missed, then the one that came.
    missed: (1 - (1 - missed) * (1 - MISS_WEIGHT) ** missedNow) * (1 - MISS_WEIGHT),
  };
}

function outOfTime(pattern: ContactPattern, at: Instant): ContactPattern {
  const odd = (pattern.odd ?? 0) + 1;
  if (odd >= NEW_RHYTHM) return { lastAt: at, periodMs: at - pattern.lastAt };
  return { ...pattern, lastAt: at, dueAt: pattern.dueAt ?? pattern.lastAt, odd };
}

/** First expected contact after `now`. */
export function nextContact(pattern: ContactPattern | undefined, now: Instant): Instant {
  if (!pattern) return plus(now, DEFAULT_PERIOD_MS);
  const period = Math.max(pattern.periodMs ?? DEFAULT_PERIOD_MS, MINUTE);
  const since = pattern.dueAt ?? pattern.lastAt;
  const rounds = Math.max(1, Math.floor((now - since) / period) + 1);
  return Instant(since + rounds * period);
}

/** The later of so many expected contacts and a wall-clock minimum, counted from `since`. */
export function contactDeadline(
  pattern: ContactPattern | undefined,
  since: Instant,
  { contacts, atLeast }: { contacts: number; atLeast: number },
): Instant {
  return plus(since, Math.max(contacts * (pattern?.periodMs ?? DEFAULT_PERIOD_MS), atLeast));
}
