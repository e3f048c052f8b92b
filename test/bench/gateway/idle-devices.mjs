// A process of its own: a million devices register with one gateway, answer what they are asked, and fall silent. What is left of each?
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { CODE, encodeMessage, writeOptions } from '@drover/coap';
import { CONTENT_FORMAT } from '@drover/lwm2m';
import { CampaignClock, createLogger } from '@drover/platform';
import { Gateway } from '../../../apps/server/dist/gateway/gateway.js';

const [COUNT, LINKS] = [Number(process.argv[2]), '</>;rt="oma.lwm2m";ct="110 112",</1/0>,</3/0>,</4/0>,</5/0>,</7/0>,</10/0>'];
const TOKEN = randomBytes(8);

/** Requests that the gateway has sent and no device has answered yet: [peer, datagram]. */
const asked = [];
const counted = { contacts: 0, facts: 0 };
const gateway = new Gateway({
  clock: new CampaignClock(),
  log: createLogger('silent', 'bench'),
  door: undefined,
  awakeMs: 93_000,
  takeover: 'accept',
  sendDatagram: (peer, bytes) => {
    if (bytes[1] > 0 && bytes[1] < 0x20) asked.push([peer, bytes]);
  },
  writeStream: () => undefined,
  closeStream: () => undefined,
  tell: ({ type }) => {
    if (type === 'contact') counted.contacts += 1;
    if (type === 'facts') counted.facts += 1;
  },
  publicUri: () => 'coap://127.0.0.1',
  wake: () => undefined,
});
gateway.command({ type: 'open' });

/** Each in an address and port of its own, in hosts of 200 devices: as behind an operator's gateways. */
const peerOf = (i) => `10.${(i / 12_800_000) | 0}.${((i / 50_000) | 0) % 256}.${((i / 200) | 0) % 250}:${20_000 + (i % 200)}`;

function register(i) {
  const query = [`ep=urn:imei:${String(i).padStart(15, '0')}`, 'lt=86400', 'lwm2m=1.1', 'b=UQ'];
  const options = writeOptions({ uriPath: ['rd'], contentFormat: CONTENT_FORMAT.LINK, uriQuery: query });
  gateway.wire.receive(peerOf(i), Buffer.from(encodeMessage({ type: 'CON', code: 2, messageId: i & 0xffff, token: TOKEN, options, payload: Buffer.from(LINKS) })));
  for (let next = asked.shift(); next !== undefined; next = asked.shift()) answer(...next);
}

function answer(peer, bytes) {
  const token = bytes.subarray(4, 4 + (bytes[0] & 15));
  const messageId = (bytes[2] << 8) | bytes[3];
  gateway.wire.receive(peer, Buffer.from(encodeMessage({ type: 'ACK', code: CODE.NOT_FOUND, messageId, token, options: [], payload: new Uint8Array() })));
}

function memory() {
  for (let i = 0; i < 4; i++) globalThis.gc();
  const { heapUsed, external, rss } = process.memoryUsage();
  return { bytes: heapUsed + external, rss };
}

// The first ones warm up what all share: code, caches, tables that are bounded and full from then on.
const WARM = Math.min(100_000, COUNT / 10);
for (let i = 0; i < WARM; i++) register(i);
const before = memory();
for (let i = WARM; i < COUNT; i++) {
  register(i);
  if (i % 10_000 === 0) {
    process.send?.({ progress: i });
    await sleep(0);
  }
}
const after = memory();
process.send?.({ count: COUNT, ...counted, bytesEach: (after.bytes - before.bytes) / (COUNT - WARM), rss: after.rss });
gateway.close();
