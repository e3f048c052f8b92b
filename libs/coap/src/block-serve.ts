import { BERT_SZX, blockBytes, MAX_SZX, offsetOf, sizeOfSzx } from './block.ts';
import type { Block } from './block.ts';

/** A body that can be served: fixed for its ETag, for ever. */
export interface ServedBody {
  readonly size: number;
  readonly etag: Uint8Array;
  /** For a first GET without Block2. */
  readonly preferredSzx?: number;
}

/** What is asked for, and what fits. */
export interface BlockWish {
  /** Block2 of the GET. */
  readonly block?: Block;
  readonly wantsSize?: boolean;
  /** Payload that the peer takes in one answer by BERT (`IncomingRequest.room`); absent where there is no BERT. */
  readonly room?: number;
}

export type BlockPlan =
  | {
      readonly type: 'block';
      readonly offset: number;
      readonly length: number;
      readonly block2: Block;
      /** With block 0, or when asked for. */
      readonly size2?: number;
      readonly etag: Uint8Array;
    }
  | { readonly type: 'bad' };

/**
 * Which bytes answer a GET. Keeps no state: any block at any time, in the size the device asks for, so a pull can be
 * resumed after a reboot on either side. Past the end is `bad`: answer 4.00.
 */
export function planBlock(body: ServedBody, requested?: Block, wantsSize = false): BlockPlan {
  return planBlocks(body, { block: requested, wantsSize });
}

/** `planBlock` for streams: with `room` an answer carries as many blocks as fit (RFC 8323 section 6). */
export function planBlocks(body: ServedBody, { block: requested, wantsSize = false, room }: BlockWish): BlockPlan {
  const largest = room === undefined ? MAX_SZX : BERT_SZX;
  const szx = Math.min(requested?.szx ?? body.preferredSzx ?? largest, largest);
  const offset = requested === undefined ? 0 : offsetOf(requested);
  if (offset > 0 && offset >= body.size) return { type: 'bad' };
  const length = Math.min(blockBytes(szx, room), body.size - offset);
  const block2 = { num: offset / sizeOfSzx(szx), more: offset + length < body.size, szx };
  return { type: 'block', offset, length, block2, size2: offset === 0 || wantsSize ? body.size : undefined, etag: body.etag };
}
