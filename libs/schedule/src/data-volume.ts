import type { CostModel } from './cost-model.ts';
import { DEFAULT_COST_MODEL } from './cost-model.ts';
import type { Measured, TransferLink } from './transfer-cost.ts';
import type { TransferPattern } from './transfer-pattern.ts';

/** A block is an exchange: one datagram carries it, the other one asks for it or confirms it, and contracts count both. */
const DATAGRAMS = 2;
/** A device that lost more than this is not planned for as worse: 0–1. */
const MOST_LOSS = 0.5;

/**
 * Bytes on the air, both directions, of what was counted of a transfer: payload, headers by the model, and each repetition at
 * the mean size of a block. 512 bytes in one block, sent twice, are 2 × (512 + 2 × 75) = 1324.
 */
export function measuredVolume(
  { blocks, bytes, retransmissions }: Omit<Measured, 'awakeMs'>,
  { radio }: CostModel = DEFAULT_COST_MODEL,
): number {
  const repeated = blocks === 0 ? 0 : (retransmissions * bytes) / blocks;
  return Math.round(bytes + repeated + (blocks + retransmissions) * DATAGRAMS * radio.overheadBytes);
}

/** The same of `bytes` that are still to be moved, with as many repetitions as the device has shown. */
export function predictedVolume(
  bytes: number,
  { blockSize }: Pick<TransferLink, 'blockSize'>,
  { pattern, model }: { pattern?: Pick<TransferPattern, 'loss'> | undefined; model?: CostModel | undefined } = {},
): number {
  const once = measuredVolume({ blocks: Math.ceil(bytes / blockSize), bytes, retransmissions: 0 }, model);
  return Math.ceil(once / (1 - Math.min(MOST_LOSS, pattern?.loss ?? 0)));
}
