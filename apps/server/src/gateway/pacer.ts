import type { Duration } from '@drover/kernel';
import { paceDelay, paceFactors } from '@drover/schedule';

interface Transfer {
  readonly carrier: string;
  /** Part of the carrier at full rate, 0–1. */
  readonly share: number;
  readonly budget: number;
  /** Radio time of one block, campaign ms. */
  readonly blockMs: number;
  /** Keeps its rate; the others on its carrier yield to it. */
  readonly isFirm: boolean;
}

interface Load {
  count: number;
  firm: number;
  yielding: number;
}

/** Keeps the transfers on each carrier together within its budget by spacing their blocks. */
export class Pacer {
  readonly #transfers = new Map<string, Transfer>();
  readonly #loads = new Map<string, Load>();
  /** What carriers have beside what was agreed, where that is less. */
  readonly #shares = new Map<string, number>();

  start(attempt: string, transfer: Transfer): void {
    this.stop(attempt);
    this.#transfers.set(attempt, transfer);
    const load = this.#loads.get(transfer.carrier) ?? { count: 0, firm: 0, yielding: 0 };
    this.#loads.set(transfer.carrier, changed(load, transfer, 1));
  }

  /** From now on no more of this carrier, whatever the transfers on it may take; 1 is no limit of its own. */
  limit(carrier: string, share: number): void {
    if (share >= 1) this.#shares.delete(carrier);
    else this.#shares.set(carrier, share);
  }

  stop(attempt: string): void {
    const transfer = this.#transfers.get(attempt);
    if (!transfer) return;
    this.#transfers.delete(attempt);
    const load = this.#loads.get(transfer.carrier);
    if (!load || load.count === 1) this.#loads.delete(transfer.carrier);
    else changed(load, transfer, -1);
  }

  /** No other transfer is on its carrier. */
  isAlone(attempt: string): boolean {
    const transfer = this.#transfers.get(attempt);
    return transfer !== undefined && this.#loads.get(transfer.carrier)?.count === 1;
  }

  /** Campaign milliseconds to wait before the next block of this transfer. */
  delayFor(attempt: string): Duration {
    const transfer = this.#transfers.get(attempt);
    const load = transfer && this.#loads.get(transfer.carrier);
    if (!load) return 0 as Duration;
    const budget = Math.min(transfer.budget, this.#shares.get(transfer.carrier) ?? 1);
    const factors = paceFactors({ ...load, budget });
    return paceDelay(transfer.blockMs, transfer.isFirm ? factors.firm : factors.yielding);
  }
}

function changed(load: Load, { share, isFirm }: Transfer, sign: 1 | -1): Load {
  load.count += sign;
  load[isFirm ? 'firm' : 'yielding'] += sign * share;
  return load;
}
