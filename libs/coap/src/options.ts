import { decodeBlock, decodeUint, encodeBlock, encodeUint, MAX_SZX } from './block.ts';
import type { Block } from './block.ts';
import { CoapError } from './errors.ts';
import { NO_BYTES } from './message.ts';
import type { RawOption } from './message.ts';

/** Option numbers (RFC 7252, 7641, 7959, 7967, 8613, 8768, 9175). Odd numbers are critical. */
export const OPTION = {
  IF_MATCH: 1,
  URI_HOST: 3,
  ETAG: 4,
  IF_NONE_MATCH: 5,
  OBSERVE: 6,
  URI_PORT: 7,
  LOCATION_PATH: 8,
  OSCORE: 9,
  URI_PATH: 11,
  CONTENT_FORMAT: 12,
  MAX_AGE: 14,
  URI_QUERY: 15,
  HOP_LIMIT: 16,
  ACCEPT: 17,
  LOCATION_QUERY: 20,
  BLOCK2: 23,
  BLOCK1: 27,
  SIZE2: 28,
  PROXY_URI: 35,
  PROXY_SCHEME: 39,
  SIZE1: 60,
  ECHO: 252,
  NO_RESPONSE: 258,
  REQUEST_TAG: 292,
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
  /** Present when at least one was; an empty one asks for any version. */
  readonly ifMatch?: readonly Uint8Array[];
  readonly ifNoneMatch?: true;
  readonly hopLimit?: number;
  readonly proxyUri?: string;
  readonly proxyScheme?: string;
  readonly echo?: Uint8Array;
  /** What a protected message says of its protection (RFC 8613). */
  readonly oscore?: Uint8Array;
  /** Classes of answers the sender does without: 2 for 2.xx, 8 for 4.xx, 16 for 5.xx. */
  readonly noResponse?: number;
  readonly requestTag?: readonly Uint8Array[];
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

/** Flags, Partial IV, a kid context of 255 bytes with its length, and a kid of 7 (RFC 8613 section 6.1). */
const MAX_OSCORE = 1 + 5 + 1 + 255 + 7;

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

function addBytes(draft: Draft, key: 'ifMatch' | 'requestTag', value: Uint8Array): boolean {
  if (value.length > 8) return false;
  draft[key] = [...(draft[key] ?? []), value];
  return true;
}

function textWithin(value: Uint8Array, maxBytes: number): string | undefined {
  return value.length === 0 || value.length > maxBytes ? undefined : textOf(value);
}

const READERS: Readonly<Record<number, (draft: Draft, value: Uint8Array, maxSzx: number) => boolean>> = {
  [OPTION.IF_MATCH]: (draft, value) => addBytes(draft, 'ifMatch', value),
  [OPTION.URI_HOST]: (draft, value) => value.length > 0 && setOnce(draft, 'uriHost', textOf(value)),
  [OPTION.ETAG]: (draft, value) => value.length > 0 && value.length <= 8 && setOnce(draft, 'etag', value),
  [OPTION.IF_NONE_MATCH]: (draft, value) => value.length === 0 && setOnce(draft, 'ifNoneMatch', true),
  [OPTION.OBSERVE]: (draft, value) => setOnce(draft, 'observe', uintOf(value, 3)),
  [OPTION.URI_PORT]: (draft, value) => setOnce(draft, 'uriPort', uintOf(value, 2)),
  [OPTION.LOCATION_PATH]: (draft, value) => addText(draft.locationPath, value),
  [OPTION.OSCORE]: (draft, value) => value.length <= MAX_OSCORE && setOnce(draft, 'oscore', value),
  [OPTION.URI_PATH]: (draft, value) => addText(draft.uriPath, value),
  [OPTION.CONTENT_FORMAT]: (draft, value) => setOnce(draft, 'contentFormat', uintOf(value, 2)),
  [OPTION.MAX_AGE]: (draft, value) => setOnce(draft, 'maxAge', uintOf(value, 4)),
  [OPTION.URI_QUERY]: (draft, value) => addText(draft.uriQuery, value),
  [OPTION.HOP_LIMIT]: (draft, value) => value.length === 1 && value[0] !== 0 && setOnce(draft, 'hopLimit', value[0]),
  [OPTION.ACCEPT]: (draft, value) => setOnce(draft, 'accept', uintOf(value, 2)),
  [OPTION.BLOCK2]: (draft, value, maxSzx) => setOnce(draft, 'block2', decodeBlock(value, maxSzx)),
  [OPTION.BLOCK1]: (draft, value, maxSzx) => setOnce(draft, 'block1', decodeBlock(value, maxSzx)),
  [OPTION.SIZE2]: (draft, value) => setOnce(draft, 'size2', uintOf(value, 4)),
  [OPTION.PROXY_URI]: (draft, value) => setOnce(draft, 'proxyUri', textWithin(value, 1034)),
  [OPTION.PROXY_SCHEME]: (draft, value) => setOnce(draft, 'proxyScheme', textWithin(value, 255)),
  [OPTION.SIZE1]: (draft, value) => setOnce(draft, 'size1', uintOf(value, 4)),
  [OPTION.ECHO]: (draft, value) => value.length > 0 && value.length <= 40 && setOnce(draft, 'echo', value),
  [OPTION.NO_RESPONSE]: (draft, value) => setOnce(draft, 'noResponse', uintOf(value, 1)),
  [OPTION.REQUEST_TAG]: (draft, value) => addBytes(draft, 'requestTag', value),
};

/**
 * A value out of range or a surplus repetition counts as unknown (RFC 7252 sections 5.4.3 and 5.4.5), and so does OSCORE where
 * nobody opens it. Streams give `BERT_SZX`.
 */
export function readOptions(
  message: { readonly options: readonly RawOption[] },
  { maxSzx = MAX_SZX, takesOscore = false }: { readonly maxSzx?: number | undefined; readonly takesOscore?: boolean | undefined } = {},
): ReadOptions {
  const options: Draft = { uriPath: [], uriQuery: [], locationPath: [] };
  for (const { number, value } of message.options) {
    const isKnown = number !== OPTION.OSCORE || takesOscore;
    const understood = isKnown && (READERS[number]?.(options, value, maxSzx) ?? false);
    if (!understood && (number & 1) === 1) return { options, badCritical: number };
  }
  return { options };
}

/** Ready for `encodeMessage`, or with `BERT_SZX` for `encodeFrame`: in ascending order. */
export function writeOptions(options: Partial<CoapOptions>, maxSzx = MAX_SZX): RawOption[] {
  const list: RawOption[] = [];
  const add = (number: number, value: Uint8Array | undefined): void => {
    if (value !== undefined) list.push({ number, value });
  };
  const uint = (value: number | undefined): Uint8Array | undefined => (value === undefined ? undefined : encodeUint(value));
  for (const etag of options.ifMatch ?? []) add(OPTION.IF_MATCH, etag);
  add(OPTION.URI_HOST, options.uriHost === undefined ? undefined : bytesOf(options.uriHost));
  add(OPTION.ETAG, options.etag);
  add(OPTION.IF_NONE_MATCH, options.ifNoneMatch && NO_BYTES);
  add(OPTION.OBSERVE, uint(options.observe));
  add(OPTION.URI_PORT, uint(options.uriPort));
  for (const segment of options.locationPath ?? []) add(OPTION.LOCATION_PATH, bytesOf(segment));
  add(OPTION.OSCORE, options.oscore);
  for (const segment of options.uriPath ?? []) add(OPTION.URI_PATH, bytesOf(segment));
  add(OPTION.CONTENT_FORMAT, uint(options.contentFormat));
  add(OPTION.MAX_AGE, uint(options.maxAge));
  for (const part of options.uriQuery ?? []) add(OPTION.URI_QUERY, bytesOf(part));
  add(OPTION.HOP_LIMIT, uint(options.hopLimit));
  add(OPTION.ACCEPT, uint(options.accept));
  add(OPTION.BLOCK2, options.block2 && encodeBlock(options.block2, maxSzx));
  add(OPTION.BLOCK1, options.block1 && encodeBlock(options.block1, maxSzx));
  add(OPTION.SIZE2, uint(options.size2));
  add(OPTION.PROXY_URI, options.proxyUri === undefined ? undefined : bytesOf(options.proxyUri, 1034));
  add(OPTION.PROXY_SCHEME, options.proxyScheme === undefined ? undefined : bytesOf(options.proxyScheme));
  add(OPTION.SIZE1, uint(options.size1));
  add(OPTION.ECHO, options.echo);
  add(OPTION.NO_RESPONSE, uint(options.noResponse));
  for (const tag of options.requestTag ?? []) add(OPTION.REQUEST_TAG, tag);
  return list;
}

function bytesOf(text: string, maxBytes = 255): Uint8Array {
  const bytes = Buffer.from(text, 'utf8');
  if (bytes.length > maxBytes) throw new CoapError('COAP_OPTION_VALUE', `this option's text has at most ${maxBytes} bytes`);
  return bytes;
}
