import type { Brand } from './brand.ts';
import { DroverError } from './errors.ts';

/** A point in campaign time: milliseconds since 1970-01-01T00:00:00Z, an integer. */
export type Instant = Brand<number, 'Instant'>;

/** A length of time in milliseconds. */
export type Duration = Brand<number, 'Duration'>;

export function Instant(msSinceEpoch: number): Instant {
  return Math.round(msSinceEpoch) as Instant;
}

export function Duration(ms: number): Duration {
  return ms as Duration;
}

export const SECOND = 1000 as Duration;
export const MINUTE = 60_000 as Duration;
export const HOUR = 3_600_000 as Duration;
export const DAY = 86_400_000 as Duration;

export function plus(instant: Instant, duration: number): Instant {
  return Instant(instant + duration);
}

export function earliest(...instants: readonly (Instant | undefined)[]): Instant | undefined {
  const known = instants.filter((instant) => instant !== undefined);
  return known.length === 0 ? undefined : (Math.min(...known) as Instant);
}

export function isoOf(instant: Instant): string {
  return new Date(instant).toISOString();
}

const RFC_3339 = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2}))?$/;

/** Reads RFC 3339; a bare date is midnight UTC. Refuses anything else with `TIME_INVALID`. */
export function instantOf(text: string): Instant {
  const ms = RFC_3339.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(ms)) throw new DroverError('TIME_INVALID', 'input', `not an RFC 3339 time: "${text.slice(0, 40)}"`);
  return Instant(ms);
}

const UNIT_MS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

/** Reads `15s`, `45m`, `1h30m`, `7d`. Refuses a bare number and anything else with `DURATION_INVALID`. */
export function durationOf(text: string): Duration {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|[smhdw])/g)];
  if (parts.length === 0 || parts.map(([all]) => all).join('') !== text) {
    throw new DroverError('DURATION_INVALID', 'input', `not a duration like 15s, 45m or 7d: "${text.slice(0, 40)}"`);
  }
  return parts.reduce((sum, [, value, unit]) => sum + Number(value) * (UNIT_MS[unit ?? ''] ?? 0), 0) as Duration;
}

/** `93784000` → `1d 2h 3m 4s`, at most two units: for people. */
export function durationText(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)}ms`;
  const parts: string[] = [];
  let rest = Math.round(ms / 1000);
  for (const [unit, seconds] of [
    ['d', 86_400],
    ['h', 3600],
    ['m', 60],
    ['s', 1],
  ] as const) {
    const count = Math.floor(rest / seconds);
    rest -= count * seconds;
    if (count > 0) parts.push(`${count}${unit}`);
  }
  return parts.slice(0, 2).join(' ');
}

/** Where "now" comes from. A port: the core is handed instants, only shells ask a clock. */
export abstract class Clock {
  abstract now(): Instant;
}
