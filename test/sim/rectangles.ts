import { HOUR, MINUTE } from '@drover/kernel';
import type { SimFleet } from '@drover/schedule';

const BIN_MS = 10 * MINUTE;

/** A share of one carrier from one time to another, and nothing less at any moment of it. */
export interface Rectangle {
  readonly carrier: number;
  readonly from: number;
  readonly until: number;
  readonly share: number;
}

/** The ledger of the study: what is booked keeps its share for its whole time, in bins of ten minutes. */
export class Rectangles {
  readonly #fleet: SimFleet;
  readonly #bins: number;
  readonly #rows = new Map<number, Float32Array>();

  constructor(fleet: SimFleet, horizonMs: number) {
    this.#fleet = fleet;
    this.#bins = Math.ceil(horizonMs / BIN_MS);
  }

  budgetAt(carrier: number, at: number): number {
    const { unseen, budget } = this.#fleet;
    return (unseen?.budget ?? budget)[carrier * 24 + (Math.floor(at / HOUR) % 24)]!;
  }

  book({ carrier, from, until, share }: Rectangle, sign: 1 | -1): void {
    const row = this.#row(carrier);
    const last = Math.min(this.#bins - 1, Math.ceil(until / BIN_MS) - 1);
    for (let bin = Math.floor(from / BIN_MS); bin <= last; bin++) row[bin]! += (sign * share * overlap(bin, from, until)) / BIN_MS;
  }

  fits({ carrier, from, until, share }: Rectangle): boolean {
    const row = this.#row(carrier);
    const last = Math.min(this.#bins - 1, Math.ceil(until / BIN_MS) - 1);
    for (let bin = Math.floor(from / BIN_MS); bin <= last; bin++) {
      const taken = (share * overlap(bin, from, until)) / BIN_MS;
      // A transfer that is alone fits whatever the budget: the study says that those are what pacing has to slow.
      const isAlone = row[bin]! < 1e-4;
      if (!isAlone && row[bin]! + taken > this.budgetAt(carrier, bin * BIN_MS) + 1e-6) return false;
    }
    return true;
  }

  /** First place for this rectangle from its time on, at bins, before `before`. */
  firstGap(wanted: Rectangle, before: number, isOpen: (at: number) => boolean): Rectangle | undefined {
    const length = wanted.until - wanted.from;
    for (let from = wanted.from; from < before; from = (Math.floor(from / BIN_MS) + 1) * BIN_MS) {
      const placed = { ...wanted, from, until: from + length };
      if (isOpen(from) && this.fits(placed)) return placed;
    }
    return undefined;
  }

  #row(carrier: number): Float32Array {
    let row = this.#rows.get(carrier);
    if (!row) this.#rows.set(carrier, (row = new Float32Array(this.#bins)));
    return row;
  }
}

function overlap(bin: number, from: number, until: number): number {
  return Math.min(until, (bin + 1) * BIN_MS) - Math.max(from, bin * BIN_MS);
}
