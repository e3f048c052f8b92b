import { MINUTE } from '@drover/kernel';

/** What was seen of one carrier within a minute. */
export interface CarrierMinute {
  /** Blocks that were answered. */
  readonly samples: number;
  /** Median of block time over what the model expects at that pace; 1 and more. */
  readonly inflation: number;
  /** Part of the requests that came twice, 0–1. */
  readonly duplicates: number;
  /** Sessions lost. */
  readonly lost: number;
  /** Airtime used, as a part of what was allowed, 0–1. */
  readonly utilisation: number;
  /** Share of the carrier that firmware was promised at that time, 0–1. */
  readonly contract: number;
}

/** What has been found out about a carrier: two floats. A part of the contract, so that its profile over the day stays in. */
export interface CarrierCapacity {
  /** Part of the contract that is used now, 0–1. */
  readonly part: number;
  /** Until when it does not grow, ms. */
  readonly heldUntil: number;
}

/** What is known of a carrier before its first minute. */
export type CellKnowledge = 'contract' | 'cell-only' | 'no-cell';

/** No carrier is taken for less, or nothing would ever show that it has recovered. */
export const LEAST_SHARE = 0.05;
const FIRST_SHARE: Readonly<Record<Exclude<CellKnowledge, 'contract'>, number>> = { 'cell-only': 0.25, 'no-cell': 0.1 };

/** A median of fewer blocks says nothing; poor coverage answers four a minute. */
export const FEWEST_SAMPLES = 4;
/**
 * From here on a carrier is congested. The study has 1.5, a cut to 0.7, five minutes of hold and 0.02 a minute: there a
 * carrier may be half above what it has for ever, and is above it again a quarter of an hour after each cut. Two lost sessions
 * a minute, as it has it, also come about by chance where sixty are paced side by side.
 */
const CONGESTED = { inflation: 1.08, duplicates: 0.1, lost: 4 } as const;
/** Below this there is room. */
const CLEAR_INFLATION = 1.04;
/** The study has 0.8: where the share holds one transfer and a half, one is all that is ever asked for, and it would never grow. */
const BUSY_UTILISATION = 0.5;
/** A congested carrier is cut to a little below what it has shown that it carries, but at most by half at a time; by `blind` where block times say nothing. */
const CUT = { below: 0.92, most: 0.5, blind: 0.7 } as const;
/** After a cut it is not tried again for so long. */
const HOLD_MS = 60 * MINUTE;
/** After a cut the next one waits this long: what was asked for before is still on the air. */
const SETTLING_MS = 2 * MINUTE;
/** Of the contract, a minute. */
const GROWTH = 0.02;

const clamp = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, value));

export function firstCapacity(knowledge: CellKnowledge, contract: number): CarrierCapacity {
  const part = knowledge === 'contract' ? 1 : Math.min(1, FIRST_SHARE[knowledge] / contract);
  return { part, heldUntil: 0 };
}

/**
 * Share of the carrier that firmware may take now: never above the contract (0–1), never below 0.05 of a carrier whose
 * contract is larger. What an operator tells can only lower it.
 */
export function shareOf({ part }: CarrierCapacity, contract: number, told = 1): number {
  return Math.min(contract, told, Math.max(LEAST_SHARE, part * contract));
}

/**
 * Learns from a minute: additive increase while the carrier is busy and its blocks are on time, multiplicative decrease when
 * they are late, repeated or lost. A worse minute never gives a larger share.
 */
export function learnCapacity(capacity: CarrierCapacity, minute: CarrierMinute, now: number): CarrierCapacity {
  const cut = cutOf(minute);
  if (cut < 1) return cutBy(capacity, { cut, contract: minute.contract }, now);
  const { part, heldUntil } = capacity;
  const { samples, inflation, utilisation } = minute;
  if (samples < FEWEST_SAMPLES || now < heldUntil || inflation >= CLEAR_INFLATION || utilisation <= BUSY_UTILISATION) return capacity;
  return { part: Math.min(1, part + GROWTH), heldUntil };
}

/** Factor by which a minute cuts; 1 if it does not. */
function cutOf({ samples, inflation, duplicates, lost }: CarrierMinute): number {
  const isEnough = samples >= FEWEST_SAMPLES;
  const late = isEnough && inflation > CONGESTED.inflation ? clamp(CUT.below / inflation, CUT.most, 1) : 1;
  const blind = lost >= CONGESTED.lost || (isEnough && duplicates > CONGESTED.duplicates) ? CUT.blind : 1;
  return Math.min(late, blind);
}

function cutBy(capacity: CarrierCapacity, { cut, contract }: { cut: number; contract: number }, now: number): CarrierCapacity {
  const { part, heldUntil } = capacity;
  if (now < heldUntil - HOLD_MS + SETTLING_MS) return capacity;
  return { part: Math.min(part, Math.max(part * cut, LEAST_SHARE / contract)), heldUntil: now + HOLD_MS };
}
