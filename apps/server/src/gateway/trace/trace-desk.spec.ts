import { beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { emptyMessage, encodeFrame, encodeMessage, SIGNAL, writeOptions, type CoapOptions } from '@drover/coap';
import { Endpoint, Instant, plus } from '@drover/kernel';
import { MAX_TRACED, TraceDesk } from './trace-desk.ts';
import { RING_SIZE } from './trace-ring.ts';

const D = Endpoint('d');
const [HOME, ELSEWHERE, STREAM] = ['192.0.2.1:5683', '192.0.2.1:40000', 'tcp:192.0.2.1:40001'];
const NO_BYTES = new Uint8Array(0);

let now: Instant;
let home: Map<string, Endpoint[]>;
let desk: TraceDesk;

beforeEach(() => {
  now = Instant(1000);
  home = new Map([[HOME, [D]]]);
  desk = new TraceDesk({
    clock: () => now,
    endpointsAt: (peer) => home.get(peer) ?? [],
    ownerOf: (token) => (token === 'token-of-d' ? D : undefined),
  });
});

const datagram = (code: number, options: Partial<CoapOptions> = {}): Uint8Array =>
  encodeMessage({ type: 'CON', code, messageId: 1, token: NO_BYTES, options: writeOptions(options), payload: NO_BYTES });
const frame = (code: number, options: Partial<CoapOptions> = {}): Uint8Array =>
  encodeFrame({ code, token: NO_BYTES, options: writeOptions(options), payload: NO_BYTES });
const lines = (endpoint = D): string[] =>
  (desk.seen(endpoint)?.entries ?? []).map(({ direction, peer, text }) => `${direction} ${peer} ${text}`);
const pull = (token = 'token-of-d') => ({ uriPath: ['fw', token] });

describe('switched', () => {
  it('on for a time and off', () => {
    expect([desk.isOn, desk.seen(D)]).toEqual([false, undefined]);
    expect(desk.start(D, plus(now, 1000))).toBe(true);
    expect(desk.isOn).toBe(true);
    desk.stop(D);
    expect([desk.isOn, desk.seen(D)]).toEqual([false, undefined]);
  });

  it('off by itself, and what was recorded can be looked at until somebody switches it off', () => {
    desk.start(D, plus(now, 1000));
    desk.received(HOME, datagram(1));
    now = plus(now, 1000);
    desk.received(HOME, datagram(2));
    expect(desk.isOn).toBe(false);
    expect(lines()).toEqual([`in ${HOME} CON 0.01 GET mid 1`]);
  });

  it('on again, it goes on behind what it has', () => {
    desk.start(D, plus(now, 1000));
    desk.received(HOME, datagram(1));
    desk.start(D, plus(now, 5000));
    now = plus(now, 2000);
    desk.received(HOME, datagram(2));
    expect(lines()).toHaveLength(2);
    expect(desk.seen(D)?.until).toBe(6000);
  });

  it('never for a device that nobody named', () => {
    desk.start(Endpoint('other'), plus(now, 1000));
    desk.received(HOME, datagram(1));
    desk.sent(HOME, datagram(69));
    expect([lines(), lines(Endpoint('other'))]).toEqual([[], []]);
  });
});

describe('records', () => {
  beforeEach(() => void desk.start(D, plus(now, 60_000)));

  it('both directions with time, address and size', () => {
    desk.received(HOME, datagram(1, { uriPath: ['3'] }));
    now = plus(now, 5);
    desk.sent(HOME, emptyMessage('ACK', 1));
    expect(desk.seen(D)?.entries).toEqual([
      { at: 1000, direction: 'in', peer: HOME, bytes: 6, text: 'CON 0.01 GET mid 1 Uri-Path /3' },
      { at: 1005, direction: 'out', peer: HOME, bytes: 4, text: 'ACK empty mid 1' },
    ]);
  });

  it('a pull from another port, by its token, and our answers there', () => {
    desk.sent(ELSEWHERE, datagram(69));
    desk.received(ELSEWHERE, datagram(1, pull('of-somebody-else')));
    desk.received(ELSEWHERE, datagram(1, pull()));
    desk.sent(ELSEWHERE, datagram(69));
    expect(lines()).toEqual([`in ${ELSEWHERE} CON 0.01 GET mid 1 Uri-Path /fw/toke…`, `out ${ELSEWHERE} CON 2.05 mid 1`]);
  });

  it('a Register from a new address, quoted or not', () => {
    desk.received(ELSEWHERE, datagram(2, { uriPath: ['rd'], uriQuery: ['lt=60', 'ep="d"'] }));
    desk.received('198.51.100.1:1', datagram(2, { uriPath: ['rd'], uriQuery: ['ep=e'] }));
    desk.received('198.51.100.1:2', datagram(3, { uriPath: ['rd'], uriQuery: ['ep=d'] }));
    expect(lines()).toHaveLength(1);
  });

  it('where somebody else lives now, an old pull means nothing any more', () => {
    desk.received(ELSEWHERE, datagram(1, pull()));
    home.set(ELSEWHERE, [Endpoint('e')]);
    desk.sent(ELSEWHERE, datagram(69));
    expect(lines()).toHaveLength(1);
  });

  it('what is no CoAP, and says so', () => {
    desk.received(HOME, Uint8Array.of(1, 2));
    desk.received('198.51.100.1:1', Uint8Array.of(0x40, 2));
    expect(lines()).toEqual([`in ${HOME} no CoAP message: COAP_TRUNCATED`]);
  });

  it('the newest 512 of a device, in order, and how many had to go', () => {
    for (let count = 0; count < RING_SIZE + 3; count++) desk.received(HOME, emptyMessage('ACK', count));
    const seen = desk.seen(D);
    expect([seen?.entries.length, seen?.dropped]).toEqual([512, 3]);
    expect([seen?.entries[0]?.text, seen?.entries.at(-1)?.text]).toEqual(['ACK empty mid 3', 'ACK empty mid 514']);
  });

  it('no more than eight addresses beside the registration: the oldest is forgotten', () => {
    for (let port = 1; port <= 9; port++) desk.received(`198.51.100.1:${port}`, datagram(1, pull()));
    desk.sent('198.51.100.1:1', datagram(69));
    desk.sent('198.51.100.1:9', datagram(69));
    expect(lines().filter((text) => text.startsWith('out'))).toEqual(['out 198.51.100.1:9 CON 2.05 mid 1']);
  });
});

describe('on a stream', () => {
  beforeEach(() => {
    desk.start(D, plus(now, 60_000));
    home.set(STREAM, [D]);
  });

  it('messages in pieces are put together, several in one are told apart', () => {
    const bytes = Buffer.concat([frame(SIGNAL.PING), frame(1, { uriPath: ['3', '0'] })]);
    desk.received(STREAM, bytes.subarray(0, 3));
    desk.received(STREAM, bytes.subarray(3, 5));
    desk.received(STREAM, bytes.subarray(5));
    desk.sent(STREAM, frame(69));
    expect(lines()).toEqual([
      `in ${STREAM} 7.02 Ping`,
      `in ${STREAM} a part of a message`,
      `in ${STREAM} 0.01 GET Uri-Path /3/0`,
      `out ${STREAM} 2.05`,
    ]);
    const sizes = desk.seen(D)?.entries.map(({ bytes: size }) => size);
    expect([sizes?.[0], sizes?.[2]]).toEqual([2, frame(1, { uriPath: ['3', '0'] }).length]);
  });

  it('a pull and a Register over a connection of their own', () => {
    const other = 'tcp:192.0.2.1:50000';
    desk.received(other, Buffer.concat([frame(SIGNAL.CSM), frame(1, pull())]));
    desk.received('tcp:192.0.2.1:50001', Buffer.concat([frame(SIGNAL.CSM), frame(2, { uriPath: ['rd'], uriQuery: ['ep=d'] })]));
    expect(lines().map((text) => text.split(' ')[1])).toEqual([other, other, 'tcp:192.0.2.1:50001', 'tcp:192.0.2.1:50001']);
  });

  it('what is cut short is said, and a new connection from there begins anew', () => {
    desk.received(STREAM, Uint8Array.of(0x0f));
    desk.received(STREAM, frame(SIGNAL.PING).subarray(0, 1));
    desk.closed(STREAM);
    desk.received(STREAM, frame(SIGNAL.PING));
    expect(lines().map((text) => text.slice(`in ${STREAM} `.length))).toEqual([
      'no CoAP message: COAP_TOKEN_LENGTH',
      'a part of a message',
      '7.02 Ping',
    ]);
  });
});

it('never fails, whatever comes: the datagram would be lost to the device', () => {
  // Bytes that begin like a message get further than those that do not.
  const likeCoap = fc
    .tuple(fc.constantFrom(0x40, 0x44, 0x50, 0x60), fc.nat(255), fc.uint8Array({ maxLength: 60 }))
    .map(([first, code, rest]) => {
      return Uint8Array.of(first, code, 0, 1, ...rest);
    });
  const bytes = fc.oneof(fc.uint8Array({ maxLength: 80 }), likeCoap);
  const step = fc.tuple(fc.constantFrom(HOME, ELSEWHERE, STREAM), fc.constantFrom('received', 'sent', 'closed'), bytes);
  desk.start(D, plus(now, 60_000));
  home.set(STREAM, [D]);
  fc.assert(
    fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
      for (const [peer, what, given] of steps) {
        if (what === 'closed') desk.closed(peer);
        else desk[what as 'received' | 'sent'](peer, given);
      }
      const longest = Math.max(0, ...(desk.seen(D)?.entries ?? []).map(({ text }) => text.length));
      expect(longest).toBeLessThanOrEqual(601);
    }),
    { numRuns: 500 },
  );
});

describe('its room', () => {
  const start = (name: string, forMs = 1000): boolean => desk.start(Endpoint(name), plus(now, forMs));

  it(`ends at ${MAX_TRACED} devices; one whose time is over makes room`, () => {
    for (let count = 0; count < MAX_TRACED; count++) expect(start(`d${count}`, 1000 + count)).toBe(true);
    expect(start('one more')).toBe(false);
    expect(start('d0', 1000)).toBe(true);
    now = plus(now, 1000);
    expect(start('one more')).toBe(true);
    expect([desk.seen(Endpoint('d0')), desk.seen(Endpoint('d1')) !== undefined]).toEqual([undefined, true]);
  });
});
