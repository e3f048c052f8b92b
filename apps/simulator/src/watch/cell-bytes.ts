import { MinuteSums } from './minute-sums.ts';

/** Minutes that can still get something from another process. */
const KEPT_MINUTES = 360;

export interface CellMinute {
  /** Operator and cell. */
  readonly cell: string;
  readonly minuteAt: number;
  readonly bytes: number;
}

/** Bytes that have reached the devices, per cell and minute of campaign time. */
export class CellBytes {
  readonly #sums = new MinuteSums(KEPT_MINUTES);
  #total = 0;
  #busiest: CellMinute | undefined;

  get total(): number {
    return this.#total;
  }

  /** Minutes of cells in which something came. */
  get minutes(): number {
    return this.#sums.minutes;
  }

  get busiest(): CellMinute | undefined {
    return this.#busiest;
  }

  add(cell: string, minuteAt: number, amount: number): void {
    this.#total += amount;
    const bytes = this.#sums.add(cell, minuteAt, amount);
    const minute = { cell, minuteAt, bytes };
    if (this.#busiest === undefined || isBusier(minute, this.#busiest)) this.#busiest = minute;
  }
}

/** Of two alike the earlier one, whichever of them was told of first: what processes have seen comes in any order. */
function isBusier(a: CellMinute, b: CellMinute): boolean {
  if (a.bytes !== b.bytes) return a.bytes > b.bytes;
  return a.minuteAt === b.minuteAt ? a.cell < b.cell : a.minuteAt < b.minuteAt;
}

/** `operator/cell` of `operator/cell/bearer`. */
export function cellOf(carrier: string): string {
  const end = carrier.lastIndexOf('/');
  return end < 0 ? carrier : carrier.slice(0, end);
}
