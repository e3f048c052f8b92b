import { HOUR, type Instant } from '@drover/kernel';
import { BIN_MS, isKnownCarrier, UNKNOWN_CELL_FACTOR, type CarrierTransfers, type LoadOf } from '@drover/schedule';
import type { EngineState } from '../engine/engine-state.ts';
import { largestAirtime } from '../engine/largest-airtime.ts';

/** Hours ahead that are looked at. */
export const HOURS_AHEAD = 6;
/** Part of the budget from which on a cell is hot, now or in one of the hours ahead. */
const HOT = 0.8;

export interface Cell extends Pick<LoadOf, 'waiting' | 'live' | 'isCrowded'> {
  readonly carrier: string;
  readonly isKnown: boolean;
  /** Shares at full rate, and what they may take together, 0–1 and more. */
  readonly used: number;
  readonly budget: number;
  /** Promised or taken by the hour from now on, 0–1. */
  readonly promised: readonly number[];
  readonly isHot: boolean;
  /** What transfers on it have shown. */
  readonly transfers: CarrierTransfers | undefined;
}

/** Each carrier that is used or waited for, the fullest first. A cell a step. */
export function* cellsOf(state: Pick<EngineState, 'ledger' | 'campaigns' | 'carriers'>, now: Instant): Generator<void, Cell[]> {
  const { carriers } = state.ledger;
  const airtime = largestAirtime(state);
  const cells: Cell[] = [];
  for (const load of carriers.loads()) {
    cells.push(cellOf(load, state, { airtime, now }));
    yield;
  }
  return cells.sort((a, b) => fullness(b) - fullness(a) || b.waiting - a.waiting || (a.carrier < b.carrier ? -1 : 1));
}

function cellOf(
  { carrier: key, firm, yielding, ...load }: LoadOf,
  { ledger: { carriers }, carriers: records }: Pick<EngineState, 'ledger' | 'carriers'>,
  { airtime, now }: { airtime: number; now: Instant },
): Cell {
  const carrier = String(key);
  const isKnown = isKnownCarrier(carrier);
  const budget = Math.min(carriers.budgetAt(key, now), airtime * (isKnown ? 1 : UNKNOWN_CELL_FACTOR));
  const used = firm + yielding;
  const promised = Array.from({ length: HOURS_AHEAD }, (_, hour) => meanTaken(now + hour * HOUR, (at) => carriers.ledger.takenAt(key, at)));
  const isHot = load.isCrowded || Math.max(used, ...promised) >= HOT * budget;
  return {
    carrier,
    isKnown,
    waiting: load.waiting,
    live: load.live,
    isCrowded: load.isCrowded,
    used,
    budget,
    promised,
    isHot,
    transfers: records.get(carrier)?.transfers,
  };
}

function meanTaken(from: number, takenAt: (at: number) => number): number {
  let sum = 0;
  for (let at = from; at < from + HOUR; at += BIN_MS) sum += takenAt(at);
  return (sum * BIN_MS) / HOUR;
}

function fullness({ used, budget }: Cell): number {
  return used / Math.max(budget, 1e-6);
}
