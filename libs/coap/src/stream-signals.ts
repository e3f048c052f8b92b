import { decodeUint, encodeUint } from './block.ts';
import { SIGNAL } from './codes.ts';
import { NO_BYTES } from './message.ts';
import type { RawOption } from './message.ts';
import { encodeFrame } from './stream-frame.ts';
import type { StreamMessage } from './stream-frame.ts';

/** Max-Message-Size until a CSM says otherwise (RFC 8323 section 5.3.1). Above it BERT may be used (section 6). */
export const BASE_MESSAGE_BYTES = 1152;
/** Left free for header and options beside a block: 1152 bytes then take exactly one. */
const HEADER_ROOM = 128;
const BLOCK = 1024;

/** Option numbers mean something else with every code of signalling (RFC 8323 section 5.2). */
const MAX_MESSAGE_SIZE = 2;
const BLOCK_WISE_TRANSFER = 4;
const CUSTODY = 2;
const BAD_CSM_OPTION = 2;

/** What a peer has said it can do; each CSM changes only what it mentions (RFC 8323 section 5.3). */
export interface Capabilities {
  readonly maxMessageBytes: number;
  readonly blockWise: boolean;
}

export const BASE_CAPABILITIES: Capabilities = { maxMessageBytes: BASE_MESSAGE_BYTES, blockWise: false };

/** No critical option is defined for signalling so far: every odd number is one we do not understand (section 5.2). */
export function unknownCritical({ options }: StreamMessage): number | undefined {
  return options.find(({ number }) => (number & 1) === 1)?.number;
}

export function withCsm(known: Capabilities, { options }: StreamMessage): Capabilities {
  const size = options.find(({ number, value }) => number === MAX_MESSAGE_SIZE && value.length <= 4);
  return {
    maxMessageBytes: size === undefined ? known.maxMessageBytes : decodeUint(size.value),
    blockWise: known.blockWise || options.some(({ number }) => number === BLOCK_WISE_TRANSFER),
  };
}

/** Payload of one message by BERT, a multiple of 1024; `undefined` where the peer takes no BERT (RFC 8323 section 6). */
export function bertRoom({ maxMessageBytes, blockWise }: Capabilities, maxBertBytes: number): number | undefined {
  if (!blockWise || maxMessageBytes <= BASE_MESSAGE_BYTES) return undefined;
  const room = Math.min(maxMessageBytes - HEADER_ROOM, maxBertBytes);
  return room < BLOCK ? undefined : room - (room % BLOCK);
}

export function hasCustody({ options }: StreamMessage): boolean {
  return options.some(({ number }) => number === CUSTODY);
}

function signal(code: number, more: { token?: Uint8Array; options?: readonly RawOption[]; payload?: Uint8Array } = {}): Uint8Array {
  return encodeFrame({ code, token: more.token ?? NO_BYTES, options: more.options ?? [], payload: more.payload ?? NO_BYTES });
}

/** 7.01: what we take. */
export function csmFrame(maxMessageBytes: number): Uint8Array {
  const options = [
    { number: MAX_MESSAGE_SIZE, value: encodeUint(maxMessageBytes) },
    { number: BLOCK_WISE_TRANSFER, value: NO_BYTES },
  ];
  return signal(SIGNAL.CSM, { options });
}

/** 7.02, without Custody: we only want to know whether somebody is there. */
export function pingFrame(token: Uint8Array): Uint8Array {
  return signal(SIGNAL.PING, { token });
}

/** 7.03. `custody` says that everything asked before the Ping has been dealt with (RFC 8323 section 5.4.1). */
export function pongFrame(token: Uint8Array, custody: boolean): Uint8Array {
  return signal(SIGNAL.PONG, { token, options: custody ? [{ number: CUSTODY, value: NO_BYTES }] : [] });
}

/** 7.04. */
export function releaseFrame(): Uint8Array {
  return signal(SIGNAL.RELEASE);
}

/** 7.05 with a diagnostic text, and with the number of the option of a CSM that we did not understand. */
export function abortFrame(why: string, badCsmOption?: number): Uint8Array {
  const options = badCsmOption === undefined ? [] : [{ number: BAD_CSM_OPTION, value: encodeUint(badCsmOption) }];
  return signal(SIGNAL.ABORT, { options, payload: Buffer.from(why) });
}
