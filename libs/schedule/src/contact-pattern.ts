import { HOUR, Instant, MINUTE, plus } from '@drover/kernel';

/** What is learnt of a device's wake-ups: a few numbers per device. */
export interface ContactPattern {
  readonly lastAt: Instant;
  /** Smoothed time between wake-ups, ms; undefined until two were seen. */
  readonly periodMs: number | undefined;
}

/** Contacts closer than this belong to one wake-up. */
export const SAME_WAKE_UP = 2 * MINUTE;
const WEIGHT = 0.3;
/** Assumed until learnt. */
export const DEFAULT_PERIOD_MS = 24 * HOUR;

export function learnContact(pattern: ContactPattern | undefined, at: Instant): ContactPattern {
  if (!pattern) return { lastAt: at, periodMs: undefined };
  const gap = at - pattern.lastAt;
  if (gap < SAME_WAKE_UP) return { lastAt: at, periodMs: pattern.periodMs };
  const periodMs = pattern.periodMs === undefined ? gap : pattern.periodMs + WEIGHT * (gap - pattern.periodMs);
  return { lastAt: at, periodMs };
}

/** First expected contact after `now`. */
export function nextContact(pattern: ContactPattern | undefined, now: Instant): Instant {
  if (!pattern) return plus(now, DEFAULT_PERIOD_MS);
  const period = Math.max(pattern.periodMs ?? DEFAULT_PERIOD_MS, MINUTE);
  const missed = Math.max(1, Math.floor((now - pattern.lastAt) / period) + 1);
  return Instant(pattern.lastAt + missed * period);
}

/** The later of so many expected contacts and a wall-clock minimum, counted from `since`. */
export function contactDeadline(
  pattern: ContactPattern | undefined,
  since: Instant,
  { contacts, atLeast }: { contacts: number; atLeast: number },
): Instant {
  return plus(since, Math.max(contacts * (pattern?.periodMs ?? DEFAULT_PERIOD_MS), atLeast));
}
