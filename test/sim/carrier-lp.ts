import type { Highs } from 'highs';
import { HOUR, MINUTE } from '@drover/kernel';

export const LP_BIN_MS = 30 * MINUTE;
/** Of the whole airtime: below this a shortfall is the solver's tolerance. */
const TOLERANCE = 1e-6;
const STEP_MS = MINUTE;
/** First stride of the search for a time that is long enough; it doubles. */
const STRIDE = 60;

/** Devices of one carrier that differ in nothing a bound can see. */
export interface LpGroup {
  readonly devices: number;
  /** Airtime of one image, ms of the whole carrier. */
  readonly airtimeMs: number;
  /** Part of the carrier that one transfer takes at full rate, 0–1. */
  readonly share: number;
  /** Whether the device can be transferring in a bin at all. */
  readonly isOpen: (bin: number) => boolean;
}

export interface LpCarrier {
  readonly groups: readonly LpGroup[];
  /** Airtime, ms, that firmware may take between two times, ms. */
  readonly capacity: (from: number, until: number) => number;
}

/**
 * The most airtime that the devices can have had by `until`, ms. Column: what a group takes in a bin. Rows: a group takes
 * its images and no more; a bin gives its budget and no more. A column is at most full rate for all of its group.
 */
function mostMoved(highs: Highs, { groups, capacity }: LpCarrier, until: number): number {
  const bins = Math.ceil(until / LP_BIN_MS);
  const lengthOf = (bin: number): number => Math.min(LP_BIN_MS, until - bin * LP_BIN_MS);
  const indices: number[] = [];
  const colUpper: number[] = [];
  for (const [group, { devices, share, isOpen }] of groups.entries()) {
    for (let bin = 0; bin < bins; bin++) {
      if (!isOpen(bin)) continue;
      indices.push(group, groups.length + bin);
      colUpper.push((devices * share * lengthOf(bin)) / MINUTE);
    }
  }
  const numCols = colUpper.length;
  const numRows = groups.length + bins;
  if (numCols === 0) return 0;
  const rowUpper = [
    ...groups.map(({ devices, airtimeMs }) => (devices * airtimeMs) / MINUTE),
    ...Array.from({ length: bins }, (_, bin) => capacity(bin * LP_BIN_MS, bin * LP_BIN_MS + lengthOf(bin)) / MINUTE),
  ];
  return highs.withModel(
    {
      numCols,
      numRows,
      sense: highs.constants.objectiveSense.maximize,
      colCost: new Float64Array(numCols).fill(1),
      colLower: new Float64Array(numCols),
      colUpper,
      rowLower: new Float64Array(numRows),
      rowUpper,
      matrix: {
        format: 'csc',
        numRows,
        numCols,
        starts: Int32Array.from({ length: numCols + 1 }, (_, column) => 2 * column),
        indices,
        values: new Float64Array(2 * numCols).fill(1),
      },
    },
    (model) => {
      const { modelStatus } = model.run();
      if (modelStatus !== highs.constants.modelStatus.optimal) throw new Error(`the solver ended with status ${modelStatus}`);
      return model.getObjectiveValue() * MINUTE;
    },
  );
}

/**
 * B3: hours, to the minute, before which not all devices of a carrier can be done; Infinity if not within `horizonMs`.
 *
 * Why no schedule can beat it: whatever a schedule does, write down what airtime each device took in each bin. A device took
 * all of its image in the end, no more than its rate allows in a bin, and only in bins in which it was reachable and its
 * window open; together they took no more than the budget of the bin. So every schedule that ends by T is a point of the
 * program for T, and where the program has none there is no such schedule. It leaves out that a transfer which does not
 * resume has to be in one piece, that a bin has an order inside, and that nobody knows the contacts beforehand: all of that
 * makes the bound lower. It is not the program of the study, which places rectangles of fixed share and length: a paced
 * transfer is no rectangle, and can be done before the best of those.
 */
export function leastMakespan(
  highs: Highs,
  carrier: LpCarrier,
  { guessMs, horizonMs }: { readonly guessMs: number; readonly horizonMs: number },
): number {
  const wanted = carrier.groups.reduce((sum, { devices, airtimeMs }) => sum + devices * airtimeMs, 0);
  const fits = (step: number): boolean => mostMoved(highs, carrier, step * STEP_MS) >= wanted * (1 - TOLERANCE);
  // Below `low` is too short, at `high` is enough.
  let low = 0;
  let high = Math.max(1, Math.floor(guessMs / STEP_MS));
  for (let stride = STRIDE; !fits(high); stride *= 2) {
    if (high * STEP_MS >= horizonMs) return Number.POSITIVE_INFINITY;
    low = high + 1;
    high = Math.min(high + stride, Math.ceil(horizonMs / STEP_MS));
  }
  while (low < high) {
    const middle = (low + high) >> 1;
    if (fits(middle)) high = middle;
    else low = middle + 1;
  }
  return (Math.max(0, low - 1) * STEP_MS) / HOUR;
}
