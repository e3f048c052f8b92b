import { MINUTE } from '@drover/kernel';
import { MinuteSums } from './minute-sums.ts';

export const MAX_SPREAD_MS = 10 * MINUTE;
/** Minutes that can still get something: as far as a block is spread, and as late as another process tells of it. */
const KEPT_MINUTES = 360;
/** Model and rounding of whole wall milliseconds. */
const TOLERANCE = 1.02;

/** A minute in which a carrier was used more than it may be. */
export interface OverBudget {
  readonly carrier: string;
  /** Campaign ms at which the minute starts. */
  readonly minuteAt: number;
  readonly usedMs: number;
  readonly allowedMs: number;
}

/** Airtime used per carrier and minute of campaign time, against what is allowed. */
export class AirtimeLedger {
  readonly #allowedMs: number;
  readonly #used = new MinuteSums(KEPT_MINUTES);
  #over = 0;
  #worst: OverBudget | undefined;

  /** `airtime`: allowed share of a carrier, 0–1. */
  constructor(airtime: number) {
    this.#allowedMs = airtime * MINUTE;
  }

  /** Minutes of carriers that had something on the air. */
  get minutes(): number {
    return this.#used.minutes;
  }

  /** Minutes of carriers above their budget. */
  get over(): number {
    return this.#over;
  }

  /** The fullest minute of all, above its budget or not. */
  get worst(): OverBudget | undefined {
    return this.#worst;
  }

  /** Answers the minute if this has brought it above its budget. */
  add(carrier: string, minuteAt: number, airtimeMs: number): OverBudget | undefined {
    const sum = this.#used.add(carrier, minuteAt, airtimeMs);
    const minute = { carrier, minuteAt, usedMs: Math.round(sum), allowedMs: this.#allowedMs };
    if (minute.usedMs > (this.#worst?.usedMs ?? 0)) this.#worst = minute;
    const limit = this.#allowedMs * TOLERANCE;
    if (sum <= limit || sum - airtimeMs > limit) return undefined;
    this.#over += 1;
    return minute;
  }
}
