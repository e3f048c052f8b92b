import { Entropy } from '@drover/kernel';
import { CODE, encodeFrame, encodeMessage, writeOptions } from '@drover/coap';
import type { CoapOptions, CoapRequest, CoapResponse, Method, RawOption } from '@drover/coap';
import type { Script } from '../script.ts';

/** The same bytes in every run, and cheap: an endpoint is made for each input. */
export class FixedEntropy extends Entropy {
  #state = 1;
  bytes(count: number): Uint8Array {
    const bytes = new Uint8Array(count);
    for (let at = 0; at < count; at++) {
      this.#state = (Math.imul(this.#state, 1_103_515_245) + 12_345) >>> 0;
      bytes[at] = this.#state >>> 16;
    }
    return bytes;
  }
}

const OPTIONS: readonly Partial<CoapOptions>[] = [
  {},
  { observe: 0 },
  { observe: 1 },
  { observe: 7, maxAge: 1 },
  { observe: 0xffffff },
  { block2: { num: 0, more: true, szx: 6 }, etag: Uint8Array.of(1) },
  { block1: { num: 3, more: true, szx: 2 } },
  { block1: { num: 0, more: false, szx: 6 }, size1: 70_000 },
  { echo: Uint8Array.of(1, 2, 3) },
  { uriPath: ['rd'], uriQuery: ['ep=a', 'lt=60'] },
  { uriPath: ['', ''], noResponse: 26 },
  { noResponse: 2 },
  { ifMatch: [Uint8Array.of(1)] },
  { proxyUri: 'coap://a/' },
  { hopLimit: 1 },
  { contentFormat: 40, accept: 112, requestTag: [Uint8Array.of(9)] },
];
const STRANGE: readonly RawOption[][] = [
  [],
  [{ number: 9, value: Uint8Array.of(0) }],
  [{ number: 16, value: Uint8Array.of(0) }],
  [{ number: 2049, value: new Uint8Array(40) }],
];

export function optionsFrom(script: Script, maxSzx?: number): RawOption[] {
  const list = [...writeOptions(script.pick(OPTIONS), maxSzx), ...script.pick(STRANGE)];
  return list.sort((a, b) => a.number - b.number);
}

const REQUEST_CODES = [1, 2, 3, 4, 5, 7, 8, 31];
const RESPONSE_CODES = [
  CODE.CONTENT,
  CODE.CHANGED,
  CODE.CREATED,
  CODE.CONTINUE,
  CODE.BAD_REQUEST,
  CODE.UNAUTHORIZED,
  CODE.NOT_FOUND,
  CODE.REQUEST_ENTITY_INCOMPLETE,
  CODE.SERVICE_UNAVAILABLE,
  0,
  1,
  0xff,
];
const TYPES = ['CON', 'NON', 'ACK', 'RST'] as const;

export interface Before {
  readonly messageId: number;
  readonly token: Uint8Array;
}

/** A datagram as a peer might send it: on its own, or in answer to one of ours. */
export function datagramFrom(script: Script, before: Before | undefined): Uint8Array {
  const isAnswer = before !== undefined && script.flag();
  const type = TYPES[script.byte() & 3]!;
  const code = script.pick(isAnswer ? RESPONSE_CODES : REQUEST_CODES);
  const messageId = isAnswer && script.below(4) !== 0 ? before.messageId : script.below(6);
  const token = isAnswer && script.below(4) !== 0 ? before.token : script.bytes(script.below(9));
  if (code === 0) return encodeMessage({ type, code, messageId, token: new Uint8Array(0), options: [], payload: new Uint8Array(0) });
  return encodeMessage({ type, code, messageId, token, options: optionsFrom(script), payload: new Uint8Array(script.below(40)) });
}

export function frameFrom(script: Script, before: Uint8Array | undefined): Uint8Array {
  const isAnswer = before !== undefined && script.flag();
  const code = script.pick(isAnswer ? RESPONSE_CODES : [...REQUEST_CODES, 225, 226, 227, 228, 229, 230]);
  const token = isAnswer ? before : script.bytes(script.below(9));
  const options = code > 224 ? script.pick(SIGNAL_OPTIONS) : optionsFrom(script, 7);
  return encodeFrame({ code, token, options, payload: new Uint8Array(script.below(60)) });
}

const SIGNAL_OPTIONS: readonly RawOption[][] = [
  [],
  [{ number: 2, value: Uint8Array.of(0x40, 0) }],
  [{ number: 2, value: Uint8Array.of(20) }],
  [
    { number: 2, value: Uint8Array.of(0x20, 0) },
    { number: 4, value: new Uint8Array(0) },
  ],
  [{ number: 3, value: new Uint8Array(0) }],
];

const METHODS: readonly Method[] = ['GET', 'POST', 'PUT', 'DELETE', 'FETCH', 'iPATCH'];

/** A request of ours. The payload stays within a block, as every caller keeps it. */
export function requestFrom(script: Script, correlation: unknown): CoapRequest {
  const how = script.byte();
  return {
    method: script.pick(METHODS),
    path: ['3', '0'],
    correlation,
    ...((how & 1) !== 0 && { observe: 0 as const }),
    ...((how & 2) !== 0 && { confirmable: false }),
    ...((how & 4) !== 0 && { payload: new Uint8Array(script.byte() * 4) }),
    ...((how & 8) !== 0 && { block1: { num: script.byte(), more: true, szx: script.below(7) } }),
    ...((how & 16) !== 0 && { responseTimeoutMs: 10 }),
    ...((how & 32) !== 0 && { ackTimeoutMs: 10 }),
    ...((how & 64) !== 0 && { query: ['a=b'], accept: 112, contentFormat: 0 }),
    ...((how & 128) !== 0 && { echo: Uint8Array.of(5) }),
  };
}

export function responseFrom(script: Script): CoapResponse {
  return {
    code: script.pick(RESPONSE_CODES.slice(0, 9)),
    options: script.pick(OPTIONS.slice(0, 8)),
    payload: new Uint8Array(script.byte() * 4),
  };
}

export const PAUSES = [0, 1, 90, 700, 2500, 6000, 48_000, 150_000, 300_000, 4_000_000];
