import { MINUTE } from '@drover/kernel';

export const BIN_MS = 10 * MINUTE;
/** How far ahead airtime is promised, in bins: more than a week. */
const MOST_BINS = 1024;
/** Room of a carrier that has just been asked for airtime: ten hours, which most transfers and promises lie within. */
const FIRST_BINS = 64;

/** Name of a carrier: operator, cell and bearer; a number in simulations. */
export type CarrierKey = string | number;

/** What firmware may take of a carrier at a time, 0–1. */
export type BudgetAt = (carrier: CarrierKey, at: number) => number;

/** Airtime of one transfer that has been promised or has begun: a share of its carrier from one time to another. */
export interface Booking {
  readonly carrier: CarrierKey;
  readonly from: number;
  readonly until: number;
  /** Fraction of the carrier, 0–1. */
  readonly share: number;
}

/** What a search for airtime has to keep to. */
export interface Within {
  /** Share of the carrier beyond which the asking campaign does not go, whatever the budget, 0–1. */
  readonly atMost: number;
  readonly now: number;
}

/** A transfer that gets less than it could take is slower, and never stands still. */
const LEAST_RATE = 0.1;

/** The same airtime over another time. */
export function stretched({ carrier, from: wasFrom, until: wasUntil, share }: Booking, from: number, until: number): Booking {
  return { carrier, from, until, share: (share * (wasUntil - wasFrom)) / (until - from) };
}

interface Ring {
  /** Share times ms of each bin, in as many as have been needed so far: a power of two. Beyond them nothing is taken. */
  bins: Float64Array;
  /** Bin up to which the past has been cleared. */
  cleared: number;
}

const binOf = (at: number): number => Math.floor(at / BIN_MS);

/**
 * Airtime of each carrier over the week to come, in bins of ten minutes: what has been promised and what is under way.
 * A ring per carrier that has any: what lies behind is forgotten as time goes on. Derived: rebuilt from the bookings.
 */
export class AirtimeLedger {
  readonly #rings = new Map<CarrierKey, Ring>();
  readonly #budgetAt: BudgetAt;

  constructor(budgetAt: BudgetAt) {
    this.#budgetAt = budgetAt;
  }

  book(booking: Booking, now: number): void {
    this.#change(booking, 1, now);
  }

  release(booking: Booking, now: number): void {
    this.#change(booking, -1, now);
  }

  /** Part of the carrier that is taken at `at`, 0–1: the mean of its bin. */
  takenAt(carrier: CarrierKey, at: number): number {
    const ring = this.#rings.get(carrier);
    const bin = binOf(at);
    return ring === undefined || bin < ring.cleared ? 0 : taken(ring, bin);
  }

  /**
   * When a transfer that begins at `from` would end if in each bin it gets what is left there, and at least a tenth of its
   * rate; Infinity if that is after `limit`. With nobody else on the carrier it is `from` and its duration.
   */
  endOf({ carrier, from, until, share }: Booking, limit: number, { atMost, now }: Within): number {
    const ring = this.#ring(carrier, now);
    let left = until - from;
    for (let at = from; at < limit;) {
      const bin = binOf(at);
      const end = (bin + 1) * BIN_MS;
      const room = Math.min(atMost, this.#budgetAt(carrier, at)) - taken(ring, bin);
      const rate = Math.min(1, Math.max(LEAST_RATE, room / share));
      const part = end - at;
      if (left <= part * rate) return at + left / rate <= limit ? at + left / rate : Number.POSITIVE_INFINITY;
      left -= part * rate;
      at = end;
    }
    return Number.POSITIVE_INFINITY;
  }

  /** First booking of this size after `wanted.from`, at bin boundaries, that takes no longer than `stretch` times its duration. */
  firstGap(
    wanted: Booking,
    { before, stretch, isOpen }: { before: number; stretch: number; isOpen: (at: number) => boolean },
    within: Within,
  ): Booking | undefined {
    const duration = wanted.until - wanted.from;
    for (let from = wanted.from; from < before; from = (binOf(from) + 1) * BIN_MS) {
      if (!isOpen(from)) continue;
      const until = this.endOf({ ...wanted, from, until: from + duration }, from + stretch * duration, within);
      if (until < Number.POSITIVE_INFINITY) return stretched(wanted, from, until);
    }
    return undefined;
  }

  /** Only of what is still to come, so that what is booked late and released later comes back to nothing. */
  #change({ carrier, from: wanted, until, share }: Booking, sign: 1 | -1, now: number): void {
    const ring = this.#ring(carrier, now);
    const from = Math.max(wanted, now);
    const beyond = Math.min(binOf(until) + 1, ring.cleared + MOST_BINS);
    widen(ring, beyond - ring.cleared);
    const { bins, cleared } = ring;
    for (let bin = Math.max(binOf(from), cleared); bin * BIN_MS < until && bin < beyond; bin++) {
      const start = bin * BIN_MS;
      bins[bin % bins.length]! += sign * share * (Math.min(until, start + BIN_MS) - Math.max(from, start));
    }
  }

  #ring(carrier: CarrierKey, now: number): Ring {
    const present = binOf(now);
    let ring = this.#rings.get(carrier);
    if (ring === undefined) {
      ring = { bins: new Float64Array(FIRST_BINS), cleared: present };
      this.#rings.set(carrier, ring);
      return ring;
    }
    const { bins } = ring;
    for (let bin = Math.max(ring.cleared, present - bins.length); bin < present; bin++) bins[bin % bins.length] = 0;
    if (present > ring.cleared) ring.cleared = present;
    return ring;
  }
}

/** Part of the carrier that is taken in this bin, 0–1. */
function taken({ bins, cleared }: Ring, bin: number): number {
  return bin >= cleared + bins.length ? 0 : bins[bin % bins.length]! / BIN_MS;
}

function widen(ring: Ring, wanted: number): void {
  const { bins, cleared } = ring;
  if (wanted <= bins.length) return;
  const wider = new Float64Array(Math.min(MOST_BINS, 2 ** Math.ceil(Math.log2(wanted))));
  for (let bin = cleared; bin < cleared + bins.length; bin++) wider[bin % wider.length] = bins[bin % bins.length]!;
  ring.bins = wider;
}
