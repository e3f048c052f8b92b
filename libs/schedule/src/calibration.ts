import { BLOCK_KINDS, blockKindAt, devicesMeasured, type BlockTimes } from './block-times.ts';
import type { CostModel } from './cost-model.ts';
import { blockCost } from './transfer-cost.ts';

/** What has been measured, by the place of the kind of block in a table of all of them. */
export type MeasuredBlocks = ReadonlyMap<number, BlockTimes>;

/** Fewer measurements, or of fewer devices, change nothing. */
export const ENOUGH = { samples: 20, devices: 5 } as const;
/** From here on what was measured stands for itself, whatever its neighbours in coverage say. */
const MANY_SAMPLES = 80;
/** No calibration moves a block time by more than this factor from the figures in force. */
export const MOST_CALIBRATED = 4;

export function isEnough(times: BlockTimes | undefined): times is BlockTimes {
  return times !== undefined && times.samples >= ENOUGH.samples && devicesMeasured(times) >= ENOUGH.devices;
}

/** The median time of a block that was measured, ms. */
export function measuredMs({ logMs }: Pick<BlockTimes, 'logMs'>): number {
  return Math.exp(logMs);
}

/**
 * How much longer a block of each kind takes than by the figures in force; undefined where nothing has been measured often
 * enough. Within one bearer and size worse coverage never comes out quicker, unless both levels have been measured often.
 */
export function calibratedFactors(measured: MeasuredBlocks, figures: CostModel): Float64Array | undefined {
  if (![...measured.values()].some(isEnough)) return undefined;
  const factors = new Float64Array(BLOCK_KINDS).fill(1);
  const plain: CostModel = { radio: figures.radio, energy: figures.energy };
  for (let first = 0; first < BLOCK_KINDS; first++) {
    if (blockKindAt(first).ce !== 0) continue;
    const indices = [first, first + SIZES, first + 2 * SIZES];
    const modelled = indices.map((index) => blockCost(blockKindAt(index), plain).duration);
    const levels = indices.map((index, ce) => levelOf(measured.get(index), modelled[ce]!));
    inOrder(levels).forEach((ms, ce) => (factors[indices[ce]!] = bounded(ms / modelled[ce]!)));
  }
  return factors;
}

/** Places between two coverage levels of the same size. */
const SIZES = BLOCK_KINDS / 6;

interface Level {
  readonly ms: number;
  /** It stands for itself. */
  readonly isFirm: boolean;
}

function levelOf(times: BlockTimes | undefined, modelledMs: number): Level {
  if (!isEnough(times)) return { ms: modelledMs, isFirm: false };
  return { ms: modelledMs * bounded(measuredMs(times) / modelledMs), isFirm: times.samples >= MANY_SAMPLES };
}

/** Levels that are not firm give way: between the firm ones around them, and then each to the one before it. */
function inOrder(levels: readonly Level[]): number[] {
  const ordered: number[] = [];
  levels.forEach(({ ms, isFirm }, ce) => {
    if (isFirm) return void ordered.push(ms);
    const worse = Math.min(...levels.slice(ce + 1).map((level) => (level.isFirm ? level.ms : Number.POSITIVE_INFINITY)));
    ordered.push(Math.max(Math.min(ms, worse), ordered[ce - 1] ?? 0));
  });
  return ordered;
}

function bounded(factor: number): number {
  return Math.max(1 / MOST_CALIBRATED, Math.min(MOST_CALIBRATED, factor));
}
