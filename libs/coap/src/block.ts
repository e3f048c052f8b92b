import { CoapError } from './errors.ts';

/** Value of a Block1 or Block2 option (RFC 7959 section 2.2). */
export interface Block {
  readonly num: number;
  readonly more: boolean;
  /** 0 to 6 for blocks of 16 to 1024 bytes; 7 is reserved on UDP, and several blocks of 1024 bytes at once on streams. */
  readonly szx: number;
}

export const MAX_SZX = 6;
/** BERT: the payload is any number of blocks of 1024 bytes, and block numbers count these (RFC 8323 section 6). */
export const BERT_SZX = 7;
const MAX_NUM = 0xfffff;

/** Of one block, which is also the unit of block numbers. */
export function sizeOfSzx(szx: number): number {
  return 1 << (Math.min(szx, MAX_SZX) + 4);
}

/** What one message carries of a body: a block, or on streams as many as fit into `room` bytes of payload. */
export function blockBytes(szx: number, room = 0): number {
  const size = sizeOfSzx(szx);
  return szx === BERT_SZX ? Math.max(size, room - (room % size)) : size;
}

/** The largest exponent whose block fits into `size` bytes. */
export function szxOfSize(size: number): number {
  if (size < 16) throw new CoapError('COAP_BLOCK_SIZE', `no block fits into ${size} bytes`);
  return Math.min(MAX_SZX, 31 - Math.clz32(size) - 4);
}

export function offsetOf(block: Block): number {
  return block.num * sizeOfSzx(block.szx);
}

/** `undefined` for more than three bytes and for a size above `maxSzx`: 7 is reserved unless `BERT_SZX` is given. */
export function decodeBlock(value: Uint8Array, maxSzx = MAX_SZX): Block | undefined {
  if (value.length > 3) return undefined;
  let number = 0;
  for (const byte of value) number = (number << 8) | byte;
  const szx = number & 7;
  return szx > maxSzx ? undefined : { num: number >>> 4, more: (number & 8) !== 0, szx };
}

export function encodeBlock({ num, more, szx }: Block, maxSzx = MAX_SZX): Uint8Array {
  if (num < 0 || num > MAX_NUM || szx < 0 || szx > maxSzx) throw new CoapError('COAP_BLOCK_SIZE', `no such block: ${num}/${szx}`);
  return encodeUint(num * 16 + (more ? 8 : 0) + szx);
}

/** CoAP's `uint`: big-endian, the fewest bytes, zero is empty. */
export function encodeUint(value: number): Uint8Array {
  if (!Number.isInteger(value) || value < 0 || value > 0xffffffff) throw new CoapError('COAP_OPTION_VALUE', `not a uint: ${value}`);
  if (value === 0) return new Uint8Array(0);
  if (value < 0x100) return Uint8Array.of(value);
  if (value < 0x10000) return Uint8Array.of(value >> 8, value & 0xff);
  if (value < 0x1000000) return Uint8Array.of(value >> 16, (value >> 8) & 0xff, value & 0xff);
  return Uint8Array.of(value >>> 24, (value >> 16) & 0xff, (value >> 8) & 0xff, value & 0xff);
}

export function decodeUint(value: Uint8Array): number {
  let number = 0;
  for (const byte of value) number = number * 256 + byte;
  return number;
}
