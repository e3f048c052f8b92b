import { codeText, decodeBlock, decodeUint, isSignal, methodOf, OPTION, sizeOfSzx, type MessageType, type RawOption } from '@drover/coap';

/** A message of either transport: on a stream there is no type and no id. */
export interface TracedMessage {
  readonly type?: MessageType;
  readonly messageId?: number;
  readonly code: number;
  readonly token: Uint8Array;
  readonly options: readonly RawOption[];
  readonly payload: Uint8Array;
}

/** Characters of one value, and of a whole line. */
const [MAX_VALUE, MAX_LINE] = [120, 600];
/** Of a value that opens something, enough to see whether two are the same. */
const SHOWN_OF_SECRET = 4;

type Kind = 'uint' | 'text' | 'bytes' | 'block' | 'length';

const OPTIONS: Readonly<Record<number, readonly [name: string, kind: Kind]>> = {
  [OPTION.IF_MATCH]: ['If-Match', 'bytes'],
  [OPTION.URI_HOST]: ['Uri-Host', 'text'],
  [OPTION.ETAG]: ['ETag', 'bytes'],
  [OPTION.IF_NONE_MATCH]: ['If-None-Match', 'length'],
  [OPTION.OBSERVE]: ['Observe', 'uint'],
  [OPTION.URI_PORT]: ['Uri-Port', 'uint'],
  [OPTION.CONTENT_FORMAT]: ['Content-Format', 'uint'],
  [OPTION.MAX_AGE]: ['Max-Age', 'uint'],
  [OPTION.URI_QUERY]: ['Uri-Query', 'text'],
  [OPTION.HOP_LIMIT]: ['Hop-Limit', 'uint'],
  [OPTION.ACCEPT]: ['Accept', 'uint'],
  [OPTION.LOCATION_QUERY]: ['Location-Query', 'text'],
  [OPTION.BLOCK2]: ['Block2', 'block'],
  [OPTION.BLOCK1]: ['Block1', 'block'],
  [OPTION.SIZE2]: ['Size2', 'uint'],
  [OPTION.PROXY_URI]: ['Proxy-Uri', 'text'],
  [OPTION.PROXY_SCHEME]: ['Proxy-Scheme', 'text'],
  [OPTION.SIZE1]: ['Size1', 'uint'],
  // Whoever has it could answer in the device's place.
  [OPTION.ECHO]: ['Echo', 'length'],
  [OPTION.NO_RESPONSE]: ['No-Response', 'uint'],
  [OPTION.REQUEST_TAG]: ['Request-Tag', 'bytes'],
};

const SIGNALS: Readonly<Record<string, string>> = { '7.01': 'CSM', '7.02': 'Ping', '7.03': 'Pong', '7.04': 'Release', '7.05': 'Abort' };

const utf8 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8');
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const clipped = (text: string, max: number): string => (text.length > max ? `${text.slice(0, max)}…` : text);

/** One line about a message: all of its header, and of its payload nothing but the length, for it may hold a secret. */
export function messageText({ type, code, messageId, token, options, payload }: TracedMessage): string {
  const words = [
    ...(type === undefined ? [] : [type]),
    codeName(code, type),
    ...(messageId === undefined ? [] : [`mid ${messageId}`]),
    ...(token.length === 0 ? [] : [`token ${hex(token)}`]),
    ...(isSignal(code) ? signalWords(options) : optionWords(options)),
    ...(payload.length === 0 ? [] : [`payload ${payload.length} bytes`]),
  ];
  return clipped(words.join(' '), MAX_LINE);
}

function codeName(code: number, type: MessageType | undefined): string {
  const text = codeText(code);
  if (code === 0) return type === 'CON' ? 'ping' : 'empty';
  const name = methodOf(code) ?? SIGNALS[text];
  return name === undefined ? text : `${text} ${name}`;
}

/** Paths are one word each, in the place of their first segment. */
function optionWords(options: readonly RawOption[]): string[] {
  const words: string[] = [];
  for (const [number, name] of [
    [OPTION.LOCATION_PATH, 'Location-Path'],
    [OPTION.URI_PATH, 'Uri-Path'],
  ] as const) {
    const segments = options.filter((option) => option.number === number).map(({ value }) => utf8(value));
    if (segments.length > 0) words.push(`${name} ${pathText(segments)}`);
  }
  for (const { number, value } of options)
    if (number !== OPTION.LOCATION_PATH && number !== OPTION.URI_PATH) words.push(optionText(number, value));
  return words;
}

/** Whoever knows the token of a pull, or a registration's location, may act as the device. */
function pathText([root = '', second, ...rest]: readonly string[]): string {
  const isSecret = (root === 'fw' || root === 'rd') && second !== undefined;
  const shown = isSecret ? [root, `${second.slice(0, SHOWN_OF_SECRET)}…`] : [root, ...(second === undefined ? [] : [second])];
  return clipped(`/${[...shown, ...rest].join('/')}`, MAX_VALUE);
}

function optionText(number: number, value: Uint8Array): string {
  const [name, kind] = OPTIONS[number] ?? [`option ${number}`, 'length'];
  return `${name} ${valueText(value, kind)}`;
}

function valueText(value: Uint8Array, kind: Kind): string {
  switch (kind) {
    case 'uint':
      return value.length > 6 ? `(${value.length} bytes)` : String(decodeUint(value));
    case 'text':
      return clipped(JSON.stringify(utf8(value)), MAX_VALUE);
    case 'bytes':
      return clipped(hex(value), MAX_VALUE);
    case 'block':
      return blockText(value);
    case 'length':
      return `(${value.length} bytes)`;
  }
}

/** `3/1/512`: number, whether more follow, and the size, as RFC 7959 writes it. */
function blockText(value: Uint8Array): string {
  const block = decodeBlock(value, 7);
  if (block === undefined) return `(${value.length} bytes, malformed)`;
  return `${block.num}/${block.more ? 1 : 0}/${block.szx === 7 ? 'BERT' : sizeOfSzx(block.szx)}`;
}

/** In signalling messages the numbers mean something else with each code (RFC 8323 section 5.2). */
function signalWords(options: readonly RawOption[]): string[] {
  return options.map(({ number, value }) => `option ${number}${value.length > 0 && value.length <= 6 ? ` ${decodeUint(value)}` : ''}`);
}
