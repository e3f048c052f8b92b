import { TAG } from '../x509/der.ts';

const LONG = 0x80;
const UTF8_STRING = 0x0c;
const PRINTABLE_FROM = 0x20;

/** One element of DER (X.690): definite length in its shortest form. */
export function element(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  return Buffer.concat([Buffer.of(tag), lengthOf(content.length), content]);
}

function lengthOf(length: number): Buffer {
  if (length < LONG) return Buffer.of(length);
  const hex = length.toString(16);
  const bytes = Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex');
  return Buffer.concat([Buffer.of(LONG | bytes.length), bytes]);
}

export const sequence = (...parts: readonly Uint8Array[]): Buffer => element(TAG.sequence, ...parts);
export const set = (...parts: readonly Uint8Array[]): Buffer => element(0x31, ...parts);
/** Context-specific and constructed, `[n]`. */
export const tagged = (number: number, ...parts: readonly Uint8Array[]): Buffer => element(0xa0 | number, ...parts);
export const octetString = (bytes: Uint8Array): Buffer => element(TAG.octetString, bytes);
export const utf8String = (text: string): Buffer => element(UTF8_STRING, Buffer.from(text, 'utf8'));

/** @param spareBits of the last byte that do not count */
export const bitString = (bytes: Uint8Array, spareBits = 0): Buffer => element(TAG.bitString, Buffer.of(spareBits), bytes);

/** Of a number that is not negative, big-endian. */
export function integer(bytes: Uint8Array): Buffer {
  const firstThatCounts = bytes.findIndex((byte) => byte !== 0);
  const short = firstThatCounts < 0 ? Buffer.of(0) : Buffer.from(bytes.subarray(firstThatCounts));
  return element(TAG.integer, short[0]! >= LONG ? Buffer.concat([Buffer.of(0), short]) : short);
}

/** From its dotted form. */
export function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  return element(TAG.oid, Buffer.from([first * 40 + second, ...rest].flatMap(base128)));
}

function base128(value: number): number[] {
  const digits = [value % 128];
  for (let left = Math.floor(value / 128); left > 0; left = Math.floor(left / 128)) digits.unshift(LONG | (left % 128));
  return digits;
}

/** UTCTime until 2049, GeneralizedTime after (RFC 5280 section 4.1.2.5). `at` is ms since 1970, to the second. */
export function time(at: number): Buffer {
  const text = new Date(at).toISOString().replace(/[-:T]|\.\d+/g, '');
  const isShort = text < '2050' && text >= '1950';
  return isShort ? element(TAG.utcTime, Buffer.from(text.slice(2))) : element(TAG.generalizedTime, Buffer.from(text));
}

/** Nothing that a name may not have in a certificate, and in a line of a log. */
export const isPrintable = (text: string): boolean =>
  text.isWellFormed() && [...text].every((sign) => sign.codePointAt(0)! >= PRINTABLE_FROM && sign !== '\u007f');
