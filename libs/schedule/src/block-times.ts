import type { Bearer, CellBearer, Coverage } from './radio-model.ts';

/** Blocks that are told apart: where they go over the air, how well it is heard there, and how large they are. */
export interface BlockKind {
  readonly bearer: CellBearer;
  readonly ce: 0 | 1 | 2;
  /** Bytes, a power of two from 16 to 1024. */
  readonly blockSize: number;
}

/** What transfers have shown of one kind of blocks: a few numbers, however many transfers. */
export interface BlockTimes {
  /** ms since the epoch. */
  readonly since: number;
  readonly lastAt: number;
  /** Measurements, each the middle of several blocks of one transfer that was alone on its carrier and not paced. */
  readonly samples: number;
  /** What they weigh together: a device that is measured again and again weighs less and less, and the past is forgotten. */
  readonly weight: number;
  /** Robust mean of the natural logarithm of the time of a block, ms. */
  readonly logMs: number;
  /** Mean distance from it. */
  readonly spread: number;
  /** Part of the blocks that went over the air more than once, 0–1. */
  readonly loss: number;
  /** One of 32 marks for each device: as many devices as there are marks, or more. */
  readonly marks: number;
}

export interface BlockMeasurement {
  /** Median time of a block, ms. */
  readonly medianMs: number;
  readonly blocks: number;
  readonly repeated: number;
  /** Any number that tells the device from others. */
  readonly mark: number;
  /** How often this device was measured before. */
  readonly before: number;
}

/** The past is forgotten in about so many measurements. */
const MOST_WEIGHT = 100;
/** Before the first measurements have shown more: a factor of 1.4 up or down. */
const [FIRST_SPREAD, LEAST_SPREAD] = [0.35, 0.05];
/** Whatever is further off than so many spreads counts as if it were that far off. */
const CLIP = 2;
/** Outside of this nothing is believed: a clock that was set, a device that slept. */
const [LEAST_MS, MOST_MS] = [1, 600_000];

export function isBelievable({ medianMs, blocks, repeated }: Pick<BlockMeasurement, 'medianMs' | 'blocks' | 'repeated'>): boolean {
  return medianMs >= LEAST_MS && medianMs <= MOST_MS && blocks >= 1 && repeated >= 0 && Number.isFinite(blocks + repeated);
}

/** Learns from one measurement; one that is far off moves the mean by two spreads of its weight at most. */
export function learnBlockTimes(times: BlockTimes | undefined, measured: BlockMeasurement, at: number): BlockTimes {
  if (!isBelievable(measured)) return times ?? NEVER;
  const log = Math.log(measured.medianMs);
  const lost = measured.repeated / (measured.blocks + measured.repeated);
  const marks = 1 << (measured.mark & 31);
  const own = 1 / (1 + Math.max(0, measured.before));
  if (!times || times.samples === 0)
    return { since: at, lastAt: at, samples: 1, weight: own, logMs: log, spread: FIRST_SPREAD, loss: lost, marks };
  const weight = Math.min(MOST_WEIGHT, times.weight + own);
  const step = own / weight;
  const most = CLIP * Math.max(times.spread, LEAST_SPREAD);
  const off = Math.max(-most, Math.min(most, log - times.logMs));
  return {
    since: times.since,
    lastAt: at,
    samples: times.samples + 1,
    weight,
    logMs: times.logMs + step * off,
    spread: times.spread + step * (Math.abs(off) - times.spread),
    loss: times.loss + step * (lost - times.loss),
    marks: times.marks | marks,
  };
}

const NEVER: BlockTimes = { since: 0, lastAt: 0, samples: 0, weight: 0, logMs: 0, spread: FIRST_SPREAD, loss: 0, marks: 0 };

/** Devices that were measured, at least. */
export function devicesMeasured({ marks }: Pick<BlockTimes, 'marks'>): number {
  let count = 0;
  for (let rest = marks >>> 0; rest > 0; rest = (rest & (rest - 1)) >>> 0) count += 1;
  return count;
}

const LARGEST_SZX = 6;
const KINDS_OF_BEARER = 3 * (LARGEST_SZX + 1);
const BEARER_INDEX: Readonly<Record<CellBearer, number>> = { 'NB-IoT': 0, 'LTE-M': 1 };

/** Number of all kinds of blocks. */
export const BLOCK_KINDS = 2 * KINDS_OF_BEARER;

/** Place of a kind of block in a table of all of them; -1 where no cell carries it. A size between two is taken for the nearer one. */
export function blockKindIndex(bearer: Bearer, ce: Coverage, blockSize: number): number {
  if (bearer === 'other') return -1;
  const szx = Math.max(0, Math.min(LARGEST_SZX, Math.round(Math.log2(blockSize)) - 4));
  return BEARER_INDEX[bearer] * KINDS_OF_BEARER + Math.min(ce, 2) * (LARGEST_SZX + 1) + szx;
}

export function blockKindAt(index: number): BlockKind {
  const rest = index % KINDS_OF_BEARER;
  return {
    bearer: index < KINDS_OF_BEARER ? 'NB-IoT' : 'LTE-M',
    ce: Math.floor(rest / (LARGEST_SZX + 1)) as 0 | 1 | 2,
    blockSize: 2 ** (4 + (rest % (LARGEST_SZX + 1))),
  };
}
