import { BERT_SZX, blockBytes, MAX_SZX, sizeOfSzx } from './block.ts';
import type { Block } from './block.ts';
import { CODE } from './codes.ts';

/** A Block1 push of a body that is read block by block from elsewhere; plain data, so it can be kept and continued. */
export interface BlockUpload {
  readonly size: number;
  readonly szx: number;
  /** Bytes of payload in one message while `szx` is 7 (`CoapStreams.roomOf`). */
  readonly room?: number;
  /** Everything before it is acknowledged. */
  readonly offset: number;
  readonly restartsLeft: number;
  /** The last block may have been stored or not, and we went on: a second doubt in a row means starting over. */
  readonly doubtful: boolean;
  /** The device has taken a block as large as the next one. */
  readonly isSizeTaken?: boolean;
}

export interface UploadBlock {
  readonly offset: number;
  readonly length: number;
  readonly block1: Block;
  /** With block 0: lets the device check its space before it stores anything. */
  readonly size1?: number;
}

/** `retransmissions` of the exchange decide whether a refusal may be about our own duplicate. */
export interface UploadAnswer {
  readonly code: number;
  readonly block1?: Block;
  readonly size1?: number;
  readonly retransmissions?: number;
}

export type UploadOutcome =
  | { readonly type: 'continue'; readonly upload: BlockUpload }
  /** `certain: false`: the last block may not have arrived. Even a certain `done` proves no more than receipt. */
  | { readonly type: 'done'; readonly upload: BlockUpload; readonly certain: boolean }
  | { readonly type: 'restart'; readonly upload: BlockUpload; readonly why: 'incomplete' | 'smaller-blocks' }
  | { readonly type: 'busy'; readonly upload: BlockUpload }
  | { readonly type: 'too-large'; readonly maxSize?: number }
  | { readonly type: 'rejected'; readonly code: number };

const MAX_RESTARTS = 3;
/** We step down by ourselves when a 4.13 names no size, but not below 64 bytes: then it is the body that is too large. */
const SMALLEST_OWN_SZX = 2;

export interface UploadStart {
  readonly size: number;
  readonly szx?: number;
  readonly offset?: number;
  readonly maxRestarts?: number;
  /** More than one block at once, on streams whose peer takes them (RFC 8323 section 6). */
  readonly room?: number;
}

/** Starts at `offset`, rounded down to what a block number can express. */
export function startUpload({ size, room, ...start }: UploadStart): BlockUpload {
  const offset = Math.min(start.offset ?? 0, size);
  const szx = start.szx ?? (room === undefined ? MAX_SZX : BERT_SZX);
  const aligned = offset - (offset % sizeOfSzx(szx));
  return {
    size,
    szx,
    offset: aligned,
    restartsLeft: start.maxRestarts ?? MAX_RESTARTS,
    doubtful: false,
    ...(room === undefined ? {} : { room }),
  };
}

export function nextBlock(upload: BlockUpload): UploadBlock {
  const length = Math.min(blockBytes(upload.szx, upload.room), upload.size - upload.offset);
  const block1 = { num: upload.offset / sizeOfSzx(upload.szx), more: upload.offset + length < upload.size, szx: upload.szx };
  return { offset: upload.offset, length, block1, size1: upload.offset === 0 ? upload.size : undefined };
}

/** Reads a device's answer to the block that `nextBlock` described (RFC 7959 section 2.3, and what devices make of it). */
export function onAnswer(upload: BlockUpload, answer: UploadAnswer): UploadOutcome {
  switch (answer.code) {
    case CODE.CONTINUE:
    case CODE.CHANGED:
    case CODE.CREATED:
      return accepted({ ...upload, doubtful: false }, { szx: answer.block1?.szx, certain: answer.code !== CODE.CONTINUE });
    case CODE.REQUEST_ENTITY_TOO_LARGE:
      return tooLarge(upload, answer);
    case CODE.REQUEST_ENTITY_INCOMPLETE:
      return maybeDuplicate(upload, answer) ? accepted({ ...upload, doubtful: true }, { certain: false }) : restart(upload, answer.code);
    case CODE.SERVICE_UNAVAILABLE:
      return maybeDuplicate(upload, answer) ? accepted({ ...upload, doubtful: true }, { certain: false }) : { type: 'busy', upload };
    case CODE.BAD_REQUEST:
      return upload.offset === 0 ? { type: 'rejected', code: answer.code } : restart(upload, answer.code);
    default:
      return { type: 'rejected', code: answer.code };
  }
}

/** Our first copy may be what the device has, and the refusal may be meant for the second. */
function maybeDuplicate(upload: BlockUpload, answer: UploadAnswer): boolean {
  return (answer.retransmissions ?? 0) > 0 && !upload.doubtful;
}

/** A device may lower the block size at any block, never raise it; the byte offset stays. */
function accepted(upload: BlockUpload, answer: { szx?: number; certain: boolean }): UploadOutcome {
  const { offset, length, block1 } = nextBlock(upload);
  const next = { ...upload, offset: offset + length, szx: Math.min(upload.szx, answer.szx ?? upload.szx), isSizeTaken: true };
  return block1.more ? { type: 'continue', upload: next } : { type: 'done', upload: next, certain: answer.certain };
}

function restart(upload: BlockUpload, code: number): UploadOutcome {
  if (upload.restartsLeft === 0) return { type: 'rejected', code };
  return { type: 'restart', upload: { ...upload, offset: 0, restartsLeft: upload.restartsLeft - 1, doubtful: false }, why: 'incomplete' };
}

/**
 * Smaller blocks end after seven steps at the latest, so this restart needs no count. Where a block of this size was taken
 * before and the device names no other, it is not the block that is too large.
 */
function tooLarge(upload: BlockUpload, answer: UploadAnswer): UploadOutcome {
  if (answer.size1 !== undefined && answer.size1 < upload.size) return { type: 'too-large', maxSize: answer.size1 };
  const ownStep = upload.isSizeTaken ? upload.szx : Math.max(upload.szx - 1, SMALLEST_OWN_SZX);
  const szx = answer.block1?.szx ?? ownStep;
  if (szx >= upload.szx) return { type: 'too-large', maxSize: answer.size1 };
  return { type: 'restart', upload: { ...upload, szx, offset: 0, doubtful: false, isSizeTaken: false }, why: 'smaller-blocks' };
}
