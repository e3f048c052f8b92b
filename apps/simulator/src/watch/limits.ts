import { DAY, MINUTE } from '@drover/kernel';

/** Open every day from a minute of the device's local day, for so long. */
export interface DailyWindow {
  readonly startMinute: number;
  readonly durationMs: number;
}

/** What a campaign allows, as the observer judges it; handed over apart from the campaign itself. */
export interface Limits {
  readonly downloadWindow?: DailyWindow;
  readonly installWindow?: DailyWindow;
  /** Fraction, 0–1. */
  readonly minBatteryLevel: number;
  /** Worst coverage enhancement level that may download, 0–3. */
  readonly maxCoverage?: number;
  /** Share of one carrier's airtime, 0–1. */
  readonly airtime: number;
  /** Of the one image that may be installed, `sha256:…`. */
  readonly digest?: string;
  /** More of them, where there is more than one. */
  readonly digests?: readonly string[];
  /** How late a datagram may reach a device on this machine, wall ms. */
  readonly deliveryMs?: number;
}

export const NO_LIMITS: Limits = { minBatteryLevel: 0, airtime: 1 };

export function isOpen(window: DailyWindow | undefined, utcOffsetMinutes: number, at: number): boolean {
  if (window === undefined) return true;
  const sinceStart = at + (utcOffsetMinutes - window.startMinute) * MINUTE;
  return ((sinceStart % DAY) + DAY) % DAY < window.durationMs;
}
