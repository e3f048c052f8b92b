import type { DataType, Value } from './values.ts';

/** What a definition prints as a range, as far as it can be checked: the value, or the length of a text or of bytes, lies in one of the spans. */
export interface ValueRange {
  readonly of: 'value' | 'length';
  readonly spans: readonly Span[];
}

interface Span {
  readonly min: number;
  readonly max: number;
}

const NUMBER = '-?\\d{1,20}(?:\\.\\d{1,20})?';
const SPAN = new RegExp(`^(${NUMBER})\\s*(?:\\.\\.+|-|–|to)\\s*(${NUMBER})$`);
const SINGLE = new RegExp(`^${NUMBER}$`);
const MAX_TEXT = 500;

const NUMERIC: readonly (DataType | 'None')[] = ['Integer', 'Unsigned', 'Float', 'Time'];
const MEASURED: readonly (DataType | 'None')[] = ['String', 'Opaque', 'Corelnk'];

/**
 * `0..100`, `0-3`, `1,2,3`, `-110..-48`, or a list of such spans; `bytes` may follow a length. A lone number is a
 * highest length in one definition and an exact one in the next, so it is kept as text and checks nothing.
 */
export function rangeOf(text: string, type: DataType | 'None'): ValueRange | undefined {
  const of = NUMERIC.includes(type) ? 'value' : MEASURED.includes(type) ? 'length' : undefined;
  if (of === undefined || text.length > MAX_TEXT) return undefined;
  const plain = of === 'length' ? text.replace(/\s*(bytes|octets|characters)\s*$/i, '') : text;
  const parts = plain.split(/\s*[,;]\s*/).map((part) => part.trim());
  if (parts.length === 1 && SINGLE.test(parts[0]!)) return undefined;
  const spans = parts.map(spanOf);
  return spans.every((span) => span !== undefined) ? { of, spans } : undefined;
}

function spanOf(text: string): Span | undefined {
  if (SINGLE.test(text)) return { min: Number(text), max: Number(text) };
  const [, first, last] = SPAN.exec(text) ?? [];
  const [min, max] = [Number(first), Number(last)];
  return first !== undefined && min <= max ? { min, max } : undefined;
}

/** A value of another kind than the range speaks of is not outside it: its type is somebody else's to judge. */
export function isWithinRange(value: Value, range: ValueRange): boolean {
  const measure = range.of === 'length' ? lengthOf(value) : typeof value === 'number' || typeof value === 'bigint' ? value : undefined;
  return measure === undefined || range.spans.some(({ min, max }) => measure >= min && measure <= max);
}

function lengthOf(value: Value): number | undefined {
  if (typeof value === 'string') return Buffer.byteLength(value, 'utf8');
  return value instanceof Uint8Array ? value.length : undefined;
}
