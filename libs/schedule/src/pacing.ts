import { HOUR, type Duration } from '@drover/kernel';

/** What is under way on a carrier: sums of shares at full rate, and what they may take together, all 0–1 and more. */
export interface CarrierLoad {
  readonly firm: number;
  readonly yielding: number;
  readonly budget: number;
}

/** How much slower than at full rate the transfers of each kind go, as factors from 1. */
export interface PaceFactors {
  readonly firm: number;
  readonly yielding: number;
}

/** A yielding transfer is held back at most by this factor: a client that hears nothing for too long gives up. */
const MOST_YIELDED = 20;
/** Nothing is divided by nothing. */
const TINY = 1e-9;

/**
 * Shares a carrier: firm transfers first, the others take what these leave, and all together stay within the budget. The
 * little that yielding ones need to stay alive comes off first.
 */
export function paceFactors({ firm, yielding, budget }: CarrierLoad): PaceFactors {
  const least = Math.min(yielding / MOST_YIELDED, budget / 2);
  const forFirm = Math.max(budget - least, TINY);
  const firmFactor = Math.max(1, firm / forFirm);
  const rest = Math.max(budget - firm / firmFactor, least, TINY);
  return { firm: firmFactor, yielding: Math.max(1, yielding / rest) };
}

/** On a carrier that has nothing to spare a transfer stands all but still; no timer is set for years. */
const LONGEST_PAUSE_MS = 6 * HOUR;

/** Extra wait before the next block of an exchange that takes `blockMs` at full rate. */
export function paceDelay(blockMs: number, factor: number): Duration {
  return Math.min(LONGEST_PAUSE_MS, Math.max(0, Math.ceil(blockMs * (factor - 1)))) as Duration;
}
