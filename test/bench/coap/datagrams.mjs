// What crosses in the coap bench, and of which sizes: the peers send and get datagrams of the same lengths.
import { randomBytes } from 'node:crypto';
import { CODE, encodeMessage, planBlock, szxOfSize, writeOptions } from '@drover/coap';
import { CONTENT_FORMAT } from '@drover/lwm2m';

export const DEVICES = 1000;
export const BLOCK = 1024;
export const IMAGE_BYTES = 1024 * 1024;

const SZX = szxOfSize(BLOCK);
const LINKS = Buffer.from('</>;rt="oma.lwm2m";ct="110 112",</1/0>,</3/0>,</4/0>,</5/0>,</7/0>,</10/0>');
const TOKEN = randomBytes(8);
const message = (more) => Buffer.from(encodeMessage({ type: 'CON', code: 0x02, messageId: 0, token: TOKEN, options: [], payload: new Uint8Array(), ...more }));

const REGISTER = message({
  options: writeOptions({
    uriPath: ['rd'],
    contentFormat: CONTENT_FORMAT.LINK,
    uriQuery: ['ep=urn:imei:000000000000000', 'lt=86400', 'lwm2m=1.0', 'b=UQ'],
  }),
  payload: LINKS,
});
const FIRST_BLOCK = { num: 256, more: false, szx: SZX };
const GET_BLOCK = message({ code: 0x01, options: writeOptions({ uriPath: ['fw', 'AAAAAAAAAAAAAAAA'], block2: FIRST_BLOCK }) });
const BLOCK_AT = GET_BLOCK.indexOf(Buffer.of(0x10, SZX));
if (BLOCK_AT < 0) throw new Error('the block option is not where the load generator would change it');

const plan = (template, edits, answerCode) => ({ template: template.toString('base64'), edits: [{ at: 2, kind: 'message-id' }, ...edits], answerCode });

/** Without a code to check, any answer counts: an echo. */
export const registerPlan = (code) => plan(REGISTER, [{ at: REGISTER.indexOf('urn:imei:') + 9, kind: 'endpoint' }], code);
export const pullPlan = (code) => plan(GET_BLOCK, [{ at: BLOCK_AT, kind: 'block', szx: SZX, blocks: IMAGE_BYTES / BLOCK }], code);
/** A plain GET of `/`: what libcoap's own server answers. */
export const rootPlan = () => plan(message({ code: 0x01 }), [], CODE.CONTENT);

const sizeOfAnswer = ({ code, options = {}, payload = new Uint8Array() }) => message({ type: 'ACK', code, options: writeOptions(options), payload }).length;
export const REGISTER_ANSWER_BYTES = sizeOfAnswer({ code: CODE.CREATED, options: { locationPath: ['rd', 'AAAAAAAA'] } });
const served = planBlock({ size: IMAGE_BYTES, etag: randomBytes(8), preferredSzx: SZX }, FIRST_BLOCK);
export const BLOCK_ANSWER_BYTES = sizeOfAnswer({
  code: CODE.CONTENT,
  options: { etag: served.etag, contentFormat: CONTENT_FORMAT.OPAQUE, block2: served.block2 },
  payload: new Uint8Array(BLOCK),
});
export const PUSHED_BYTES = message({
  code: 0x03,
  options: writeOptions({ uriPath: ['5', '0', '0'], contentFormat: CONTENT_FORMAT.OPAQUE, block1: { num: 256, more: true, szx: SZX } }),
  payload: new Uint8Array(BLOCK),
}).length;
