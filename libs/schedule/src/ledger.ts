/** What the transfers under way hold. Derived: rebuilt from the open updates at start. */
export interface Holding {
  readonly carrier: string;
  /** Fraction of the carrier, 0–1. */
  readonly share: number;
  /** Predicted rate on the air, bytes/s. */
  readonly bytesPerSecond: number;
  readonly campaign: string;
}

/** Shared by all campaigns: one carrier has one budget, whoever spends it. */
export class Ledger {
  readonly #holdings = new Map<string, Holding>();
  readonly #shares = new Map<string, number>();
  readonly #inFlight = new Map<string, number>();
  readonly #rates = new Map<string, number>();

  hold(attempt: string, holding: Holding): void {
    this.release(attempt);
    this.#holdings.set(attempt, holding);
    this.#change(holding, 1);
  }

  release(attempt: string): void {
    const holding = this.#holdings.get(attempt);
    if (!holding) return;
    this.#holdings.delete(attempt);
    this.#change(holding, -1);
  }

  holds(attempt: string): boolean {
    return this.#holdings.has(attempt);
  }

  shareOf(carrier: string): number {
    return this.#shares.get(carrier) ?? 0;
  }

  inFlight(campaign: string): number {
    return this.#inFlight.get(campaign) ?? 0;
  }

  bytesPerSecond(campaign: string): number {
    return this.#rates.get(campaign) ?? 0;
  }

  #change({ carrier, share, bytesPerSecond, campaign }: Holding, sign: 1 | -1): void {
    add(this.#shares, carrier, sign * share);
    add(this.#inFlight, campaign, sign);
    add(this.#rates, campaign, sign * bytesPerSecond);
  }
}

/** Drops what has come back to nothing, so that rounding never piles up. */
function add(sums: Map<string, number>, key: string, amount: number): void {
  const sum = (sums.get(key) ?? 0) + amount;
  if (Math.abs(sum) < 1e-9) sums.delete(key);
  else sums.set(key, sum);
}
