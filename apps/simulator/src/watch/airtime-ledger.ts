import { MINUTE } from '@drover/kernel';

/** A minute older than this is judged; no block is spread further back. */
const KEPT_MINUTES = 16;
export const MAX_SPREAD_MS = 10 * MINUTE;
/** Model and rounding of whole wall milliseconds. */
const TOLERANCE = 1.02;

interface Used {
  ms: number;
  isOver: boolean;
}

/** A minute in which a carrier was used more than it may be. */
export interface OverBudget {
  readonly carrier: string;
  /** Campaign ms at which the minute starts. */
  readonly minuteAt: number;
  readonly usedMs: number;
  readonly allowedMs: number;
}

/** Airtime used per carrier and minute of campaign time. */
export class AirtimeLedger {
  readonly #allowedMs: number;
  readonly #carriers = new Map<string, Map<number, Used>>();

  constructor(airtime: number) {
    this.#allowedMs = airtime * MINUTE;
  }

  /** Spreads `airtimeMs` evenly over `from`–`to`; answers the minutes that are over their budget since this block. */
  add(carrier: string, { from, to }: { from: number; to: number }, airtimeMs: number): OverBudget[] {
    const minutes = this.#carriers.get(carrier) ?? new Map<number, Used>();
    this.#carriers.set(carrier, minutes);
    const over: OverBudget[] = [];
    for (let minute = Math.floor(from / MINUTE); minute * MINUTE < to; minute++) {
      const overlap = Math.min(to, (minute + 1) * MINUTE) - Math.max(from, minute * MINUTE);
      const used = minutes.get(minute) ?? { ms: 0, isOver: false };
      minutes.set(minute, used);
      used.ms += (airtimeMs * overlap) / (to - from);
      if (used.isOver || used.ms <= this.#allowedMs * TOLERANCE) continue;
      used.isOver = true;
      over.push({ carrier, minuteAt: minute * MINUTE, usedMs: Math.round(used.ms), allowedMs: this.#allowedMs });
    }
    for (const minute of minutes.keys()) if (minute < to / MINUTE - KEPT_MINUTES) minutes.delete(minute);
    return over;
  }
}
