import { decode, encode, Tag } from 'cbor2';
import { Lwm2mError } from './errors.ts';
import { isObjectLink, linkText } from './values.ts';
import type { Value } from './values.ts';

/**
 * No tag is acted upon (cbor2's own would build big numbers, dates and regular expressions from a device's bytes), no
 * key may come twice, nesting is shallow. A length beyond the payload fails before anything of that size is allocated.
 */
export function decodeCbor(payload: Uint8Array, maxDepth: number): unknown {
  try {
    return decode(payload, { maxDepth, tags: new Map(), ignoreGlobalTags: true, rejectDuplicateKeys: true, preferMap: true });
  } catch (cause) {
    throw new Lwm2mError('CONTENT_MALFORMED', 'not well-formed CBOR, or nested too deeply', cause);
  }
}

/** Entries of maps and arrays as given; integers and floats in their shortest form. */
export function encodeCbor(value: unknown): Uint8Array {
  return encode(value);
}

/** A resource's value, or `undefined`. Tag 1, seconds since 1970, is the one tag LwM2M uses. */
export function valueOfCbor(raw: unknown): Value | undefined {
  const value: unknown = raw instanceof Tag && Number(raw.tag) === 1 ? raw.contents : raw;
  if (value instanceof Uint8Array) return Uint8Array.from(value);
  if (typeof value === 'number' && !Number.isFinite(value)) return undefined;
  const isPlain = typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean';
  return isPlain ? value : undefined;
}

/** Links are text; a Node Buffer would be written as an object. */
export function cborOfValue(value: Value): unknown {
  if (value instanceof Uint8Array) return Uint8Array.from(value);
  return isObjectLink(value) ? linkText(value) : value;
}

/** Seconds since 1970 under tag 1: without it a stack that tells a time from a number takes it for neither. */
export function timeForCbor(value: Value): unknown {
  return typeof value === 'number' || typeof value === 'bigint' ? new Tag(1, value) : cborOfValue(value);
}
