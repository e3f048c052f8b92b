import type { CostModel } from './cost-model.ts';
import { blockMs, type TransferLink } from './transfer-cost.ts';

/** What transfers have shown of one device: three numbers. */
export interface TransferPattern {
  /** How often its blocks were measured. */
  readonly measured: number;
  /** Time of its blocks over what the built-in figures say: a yardstick that no document moves. 1 until measured. */
  readonly slowness: number;
  /** Part of its blocks that went over the air more than once, 0–1. */
  readonly loss: number;
}

/** The same of all devices on one carrier. */
export interface CarrierTransfers extends TransferPattern {
  /** Payload of one transfer, pauses included, bytes/s. */
  readonly bytesPerSecond: number;
}

/** What some blocks of one transfer came to. */
export interface TransferSeen {
  readonly blocks: number;
  readonly repeated: number;
  readonly bytes: number;
  /** From the first of these blocks to the last, ms. */
  readonly spanMs: number;
  /** Median time of a block that nothing held up, over what the built-in figures say; undefined where there were too few. */
  readonly slowness: number | undefined;
}

const LEAST_WEIGHT = 0.2;
/** So many measurements weigh as much as what is known of all other devices. */
const DOUBTFUL = 2;
/** A device is never planned for as quicker or slower than others by more than this factor. */
const MOST_SLOWNESS = 4;
/** What is learnt at all: beyond that it is kept as that. */
const MOST_LEARNT = 16;

const FIRST: TransferPattern = { measured: 0, slowness: 1, loss: 0 };

export function learnTransfer(pattern: TransferPattern | undefined, { slowness, blocks, repeated }: TransferSeen): TransferPattern {
  const known = pattern ?? FIRST;
  const lossWeight = pattern === undefined ? 1 : LEAST_WEIGHT;
  const loss = known.loss + lossWeight * (repeated / Math.max(1, blocks + repeated) - known.loss);
  if (slowness === undefined) return { ...known, loss };
  const measured = known.measured + 1;
  const weight = Math.max(LEAST_WEIGHT, 1 / measured);
  // By factors, not by differences: twice as slow and twice as quick cancel out.
  const learnt = known.slowness * (within(slowness, MOST_LEARNT) / known.slowness) ** weight;
  return { measured, slowness: within(learnt, MOST_LEARNT), loss };
}

export function learnCarrierTransfers(known: CarrierTransfers | undefined, seen: TransferSeen): CarrierTransfers {
  const rate = seen.spanMs > 0 ? (seen.bytes * 1000) / seen.spanMs : undefined;
  const before = known?.bytesPerSecond ?? rate ?? 0;
  return { ...learnTransfer(known, seen), bytesPerSecond: rate === undefined ? before : before + LEAST_WEIGHT * (rate - before) };
}

/**
 * How much longer a block of this device takes than by the model in force, as a factor of ¼ to 4: its own measurements,
 * drawn towards the model while they are few.
 */
export function ownSlowness(pattern: TransferPattern | undefined, link: TransferLink, model: CostModel): number {
  if (pattern === undefined || pattern.measured === 0 || link.bearer === 'other') return 1;
  const trust = pattern.measured / (pattern.measured + DOUBTFUL);
  return within(((pattern.slowness * blockMs(link)) / blockMs(link, model)) ** trust, MOST_SLOWNESS);
}

/** Payload of one transfer of this device, when it is alone and nothing holds it up, bytes/s. */
export function goodput(pattern: TransferPattern | undefined, link: TransferLink, model: CostModel): number {
  const loss = pattern?.loss ?? 0;
  return (link.blockSize * 1000) / (blockMs(link, model) * ownSlowness(pattern, link, model) * (1 + loss / Math.max(1 - loss, 0.01)));
}

/** The link of a device as it has shown itself. */
export function ownLink(link: TransferLink, pattern: TransferPattern | undefined, model: CostModel): TransferLink {
  return pattern === undefined ? link : { ...link, slowness: ownSlowness(pattern, link, model) };
}

function within(factor: number, most: number): number {
  return Number.isNaN(factor) ? 1 : Math.max(1 / most, Math.min(most, factor));
}
