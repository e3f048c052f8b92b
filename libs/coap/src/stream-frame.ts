import { classOf } from './codes.ts';
import { CoapError } from './errors.ts';
import { MAX_TOKEN, NO_BYTES, optionsLength, PAYLOAD_MARKER, payloadFrom, readRawOptions, writeRawOptions } from './message.ts';
import type { RawOption } from './message.ts';

/** One message of a stream (RFC 8323 section 3.2): no version, type or message id. Bytes are views of what was received. */
export interface StreamMessage {
  readonly code: number;
  readonly token: Uint8Array;
  /** In ascending order of numbers when decoded; `encodeFrame` demands that order. */
  readonly options: readonly RawOption[];
  readonly payload: Uint8Array;
}

const SIGNALLING = 7;
const NO_OPTIONS: readonly RawOption[] = [];
/** A partial message grows from here: what is kept for a slow sender stays in proportion to what it has sent. */
const FIRST_CAPACITY = 64;

/** By the length nibbles 13, 14 and 15: bytes of extended length, and what it starts counting from. */
const EXTENDED = [
  { bytes: 1, from: 13 },
  { bytes: 2, from: 269 },
  { bytes: 4, from: 65_805 },
] as const;

function extendedOf(nibble: number): (typeof EXTENDED)[number] | undefined {
  return nibble < 13 ? undefined : EXTENDED[nibble - 13];
}

/** Header and all, or `undefined` while the header is not complete; refuses from the header what could never be kept. */
function frameLength(bytes: Uint8Array, maxBytes: number): number | undefined {
  if (bytes.length === 0) return undefined;
  const tokenLength = bytes[0]! & 15;
  if (tokenLength > MAX_TOKEN) throw new CoapError('COAP_TOKEN_LENGTH', `token length ${tokenLength}`);
  const extended = extendedOf(bytes[0]! >> 4);
  const extra = extended?.bytes ?? 0;
  if (bytes.length < 1 + extra) return undefined;
  let length = extended === undefined ? bytes[0]! >> 4 : 0;
  for (let at = 1; at <= extra; at += 1) length = length * 256 + bytes[at]!;
  const total = 2 + extra + tokenLength + length + (extended?.from ?? 0);
  if (total > maxBytes) throw new CoapError('COAP_TOO_LONG', `a message of ${total} bytes, at most ${maxBytes} are taken`);
  return total;
}

/** Exactly one message. */
export function decodeFrame(bytes: Uint8Array): StreamMessage {
  const total = frameLength(bytes, Number.POSITIVE_INFINITY);
  if (total === undefined || total > bytes.length) throw new CoapError('COAP_TRUNCATED', 'the message is cut off');
  if (total < bytes.length) throw new CoapError('COAP_TOO_LONG', 'bytes behind the message');
  const codeAt = 1 + (extendedOf(bytes[0]! >> 4)?.bytes ?? 0);
  const code = bytes[codeAt]!;
  const codeClass = classOf(code);
  if (codeClass === 1 || codeClass === 6) throw new CoapError('COAP_CODE', `reserved code class ${codeClass}`);
  const end = codeAt + 1 + (bytes[0]! & 15);
  const options = end < total && bytes[end] !== PAYLOAD_MARKER ? readRawOptions(bytes, end) : undefined;
  return {
    code,
    token: bytes.subarray(codeAt + 1, end),
    options: options?.list ?? NO_OPTIONS,
    payload: payloadFrom(bytes, options?.end ?? end),
  };
}

export function encodeFrame({ code, token, options, payload }: StreamMessage): Uint8Array {
  if (token.length > MAX_TOKEN) throw new CoapError('COAP_TOKEN_LENGTH', `token length ${token.length}`);
  const length = optionsLength(options) + (payload.length === 0 ? 0 : 1 + payload.length);
  const nibble = length < 13 ? length : length < 269 ? 13 : length < 65_805 ? 14 : 15;
  const { bytes: extra = 0, from = length } = extendedOf(nibble) ?? {};
  const bytes = new Uint8Array(2 + extra + token.length + length);
  bytes[0] = (nibble << 4) | token.length;
  for (let at = extra, rest = length - from; at > 0; at -= 1, rest = Math.floor(rest / 256)) bytes[at] = rest % 256;
  bytes[1 + extra] = code;
  bytes.set(token, 2 + extra);
  const at = writeRawOptions(bytes, 2 + extra + token.length, options);
  if (payload.length > 0) {
    bytes[at] = PAYLOAD_MARKER;
    bytes.set(payload, at + 1);
  }
  return bytes;
}

export function isSignal(code: number): boolean {
  return classOf(code) === SIGNALLING;
}

/**
 * Cuts a stream into messages. It keeps at most one unfinished message of at most `maxBytes`, and a message that would
 * be larger is refused when its header is there. After a `CoapError` the stream has no beginning any more: give it up.
 */
export class FrameDecoder {
  readonly #maxBytes: number;
  #chunk: Uint8Array = NO_BYTES;
  #kept: Uint8Array<ArrayBuffer> | undefined;
  #filled = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Then call `next` until it has nothing more: until there the chunk is only looked at, behind that it may be reused. */
  push(chunk: Uint8Array): void {
    this.#chunk = this.#chunk.length === 0 ? chunk : Buffer.concat([this.#chunk, chunk]);
  }

  /** Bytes held for an unfinished message. */
  get kept(): number {
    return this.#kept?.length ?? 0;
  }

  next(): StreamMessage | undefined {
    return this.#kept === undefined ? this.#fromChunk() : this.#fromKept(this.#kept);
  }

  #fromChunk(): StreamMessage | undefined {
    const total = frameLength(this.#chunk, this.#maxBytes);
    if (total !== undefined && total <= this.#chunk.length) return decodeFrame(this.#take(total));
    if (this.#chunk.length > 0) this.#keep(this.#take(this.#chunk.length), total);
    return undefined;
  }

  #fromKept(kept: Uint8Array): StreamMessage | undefined {
    const total = frameLength(kept.subarray(0, this.#filled), this.#maxBytes);
    // Byte by byte through the header, so that nothing of the next message is taken.
    const wanted = total === undefined ? 1 : total - this.#filled;
    if (wanted === 0) {
      this.#kept = undefined;
      return decodeFrame(kept.subarray(0, this.#filled));
    }
    if (this.#chunk.length === 0) return undefined;
    this.#keep(this.#take(wanted), total);
    return this.next();
  }

  #take(count: number): Uint8Array {
    const taken = this.#chunk.subarray(0, count);
    this.#chunk = this.#chunk.subarray(taken.length);
    return taken;
  }

  /** A copy: the chunk belongs to the socket. Doubling, so that a message in single bytes costs no more than one in a piece. */
  #keep(bytes: Uint8Array, total = FIRST_CAPACITY): void {
    const filled = this.#kept === undefined ? 0 : this.#filled;
    const needed = filled + bytes.length;
    let kept = this.#kept;
    if (kept === undefined || kept.length < needed) {
      kept = new Uint8Array(Math.max(needed, Math.min(total, Math.max(FIRST_CAPACITY, 2 * needed))));
      if (this.#kept !== undefined) kept.set(this.#kept.subarray(0, filled));
    }
    kept.set(bytes, filled);
    this.#kept = kept;
    this.#filled = needed;
  }
}
