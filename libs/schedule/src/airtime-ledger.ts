import { MINUTE } from '@drover/kernel';

export const BIN_MS = 10 * MINUTE;
/** A week ahead. */
const BINS = 1008;

/** What firmware may take of a carrier at a time, 0–1. */
export type BudgetAt = (carrier: number, at: number) => number;

/** Airtime of one transfer that has been promised or has begun: a share of its carrier from one time to another. */
export interface Booking {
  readonly carrier: number;
  readonly from: number;
  readonly until: number;
  /** Fraction of the carrier, 0–1. */
  readonly share: number;
}

/** A transfer that gets less than it could take is slower, and never stands still. */
const LEAST_RATE = 0.1;

/** The same airtime over another time. */
export function stretched({ carrier, from: wasFrom, until: wasUntil, share }: Booking, from: number, until: number): Booking {
  return { carrier, from, until, share: (share * (wasUntil - wasFrom)) / (until - from) };
}

/**
 * Airtime of each carrier over the week to come, in bins of ten minutes: what has been promised and what is under way.
 * A ring per carrier that has any: what lies behind is forgotten as time goes on. Derived: rebuilt from the bookings.
 */
export class AirtimeLedger {
  readonly #rings: (Float64Array | undefined)[] = [];
  /** Bin up to which each ring has been cleared of the past. */
  readonly #cleared: number[] = [];
  readonly #budgetAt: BudgetAt;

  constructor(budgetAt: BudgetAt) {
    this.#budgetAt = budgetAt;
  }

  book(booking: Booking, now: number): void {
    this.#change(booking, 1, now);
  }

  /** Only what is still to come is given back. */
  release(booking: Booking, now: number): void {
    this.#change(booking.from < now ? { ...booking, from: now } : booking, -1, now);
  }

  /** Part of the carrier that is taken at `at`, 0–1: the mean of its bin. */
  takenAt(carrier: number, at: number): number {
    const ring = this.#rings[carrier];
    return ring === undefined || !this.#isKept(carrier, Math.floor(at / BIN_MS)) ? 0 : ring[Math.floor(at / BIN_MS) % BINS]! / BIN_MS;
  }

  /**
   * When a transfer that begins at `from` would end if in each bin it gets what is left there, and at least a tenth of its
   * rate; `limit` ends the search. With nobody else on the carrier that is `from` and its duration.
   */
  endOf({ carrier, from, until, share }: Booking, { limit, now }: { limit: number; now: number }): number {
    const ring = this.#ring(carrier, now);
    const present = Math.floor(now / BIN_MS);
    let left = until - from;
    for (let at = from; at < limit;) {
      const bin = Math.floor(at / BIN_MS);
      const end = (bin + 1) * BIN_MS;
      const taken = bin - present >= BINS ? 0 : ring[bin % BINS]! / BIN_MS;
      const rate = Math.min(1, Math.max(LEAST_RATE, (this.#budgetAt(carrier, at) - taken) / share));
      const part = end - at;
      if (left <= part * rate) return at + left / rate;
      left -= part * rate;
      at = end;
    }
    return Number.POSITIVE_INFINITY;
  }

  /** First booking of this size after `wanted.from`, at bin boundaries, that takes no longer than `stretch` times its duration. */
  firstGap(wanted: Booking, { before, stretch, isOpen, now }: { before: number; stretch: number; isOpen: (at: number) => boolean; now: number }): Booking | undefined {
    const duration = wanted.until - wanted.from;
    for (let from = wanted.from; from < before; from = (Math.floor(from / BIN_MS) + 1) * BIN_MS) {
      if (!isOpen(from)) continue;
      const until = this.endOf({ ...wanted, from, until: from + duration }, { limit: from + stretch * duration, now });
      if (until < Number.POSITIVE_INFINITY) return stretched(wanted, from, until);
    }
    return undefined;
  }

  #change({ carrier, from, until, share }: Booking, sign: 1 | -1, now: number): void {
    const ring = this.#ring(carrier, now);
    const last = Math.floor(now / BIN_MS) + BINS;
    for (let bin = Math.floor(from / BIN_MS); bin * BIN_MS < until && bin < last; bin++) {
      const start = bin * BIN_MS;
      const part = Math.min(until, start + BIN_MS) - Math.max(from, start);
      ring[bin % BINS]! += sign * share * part;
    }
  }

  #isKept(carrier: number, bin: number): boolean {
    const cleared = this.#cleared[carrier] ?? 0;
    return bin >= cleared && bin < cleared + BINS;
  }

  #ring(carrier: number, now: number): Float64Array {
    const present = Math.floor(now / BIN_MS);
    let ring = this.#rings[carrier];
    if (ring === undefined) {
      ring = new Float64Array(BINS);
      this.#rings[carrier] = ring;
      this.#cleared[carrier] = present;
      return ring;
    }
    const from = Math.max(this.#cleared[carrier]!, present - BINS);
    for (let bin = from; bin < present; bin++) ring[bin % BINS] = 0;
    if (present > this.#cleared[carrier]!) this.#cleared[carrier] = present;
    return ring;
  }
}
