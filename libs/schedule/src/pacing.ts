import type { Duration } from '@drover/kernel';

/**
 * Extra wait before the next block so that the transfers on a carrier together keep to its budget: with shares that sum
 * to `shareSum` and a budget `budget`, each exchange of `blockMs` is stretched by their ratio. Zero within the budget.
 */
export function paceDelay(blockMs: number, shareSum: number, budget: number): Duration {
  return Math.max(0, Math.ceil(blockMs * (shareSum / Math.max(budget, 0.001) - 1))) as Duration;
}
