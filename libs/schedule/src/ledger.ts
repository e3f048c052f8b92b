import type { Booking, CarrierKey } from './airtime-ledger.ts';
import { Carriers, type LiveTransfer } from './carriers.ts';
import { DataLedger } from './data-ledger.ts';

/** What a transfer under way holds. */
export interface Holding {
  readonly transfer: LiveTransfer;
  /** Predicted rate on the air, bytes/s. */
  readonly bytesPerSecond: number;
  /** Names under which it is counted: of its campaign, stage, site, cell, operator, APN. */
  readonly keys: readonly string[];
}

/** What a device that waits is expected to ask of its carrier; 0 ms for one of the very long transfers. */
export interface Backlog {
  readonly carrier: CarrierKey;
  readonly smallAirtimeMs: number;
}

/**
 * What transfers hold, what devices have been promised, and who waits, by update. Shared by all campaigns: one carrier has
 * one budget, whoever spends it. Derived: rebuilt from the open updates at start.
 */
export class Ledger {
  readonly carriers: Carriers;
  /** What transfers under way will still move over the air. */
  readonly data = new DataLedger();
  readonly #holdings = new Map<string, Holding>();
  readonly #promises = new Map<string, Booking>();
  readonly #backlog = new Map<string, Backlog>();
  readonly #counts = new Map<string, number>();
  readonly #rates = new Map<string, number>();

  /** Without a better word every carrier gives all it has; campaigns take less. */
  constructor(carriers = new Carriers(() => 1)) {
    this.carriers = carriers;
  }

  hold(update: string, holding: Holding, now: number): void {
    this.release(update, now);
    this.#holdings.set(update, holding);
    this.carriers.begin(holding.transfer, now);
    this.#change(holding, 1);
  }

  /** Answers the carrier that has more room now, if it held anything. */
  release(update: string, now: number): CarrierKey | undefined {
    const holding = this.#holdings.get(update);
    if (!holding) return undefined;
    this.#holdings.delete(update);
    this.carriers.end(holding.transfer, now);
    this.#change(holding, -1);
    return holding.transfer.booking.carrier;
  }

  holds(update: string): boolean {
    return this.#holdings.has(update);
  }

  /** Instead of what was promised before. */
  promise(update: string, booking: Booking | undefined, now: number): void {
    const before = this.#promises.get(update);
    if (isSame(before, booking)) return;
    if (before) this.carriers.ledger.release(before, now);
    if (booking) this.carriers.ledger.book(booking, now);
    if (booking) this.#promises.set(update, booking);
    else this.#promises.delete(update);
  }

  /** As if nothing had been promised to this one: what it is decided by must not stand in its own way. */
  without<T>(update: string, now: number, decide: () => T): T {
    const own = this.#promises.get(update);
    this.promise(update, undefined, now);
    try {
      return decide();
    } finally {
      this.promise(update, own, now);
    }
  }

  isAwaiting(update: string): boolean {
    return this.#backlog.has(update);
  }

  awaits(update: string, backlog: Backlog | undefined): void {
    const before = this.#backlog.get(update);
    if (before) this.carriers.removeWaiting(before.carrier, before.smallAirtimeMs);
    if (backlog) this.carriers.addWaiting(backlog.carrier, backlog.smallAirtimeMs);
    if (backlog) this.#backlog.set(update, backlog);
    else this.#backlog.delete(update);
  }

  /** Transfers that are counted under this name. */
  countOf(key: string): number {
    return this.#counts.get(key) ?? 0;
  }

  /** Their predicted rate on the air, bytes/s. */
  rateOf(key: string): number {
    return this.#rates.get(key) ?? 0;
  }

  #change({ bytesPerSecond, keys }: Holding, sign: 1 | -1): void {
    for (const key of keys) {
      add(this.#counts, key, sign);
      add(this.#rates, key, sign * bytesPerSecond);
    }
  }
}

function isSame(one: Booking | undefined, other: Booking | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  return one.from === other.from && one.until === other.until && one.share === other.share && one.carrier === other.carrier;
}

/** Drops what has come back to nothing, so that rounding never piles up. */
function add(sums: Map<string, number>, key: string, amount: number): void {
  const sum = (sums.get(key) ?? 0) + amount;
  if (Math.abs(sum) < 1e-9) sums.delete(key);
  else sums.set(key, sum);
}
