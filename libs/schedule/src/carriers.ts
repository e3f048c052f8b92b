import { HOUR } from '@drover/kernel';
import { AirtimeLedger, type Booking, type BudgetAt } from './airtime-ledger.ts';

/** Small transfers waiting on a carrier, in hours of all that it may carry, above which the very long ones let them go first. */
const CROWDED_HOURS = 8;
/** What a carrier gives over a day, as a part: readings at midnight, a quiet night. */
const USUAL_BUDGET = 0.45;
/** Devices that wait for a carrier from which on its airtime has a price, and at which the price is full. */
const [PRICED_FROM, PRICED_FULL] = [20, 200];

/** A transfer under way. A firm one keeps its rate; the others yield to it. */
export interface LiveTransfer {
  readonly booking: Booking;
  /** Part of the carrier at full rate, 0–1. */
  readonly share: number;
  readonly isFirm: boolean;
}

/** What every decision about a carrier looks at: who is on it, who has been promised what, and who waits. Derived, over all campaigns. */
export class Carriers {
  readonly ledger: AirtimeLedger;
  readonly budgetAt: BudgetAt;
  readonly #firm: number[] = [];
  readonly #yielding: number[] = [];
  readonly #live: number[] = [];
  readonly #waiting: number[] = [];
  readonly #smallAirtime: number[] = [];

  constructor(budgetAt: BudgetAt) {
    this.budgetAt = budgetAt;
    this.ledger = new AirtimeLedger(budgetAt);
  }

  begin(transfer: LiveTransfer, now: number): void {
    if (transfer.isFirm) this.ledger.book(transfer.booking, now);
    this.#changeLive(transfer, 1);
  }

  end(transfer: LiveTransfer, now: number): void {
    if (transfer.isFirm) this.ledger.release(transfer.booking, now);
    this.#changeLive(transfer, -1);
  }

  /** Sum of the shares of firm transfers, 0–1 and more. */
  firmOn(carrier: number): number {
    return this.#firm[carrier] ?? 0;
  }

  demandOn(carrier: number): number {
    return this.firmOn(carrier) + (this.#yielding[carrier] ?? 0);
  }

  /** A device waits for its turn; `airtimeMs` is what it is expected to take unless that is one of the long ones. */
  addWaiting(carrier: number, airtimeMs: number): void {
    this.#waiting[carrier] = (this.#waiting[carrier] ?? 0) + 1;
    this.#smallAirtime[carrier] = (this.#smallAirtime[carrier] ?? 0) + airtimeMs;
  }

  removeWaiting(carrier: number, airtimeMs: number): void {
    this.#waiting[carrier] = (this.#waiting[carrier] ?? 0) - 1;
    this.#smallAirtime[carrier] = (this.#smallAirtime[carrier] ?? 0) - airtimeMs;
  }

  /** 0 where few wait, 1 where many do. */
  scarcity(carrier: number): number {
    const waiting = this.#waiting[carrier] ?? 0;
    return waiting <= PRICED_FROM ? 0 : Math.min(1, waiting / PRICED_FULL);
  }

  isCrowded(carrier: number): boolean {
    return (this.#smallAirtime[carrier] ?? 0) / USUAL_BUDGET > CROWDED_HOURS * HOUR;
  }

  #changeLive({ booking: { carrier }, share, isFirm }: LiveTransfer, sign: 1 | -1): void {
    const live = (this.#live[carrier] ?? 0) + sign;
    this.#live[carrier] = live;
    const sums = isFirm ? this.#firm : this.#yielding;
    sums[carrier] = (sums[carrier] ?? 0) + sign * share;
    // Nobody left: whatever rounding has piled up goes with them.
    if (live === 0) this.#firm[carrier] = this.#yielding[carrier] = 0;
  }
}
