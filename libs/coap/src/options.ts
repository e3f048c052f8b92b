import { decodeBlock, decodeUint, encodeBlock, encodeUint } from './block.ts';
import type { Block } from './block.ts';
import { CoapError } from './errors.ts';
import type { RawOption } from './message.ts';

/** Option numbers (RFC 7252, 7641, 7959, 9175). Odd numbers are critical. */
export const OPTION = {
  IF_MATCH: 1,
  URI_HOST: 3,
  ETAG: 4,
  IF_NONE_MATCH: 5,
  OBSERVE: 6,
  URI_PORT: 7,
  LOCATION_PATH: 8,
  URI_PATH: 11,
  CONTENT_FORMAT: 12,
  MAX_AGE: 14,
  URI_QUERY: 15,
  ACCEPT: 17,
  LOCATION_QUERY: 20,
  BLOCK2: 23,
  BLOCK1: 27,
  SIZE2: 28,
  SIZE1: 60,
} as const;

/** What Drover reads and writes of a message's options. Absent means absent: no default is filled in. */
export interface CoapOptions {
  readonly uriHost?: string;
  readonly uriPort?: number;
  readonly uriPath: readonly string[];
  readonly uriQuery: readonly string[];
  readonly locationPath: readonly string[];
  readonly contentFormat?: number;
  readonly accept?: number;
  readonly observe?: number;
  readonly maxAge?: number;
  readonly etag?: Uint8Array;
  readonly block1?: Block;
  readonly block2?: Block;
  readonly size1?: number;
  readonly size2?: number;
}

export interface ReadOptions {
  readonly options: CoapOptions;
  /** A critical option that is unknown, repeated or out of range: a request with it is answered 4.02, a response rejected. */
  readonly badCritical?: number;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
type Draft = Mutable<Omit<CoapOptions, 'uriPath' | 'uriQuery' | 'locationPath'>> & {
  uriPath: string[];
  uriQuery: string[];
  locationPath: string[];
};

// Strict, and a byte order mark stays: two different names must never become the same text.
const UTF_8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** `undefined` when the bytes are no UTF-8. */
function textOf(value: Uint8Array): string | undefined {
  try {
    return UTF_8.decode(value);
  } catch {
    return undefined;
  }
}

const uintOf = (value: Uint8Array, maxBytes: number): number | undefined => (value.length > maxBytes ? undefined : decodeUint(value));

function addText(list: string[], value: Uint8Array): boolean {
  const text = value.length > 255 ? undefined : textOf(value);
  if (text !== undefined) list.push(text);
  return text !== undefined;
}

function setOnce<K extends keyof Draft>(draft: Draft, key: K, value: Draft[K] | undefined): boolean {
  if (value === undefined || draft[key] !== undefined) return false;
  draft[key] = value;
  return true;
}

const READERS: Readonly<Record<number, (draft: Draft, value: Uint8Array) => boolean>> = {
  [OPTION.URI_HOST]: (draft, value) => value.length > 0 && setOnce(draft, 'uriHost', textOf(value)),
  [OPTION.ETAG]: (draft, value) => value.length > 0 && value.length <= 8 && setOnce(draft, 'etag', value),
  [OPTION.OBSERVE]: (draft, value) => setOnce(draft, 'observe', uintOf(value, 3)),
  [OPTION.URI_PORT]: (draft, value) => setOnce(draft, 'uriPort', uintOf(value, 2)),
  [OPTION.LOCATION_PATH]: (draft, value) => addText(draft.locationPath, value),
  [OPTION.URI_PATH]: (draft, value) => addText(draft.uriPath, value),
  [OPTION.CONTENT_FORMAT]: (draft, value) => setOnce(draft, 'contentFormat', uintOf(value, 2)),
  [OPTION.MAX_AGE]: (draft, value) => setOnce(draft, 'maxAge', uintOf(value, 4)),
  [OPTION.URI_QUERY]: (draft, value) => addText(draft.uriQuery, value),
  [OPTION.ACCEPT]: (draft, value) => setOnce(draft, 'accept', uintOf(value, 2)),
  [OPTION.BLOCK2]: (draft, value) => setOnce(draft, 'block2', decodeBlock(value)),
  [OPTION.BLOCK1]: (draft, value) => setOnce(draft, 'block1', decodeBlock(value)),
  [OPTION.SIZE2]: (draft, value) => setOnce(draft, 'size2', uintOf(value, 4)),
  [OPTION.SIZE1]: (draft, value) => setOnce(draft, 'size1', uintOf(value, 4)),
};

/** A value out of range or a surplus repetition counts as unknown (RFC 7252 sections 5.4.3 and 5.4.5). */
export function readOptions(message: { readonly options: readonly RawOption[] }): ReadOptions {
  const options: Draft = { uriPath: [], uriQuery: [], locationPath: [] };
  for (const { number, value } of message.options) {
    const understood = READERS[number]?.(options, value) ?? false;
    if (!understood && (number & 1) === 1) return { options, badCritical: number };
  }
  return { options };
}

/** Ready for `encodeMessage`: in ascending order. */
export function writeOptions(options: Partial<CoapOptions>): RawOption[] {
  const list: RawOption[] = [];
  const add = (number: number, value: Uint8Array | undefined): void => {
    if (value !== undefined) list.push({ number, value });
  };
  const uint = (value: number | undefined): Uint8Array | undefined => (value === undefined ? undefined : encodeUint(value));
  add(OPTION.URI_HOST, options.uriHost === undefined ? undefined : bytesOf(options.uriHost));
  add(OPTION.ETAG, options.etag);
  add(OPTION.OBSERVE, uint(options.observe));
  add(OPTION.URI_PORT, uint(options.uriPort));
  for (const segment of options.locationPath ?? []) add(OPTION.LOCATION_PATH, bytesOf(segment));
  for (const segment of options.uriPath ?? []) add(OPTION.URI_PATH, bytesOf(segment));
  add(OPTION.CONTENT_FORMAT, uint(options.contentFormat));
  add(OPTION.MAX_AGE, uint(options.maxAge));
  for (const part of options.uriQuery ?? []) add(OPTION.URI_QUERY, bytesOf(part));
  add(OPTION.ACCEPT, uint(options.accept));
  add(OPTION.BLOCK2, options.block2 && encodeBlock(options.block2));
  add(OPTION.BLOCK1, options.block1 && encodeBlock(options.block1));
  add(OPTION.SIZE2, uint(options.size2));
  add(OPTION.SIZE1, uint(options.size1));
  return list;
}

function bytesOf(text: string): Uint8Array {
  const bytes = Buffer.from(text, 'utf8');
  if (bytes.length > 255) throw new CoapError('COAP_OPTION_VALUE', 'an option text has at most 255 bytes');
  return bytes;
}
