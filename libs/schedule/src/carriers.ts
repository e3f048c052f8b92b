import { HOUR } from '@drover/kernel';
import { DEFAULT_COST_MODEL, type CostModel } from './cost-model.ts';
import type { Coverage } from './radio-model.ts';
import { transferCost, type TransferLink } from './transfer-cost.ts';
import { AirtimeLedger, type Booking, type BudgetAt, type CarrierKey } from './airtime-ledger.ts';

/** Transfers from this coverage level on are so long that they let the others go first where a carrier is crowded. */
export const LONGEST_FROM: Coverage = 2;
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

/** Of one carrier, over all campaigns. */
interface Load {
  firm: number;
  yielding: number;
  live: number;
  waiting: number;
  smallAirtimeMs: number;
}

/** One carrier as it is now, for looking at. */
export interface LoadOf extends Readonly<Omit<Load, 'smallAirtimeMs'>> {
  readonly carrier: CarrierKey;
  readonly isCrowded: boolean;
}

const NONE: Readonly<Load> = { firm: 0, yielding: 0, live: 0, waiting: 0, smallAirtimeMs: 0 };

/** What a device that waits is expected to take of its carrier, ms; 0 for one of the very long transfers, which nobody waits for. */
export function smallAirtimeMs(bytes: number, link: TransferLink, model: CostModel = DEFAULT_COST_MODEL): number {
  return link.ce >= LONGEST_FROM ? 0 : transferCost(bytes, link, { model }).airtime;
}

/** What every decision about a carrier looks at: who is on it, who has been promised what, and who waits. Derived, over all campaigns. */
export class Carriers {
  readonly ledger: AirtimeLedger;
  readonly budgetAt: BudgetAt;
  readonly #loads = new Map<CarrierKey, Load>();

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
  firmOn(carrier: CarrierKey): number {
    return this.#of(carrier).firm;
  }

  demandOn(carrier: CarrierKey): number {
    const { firm, yielding } = this.#of(carrier);
    return firm + yielding;
  }

  /** A device waits for its turn; what it is expected to take by `smallAirtimeMs`. */
  addWaiting(carrier: CarrierKey, airtimeMs: number): void {
    const load = this.#kept(carrier);
    load.waiting += 1;
    load.smallAirtimeMs += airtimeMs;
  }

  removeWaiting(carrier: CarrierKey, airtimeMs: number): void {
    const load = this.#kept(carrier);
    load.waiting -= 1;
    load.smallAirtimeMs = load.waiting === 0 ? 0 : load.smallAirtimeMs - airtimeMs;
    this.#forgetIfNothing(carrier, load);
  }

  /** 0 where few wait, 1 where many do. */
  scarcity(carrier: CarrierKey): number {
    const { waiting } = this.#of(carrier);
    return waiting <= PRICED_FROM ? 0 : Math.min(1, waiting / PRICED_FULL);
  }

  isCrowded(carrier: CarrierKey): boolean {
    return this.#of(carrier).smallAirtimeMs / USUAL_BUDGET > CROWDED_HOURS * HOUR;
  }

  /** Each carrier that somebody uses or waits for. */
  *loads(): Generator<LoadOf> {
    for (const [carrier, { firm, yielding, live, waiting }] of this.#loads)
      yield { carrier, firm, yielding, live, waiting, isCrowded: this.isCrowded(carrier) };
  }

  #of(carrier: CarrierKey): Readonly<Load> {
    return this.#loads.get(carrier) ?? NONE;
  }

  #kept(carrier: CarrierKey): Load {
    let load = this.#loads.get(carrier);
    if (!load) this.#loads.set(carrier, (load = { ...NONE }));
    return load;
  }

  #changeLive({ booking: { carrier }, share, isFirm }: LiveTransfer, sign: 1 | -1): void {
    const load = this.#kept(carrier);
    load.live += sign;
    load[isFirm ? 'firm' : 'yielding'] += sign * share;
    // Nobody left: whatever rounding has piled up goes with them.
    if (load.live === 0) load.firm = load.yielding = 0;
    this.#forgetIfNothing(carrier, load);
  }

  #forgetIfNothing(carrier: CarrierKey, { live, waiting }: Load): void {
    if (live === 0 && waiting === 0) this.#loads.delete(carrier);
  }
}
