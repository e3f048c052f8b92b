import { CODE, encodeMessage, writeOptions } from '@drover/coap';
import type { CoapOptions } from '@drover/coap';
import { makeRequest } from '@drover/dtls';
import { privateKeyOf } from '@drover/testkit';
import type { Script } from '../script.ts';
import type { Before } from './coap-talk.ts';

const REQUEST = makeRequest(privateKeyOf('device'));
const PATHS = [['bs'], ['bspack'], ['est', 'crts'], ['est', 'sen'], ['.well-known', 'est', 'sen'], ['est', 'sren'], ['est', 'skg'], []];
const QUERIES = [['ep=bad'], ['ep=good'], ['ep=new'], ['ep=gone'], [], ['ep=bad', 'ep=good'], ['ep='], ['ep=bad', 'pct=112'], ['pct=-1']];
const FORMATS = [undefined, 286, 287, 281, 112, 110, 11_542, 0, 40];
const PAYLOADS: readonly Uint8Array[] = [
  new Uint8Array(0),
  REQUEST,
  REQUEST.subarray(0, 64),
  REQUEST.subarray(64, 128),
  REQUEST.subarray(128),
  new Uint8Array(1024),
  Buffer.from('</>;lwm2m=1.1,</0/0>,</0/1>;ssid=7'),
  Buffer.from('</0/x>'),
];

/** What a device may say to a request of a bootstrap session, in one way or another. */
export function answerFrom(script: Script, { messageId, token }: Before): Uint8Array {
  const code = script.pick([CODE.CONTENT, CODE.DELETED, CODE.CHANGED, CODE.CONTINUE, CODE.UNSUPPORTED_CONTENT_FORMAT, CODE.BAD_REQUEST]);
  const options = writeOptions(script.flag() ? {} : { block1: { num: script.below(4), more: script.flag(), szx: script.below(7) } });
  return encodeMessage({ type: 'ACK', code, messageId, token, options, payload: Uint8Array.from(script.pick(PAYLOADS)) });
}

/** A request of the bootstrap interface, or of enrolment, in any blocks. */
export function requestFrom(script: Script): Uint8Array {
  const [uriPath, uriQuery] = [script.pick(PATHS), script.pick(QUERIES)];
  const how = script.byte();
  const block = () => ({ num: script.below(5), more: script.flag(), szx: script.below(7) });
  const options: Partial<CoapOptions> = {
    uriPath,
    uriQuery,
    contentFormat: script.pick(FORMATS),
    accept: script.pick(FORMATS),
    ...((how & 1) !== 0 && { block1: block() }),
    ...((how & 2) !== 0 && { block2: block() }),
    ...((how & 4) !== 0 && { size1: script.uint16() }),
  };
  const head = {
    type: 'CON',
    code: script.pick([1, 2, 2, 2, 3, 4]),
    messageId: script.byte(),
    token: script.bytes(script.below(5)),
  } as const;
  return encodeMessage({ ...head, options: writeOptions(options), payload: Uint8Array.from(script.pick(PAYLOADS)) });
}
