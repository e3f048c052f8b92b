import type { Duration } from '@drover/kernel';
import { paceDelay } from '@drover/schedule';

interface Transfer {
  readonly carrier: string;
  readonly share: number;
  readonly budget: number;
  /** Radio time of one block, campaign ms. */
  readonly blockMs: number;
}

/** Keeps the transfers on each carrier together within its budget by spacing their blocks. */
export class Pacer {
  readonly #transfers = new Map<string, Transfer>();
  readonly #shares = new Map<string, number>();

  start(attempt: string, transfer: Transfer): void {
    this.stop(attempt);
    this.#transfers.set(attempt, transfer);
    this.#shares.set(transfer.carrier, (this.#shares.get(transfer.carrier) ?? 0) + transfer.share);
  }

  stop(attempt: string): void {
    const transfer = this.#transfers.get(attempt);
    if (!transfer) return;
    this.#transfers.delete(attempt);
    const rest = (this.#shares.get(transfer.carrier) ?? 0) - transfer.share;
    if (rest < 1e-9) this.#shares.delete(transfer.carrier);
    else this.#shares.set(transfer.carrier, rest);
  }

  /** Campaign milliseconds to wait before the next block of this transfer. */
  delayFor(attempt: string): Duration {
    const transfer = this.#transfers.get(attempt);
    return transfer ? paceDelay(transfer.blockMs, this.#shares.get(transfer.carrier) ?? 0, transfer.budget) : (0 as Duration);
  }
}
