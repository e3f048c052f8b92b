import type { CoverageChances } from './coverage.ts';

/** What beginning costs at each coverage level, whatever the unit: energy, or energy and the price of airtime together. */
export type CostByCoverage = readonly [number, number, number];

const MOST_CONTACTS = 24;

/**
 * The least that a transfer can be expected to cost if the device waits for one of its next `contacts`, each at the cost
 * `waitCost`, and begins at the first one that is good enough: backward from the last, at which it must begin.
 */
export function costOfWaiting(
  costs: CostByCoverage,
  chances: CoverageChances,
  { contacts, waitCost }: { contacts: number; waitCost: number },
): number {
  let best = Number.POSITIVE_INFINITY;
  for (let left = Math.min(contacts, MOST_CONTACTS); left > 0; left--) {
    best = waitCost + chances[0] * Math.min(costs[0], best) + chances[1] * Math.min(costs[1], best) + chances[2] * Math.min(costs[2], best);
  }
  return best;
}

/** Expected number of tries until a transfer of this length comes through that begins anew after each lost session. */
export function expectedTries(durationMs: number, sessionMs: number): number {
  return Math.min(MOST_TRIES, Math.exp(durationMs / sessionMs));
}

const MOST_TRIES = 20;
