import { textOfBytes } from './coerce.ts';
import { Lwm2mError, malformed } from './errors.ts';
import { parseLink } from './values.ts';
import type { ObjectLink } from './values.ts';

export type JsonObject = Readonly<Record<string, unknown>>;

/** Integers beyond 2^53 keep their digits: they become `bigint`. */
export function jsonOf(payload: Uint8Array): unknown {
  try {
    return JSON.parse(textOfBytes(payload), exactly as (key: string, value: unknown) => unknown);
  } catch (cause) {
    throw new Lwm2mError('CONTENT_MALFORMED', 'not JSON', cause);
  }
}

/** Called by `JSON.parse` with the text of each number. */
function exactly(_key: string, value: unknown, { source = '' }: { readonly source?: string } = {}): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value;
  return /^-?\d{16,20}$/.test(source) ? BigInt(source) : value;
}

/** A text that `JSON.stringify` takes over as it stands. */
const rawJson = (JSON as unknown as { rawJSON: (text: string) => unknown }).rawJSON;

export function bytesOfJson(value: unknown): Uint8Array {
  const text = JSON.stringify(value, (_key, item: unknown) => (isLargeInteger(item) ? rawJson(BigInt(item).toString()) : item));
  return Uint8Array.from(Buffer.from(text, 'utf8'));
}

/** Beyond 2^53 the shortest text of a number is not its digits, and whoever reads them as an integer gets another one. */
function isLargeInteger(item: unknown): item is number | bigint {
  if (typeof item === 'bigint') return true;
  return typeof item === 'number' && Number.isInteger(item) && !Number.isSafeInteger(item) && Math.abs(item) < 1e20;
}

export function objectField(value: unknown, name: string): JsonObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw malformed(`${name} is an object`);
  return value as JsonObject;
}

export function textField(value: unknown, name: string): string | undefined {
  if (value === undefined || typeof value === 'string') return value;
  throw malformed(`field ${name} is a text`);
}

export function numberField(value: unknown, name: string): number | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== 'number' || !Number.isFinite(value)) throw malformed(`field ${name} is a number`);
  return value;
}

/** A value: an integer may be larger than a number can hold. */
export function numericField(value: unknown, name: string): number | bigint | undefined {
  return typeof value === 'bigint' ? value : numberField(value, name);
}

export function booleanField(value: unknown, name: string): boolean | undefined {
  if (value === undefined || typeof value === 'boolean') return value;
  throw malformed(`field ${name} is true or false`);
}

export function linkField(value: unknown, name: string): ObjectLink | undefined {
  const text = textField(value, name);
  if (text === undefined) return undefined;
  const link = parseLink(text);
  if (link === undefined) throw malformed(`field ${name} is a link like 66:0`);
  return link;
}
