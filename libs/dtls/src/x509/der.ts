import { DtlsError } from '../errors.ts';

/** One element of DER (X.690): its tag, its content, and all of it. */
export interface Element {
  readonly tag: number;
  readonly content: Buffer;
  readonly whole: Buffer;
}

export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  sequence: 0x30,
  utcTime: 0x17,
  generalizedTime: 0x18,
} as const;

const cutOff = (): DtlsError => new DtlsError('DTLS_STATE_INVALID', 'DER that is cut off, or not in its one form');
const MOST_LENGTH_BYTES = 4;

/** The elements one after the other. Only what certificates and their lists have: tags of one byte, definite lengths. */
export function elementsOf(bytes: Buffer): Element[] {
  const elements: Element[] = [];
  for (let at = 0; at < bytes.length;) {
    const { length, start } = lengthAt(bytes, at + 1);
    const end = start + length;
    if (end > bytes.length) throw cutOff();
    elements.push({ tag: bytes[at]!, content: bytes.subarray(start, end), whole: bytes.subarray(at, end) });
    at = end;
  }
  return elements;
}

function lengthAt(bytes: Buffer, at: number): { length: number; start: number } {
  const first = bytes[at];
  if (first === undefined) throw cutOff();
  if (first < 0x80) return { length: first, start: at + 1 };
  const size = first & 0x7f;
  if (size === 0 || size > MOST_LENGTH_BYTES || bytes.length < at + 1 + size) throw cutOff();
  return { length: bytes.readUIntBE(at + 1, size), start: at + 1 + size };
}

/** The elements inside the one that `bytes` are. */
export function childrenOf(bytes: Buffer, tag: number = TAG.sequence): Element[] {
  const [element, ...others] = elementsOf(bytes);
  if (element === undefined || element.tag !== tag || others.length > 0) throw cutOff();
  return elementsOf(element.content);
}

/** Milliseconds since 1970 of a UTCTime or GeneralizedTime as RFC 5280 section 4.1.2.5 wants it; `undefined` for anything else. */
export function timeOf({ tag, content }: Element): number | undefined {
  const text = content.toString('latin1');
  const year = tag === TAG.utcTime ? (Number(text.slice(0, 2)) < 50 ? '20' : '19') : '';
  const match = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(year + text);
  if (match === null || (tag !== TAG.utcTime && tag !== TAG.generalizedTime)) return undefined;
  const [, y, mo, d, h, mi, s] = match;
  return Date.parse(`${y}-${mo}-${d}T${h}:${mi}:${s}Z`);
}
