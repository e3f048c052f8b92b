import { classOf } from './codes.ts';
import { CoapError } from './errors.ts';

export type MessageType = 'CON' | 'NON' | 'ACK' | 'RST';

export interface RawOption {
  readonly number: number;
  readonly value: Uint8Array;
}

/** One datagram, taken apart. Token, option values and payload are views of the datagram: copy what must outlive it. */
export interface CoapMessage {
  readonly type: MessageType;
  readonly code: number;
  readonly messageId: number;
  readonly token: Uint8Array;
  /** In ascending order of numbers when decoded; `encodeMessage` demands that order. */
  readonly options: readonly RawOption[];
  readonly payload: Uint8Array;
}

const TYPES: readonly MessageType[] = ['CON', 'NON', 'ACK', 'RST'];
export const PAYLOAD_MARKER = 0xff;
export const MAX_TOKEN = 8;
/** A Register with every parameter has fewer than twenty; a datagram of one-byte options must not become 64k objects. */
export const MAX_OPTIONS = 64;

export const NO_BYTES = new Uint8Array(0);
const NO_OPTIONS: readonly RawOption[] = [];

/** Type and message id of a datagram that may be malformed behind them: what a RST needs. `undefined` if it is not CoAP at all. */
export function peekHeader(bytes: Uint8Array): { type: MessageType; messageId: number } | undefined {
  if (bytes.length < 4 || bytes[0]! >> 6 !== 1) return undefined;
  return { type: TYPES[(bytes[0]! >> 4) & 3]!, messageId: (bytes[2]! << 8) | bytes[3]! };
}

export function decodeMessage(bytes: Uint8Array): CoapMessage {
  if (bytes.length < 4) throw new CoapError('COAP_TRUNCATED', `a message has at least 4 bytes, got ${bytes.length}`);
  const first = bytes[0]!;
  if (first >> 6 !== 1) throw new CoapError('COAP_VERSION', `CoAP version ${first >> 6}`);
  const tokenLength = first & 15;
  if (tokenLength > MAX_TOKEN) throw new CoapError('COAP_TOKEN_LENGTH', `token length ${tokenLength}`);
  const messageCode = bytes[1]!;
  refuseReserved(messageCode, bytes.length);

  const end = 4 + tokenLength;
  if (end > bytes.length) throw new CoapError('COAP_TRUNCATED', 'the token is cut off');
  const options = end < bytes.length && bytes[end] !== PAYLOAD_MARKER ? readRawOptions(bytes, end) : undefined;
  return {
    type: TYPES[(first >> 4) & 3]!,
    code: messageCode,
    messageId: (bytes[2]! << 8) | bytes[3]!,
    token: bytes.subarray(4, end),
    options: options?.list ?? NO_OPTIONS,
    payload: payloadFrom(bytes, options?.end ?? end),
  };
}

function refuseReserved(messageCode: number, length: number): void {
  const codeClass = classOf(messageCode);
  if (codeClass === 1 || codeClass > 5) throw new CoapError('COAP_CODE', `reserved code class ${codeClass}`);
  if (messageCode === 0 && length !== 4) throw new CoapError('COAP_EMPTY_MESSAGE', 'an Empty message is 4 bytes and no more');
}

/** What is behind the options at `at`: a marker and at least one byte, or nothing. */
export function payloadFrom(bytes: Uint8Array, at: number): Uint8Array {
  if (at === bytes.length) return NO_BYTES;
  if (at + 1 === bytes.length) throw new CoapError('COAP_EMPTY_PAYLOAD', 'a payload marker with no payload behind it');
  return bytes.subarray(at + 1);
}

/** Options from `start` up to the payload marker or the end of `bytes`; the same on datagrams and on streams. */
export function readRawOptions(bytes: Uint8Array, start: number): { list: RawOption[]; end: number } {
  const list: RawOption[] = [];
  let at = start;
  let number = 0;
  while (at < bytes.length && bytes[at] !== PAYLOAD_MARKER) {
    if (list.length === MAX_OPTIONS) throw new CoapError('COAP_OPTION_COUNT', `more than ${MAX_OPTIONS} options`);
    const delta = bytes[at]! >> 4;
    const length = bytes[at]! & 15;
    if (delta === 15) throw new CoapError('COAP_OPTION_DELTA', 'option delta 15 is reserved');
    if (length === 15) throw new CoapError('COAP_OPTION_LENGTH', 'option length 15 is reserved');
    at += 1;
    number += extended(bytes, at, delta);
    if (number > 0xffff) throw new CoapError('COAP_OPTION_DELTA', 'option number above 65535');
    at += extraBytes(delta);
    const size = extended(bytes, at, length);
    at += extraBytes(length);
    if (at + size > bytes.length) throw new CoapError('COAP_TRUNCATED', `option ${number} is cut off`);
    list.push({ number, value: bytes.subarray(at, at + size) });
    at += size;
  }
  return { list, end: at };
}

/** 13 and 14 announce one and two more bytes (RFC 7252 section 3.1). */
function extraBytes(nibble: number): number {
  return nibble < 13 ? 0 : nibble - 12;
}

function extended(bytes: Uint8Array, at: number, nibble: number): number {
  if (nibble < 13) return nibble;
  if (at + nibble - 12 > bytes.length) throw new CoapError('COAP_TRUNCATED', 'an extended option header is cut off');
  return nibble === 13 ? bytes[at]! + 13 : ((bytes[at]! << 8) | bytes[at + 1]!) + 269;
}

export function encodeMessage(message: CoapMessage): Uint8Array {
  const { token, options, payload } = message;
  if (token.length > MAX_TOKEN) throw new CoapError('COAP_TOKEN_LENGTH', `token length ${token.length}`);
  const bytes = new Uint8Array(4 + token.length + optionsLength(options) + (payload.length === 0 ? 0 : 1 + payload.length));
  bytes[0] = 0x40 | (TYPES.indexOf(message.type) << 4) | token.length;
  bytes[1] = message.code;
  bytes[2] = message.messageId >> 8;
  bytes[3] = message.messageId & 0xff;
  bytes.set(token, 4);
  const at = writeRawOptions(bytes, 4 + token.length, options);
  if (payload.length > 0) {
    bytes[at] = PAYLOAD_MARKER;
    bytes.set(payload, at + 1);
  }
  return bytes;
}

/** Bytes that `writeRawOptions` will write; refuses what is out of order or too long. */
export function optionsLength(options: readonly RawOption[]): number {
  let length = 0;
  let last = 0;
  for (const { number, value } of options) {
    if (number < last || value.length > 0xffff + 269)
      throw new CoapError('COAP_OPTION_VALUE', `option ${number} is out of order or too long`);
    length += 1 + extraBytes(nibbleOf(number - last)) + extraBytes(nibbleOf(value.length)) + value.length;
    last = number;
  }
  return length;
}

function nibbleOf(value: number): number {
  if (value < 13) return value;
  return value < 269 ? 13 : 14;
}

/** Returns where the options end. `bytes` has room for `optionsLength`. */
export function writeRawOptions(bytes: Uint8Array, start: number, options: readonly RawOption[]): number {
  let at = start;
  let last = 0;
  for (const { number, value } of options) {
    const delta = number - last;
    bytes[at] = (nibbleOf(delta) << 4) | nibbleOf(value.length);
    at = writeExtended(bytes, at + 1, delta);
    at = writeExtended(bytes, at, value.length);
    bytes.set(value, at);
    at += value.length;
    last = number;
  }
  return at;
}

function writeExtended(bytes: Uint8Array, at: number, value: number): number {
  if (value < 13) return at;
  if (value < 269) {
    bytes[at] = value - 13;
    return at + 1;
  }
  bytes[at] = (value - 269) >> 8;
  bytes[at + 1] = (value - 269) & 0xff;
  return at + 2;
}

/** An empty ACK or a RST: header only. */
export function emptyMessage(type: 'ACK' | 'RST' | 'CON', messageId: number): Uint8Array {
  return Uint8Array.of(0x40 | (TYPES.indexOf(type) << 4), 0, messageId >> 8, messageId & 0xff);
}
