import { describe, expect, it } from '@jest/globals';
import { EndpointBench, PEER, READ, SeededEntropy } from '@drover/testkit';
import fc from 'fast-check';
import { CODE, CoapEndpoint, codeText, emptyMessage, encodeMessage, writeOptions } from './index.ts';
import { NO_BYTES } from './message.ts';
import type { CoapMessage, CoapOutput } from './index.ts';

describe('our requests', () => {
  it('get a piggybacked answer', () => {
    const bench = new EndpointBench();
    const handle = bench.endpoint.request(PEER, READ, bench.now);
    expect(handle.correlation).toBe('read');
    bench.now += 300;
    bench.answer(bench.last(), CODE.CONTENT, { payload: '2.1.0' });
    expect(bench.outputs.at(-1)).toMatchObject({ type: 'response', handle, retransmissions: 0, rttMs: 300 });
    bench.pass(200_000);
    expect(bench.sent()).toHaveLength(1);
    expect(bench.endpoint.timeoutOf(PEER)).toBe(900);
  });

  it('are repeated byte for byte with doubling timeouts, five copies in all, and then fail', () => {
    const bench = new EndpointBench();
    bench.endpoint.request(PEER, READ, bench.now);
    bench.pass(46_000);
    expect(bench.sent()).toHaveLength(5);
    expect(bench.events()).toEqual([]);
    bench.pass(47_500);
    expect(bench.sent()).toHaveLength(5);
    expect(bench.events()).toEqual(['failed timeout']);
    const copies = bench.outputs.flatMap((output) => (output.type === 'datagram' ? [Buffer.from(output.bytes).toString('hex')] : []));
    expect(new Set(copies).size).toBe(1);
  });

  it('survive loss: the answer to the third copy counts, and the longer timeout is kept', () => {
    const bench = new EndpointBench();
    bench.endpoint.request(PEER, READ, bench.now);
    bench.pass(10_000);
    expect(bench.sent()).toHaveLength(3);
    bench.answer(bench.last(), CODE.CONTENT);
    expect(bench.outputs.at(-1)).toMatchObject({ type: 'response', retransmissions: 2 });
    expect(bench.endpoint.timeoutOf(PEER)).toBe(8000);
  });

  it('start with another timeout when told so, and do not learn from it', () => {
    const bench = new EndpointBench();
    bench.endpoint.request(PEER, { ...READ, ackTimeoutMs: 20_000 }, bench.now);
    bench.pass(19_999);
    expect(bench.sent()).toHaveLength(1);
    bench.answer(bench.last(), CODE.CONTENT);
    expect(bench.endpoint.timeoutOf(PEER)).toBe(2000);
  });

  it('get a separate response: empty ACK, then CON, which is acknowledged', () => {
    const bench = new EndpointBench();
    bench.endpoint.request(PEER, READ, bench.now);
    const request = bench.last();
    bench.receive({ type: 'ACK', code: 0, messageId: request.messageId });
    bench.pass(60_000);
    expect(bench.sent()).toHaveLength(1);
    bench.answer(request, CODE.CONTENT, { type: 'CON', messageId: 77, payload: 'late' });
    expect(bench.events()).toEqual(['response 2.05 late']);
    expect(bench.last()).toMatchObject({ type: 'ACK', code: 0, messageId: 77 });
    bench.answer(request, CODE.CONTENT, { type: 'CON', messageId: 77, payload: 'late' });
    expect(bench.events()).toHaveLength(1);
    expect(bench.last()).toMatchObject({ type: 'ACK', code: 0, messageId: 77 });
  });

  it('take a separate response that overtakes its ACK', () => {
    const bench = new EndpointBench();
    bench.endpoint.request(PEER, READ, bench.now);
    const request = bench.last();
    bench.answer(request, CODE.CONTENT, { type: 'NON', messageId: 78, payload: 'early' });
    bench.receive({ type: 'ACK', code: 0, messageId: request.messageId });
    bench.pass(200_000);
    expect(bench.events()).toEqual(['response 2.05 early']);
    expect(bench.sent()).toHaveLength(1);
  });

  it('fail when the separate response never comes', () => {
    const bench = new EndpointBench();
    bench.endpoint.request(PEER, { ...READ, responseTimeoutMs: 30_000 }, bench.now);
    bench.receive({ type: 'ACK', code: 0, messageId: bench.last().messageId });
    bench.pass(30_000);
    expect(bench.events()).toEqual(['failed timeout']);
    expect(bench.sent()).toHaveLength(1);
  });

  it.each<[string, (bench: EndpointBench, request: CoapMessage) => void, string[]]>([
    ['RST', (bench, request) => bench.receive({ type: 'RST', code: 0, messageId: request.messageId }), ['failed reset']],
    ['RST of another id', (bench, request) => bench.receive({ type: 'RST', code: 0, messageId: request.messageId ^ 1 }), []],
    ['ACK with another token', (bench, request) => bench.answer({ ...request, token: Uint8Array.of(1) }, CODE.CONTENT), []],
    ['ACK with another id', (bench, request) => bench.answer(request, CODE.CONTENT, { messageId: request.messageId ^ 1 }), []],
    ['ACK that holds a request', (bench, request) => bench.answer(request, 1), []],
    [
      'the right answer from another peer',
      (bench, { messageId, token }) => bench.receive({ type: 'ACK', code: CODE.CONTENT, messageId, token }, '192.0.2.66:5683'),
      [],
    ],
    [
      'the right separate answer from another port',
      (bench, { token }) => bench.receive({ type: 'NON', code: CODE.CONTENT, messageId: 5, token }, '192.0.2.1:5684'),
      [],
    ],
    [
      'a malformed Block1 in the answer',
      (bench, request) =>
        bench.receive({ ...request, type: 'ACK', code: CODE.CONTINUE, options: [{ number: 27, value: Uint8Array.of(7) }] }),
      ['failed rejected'],
    ],
  ])('meet %s', (_, act, events) => {
    const bench = new EndpointBench();
    bench.endpoint.request(PEER, READ, bench.now);
    act(bench, bench.last());
    expect(bench.events()).toEqual(events);
  });

  it('go one at a time, in order, and overflow at the limit', () => {
    const bench = new EndpointBench({ maxQueuedPerPeer: 2 });
    for (const correlation of [1, 2, 3, 4]) bench.endpoint.request(PEER, { ...READ, correlation }, bench.now);
    expect(bench.sent()).toHaveLength(1);
    expect(bench.outputs.at(-1)).toMatchObject({ type: 'failed', reason: 'overflow', handle: { correlation: 4 } });
    for (const _ of [1, 2, 3]) bench.answer(bench.last(), CODE.CONTENT);
    const answered = bench.outputs.flatMap((output) => (output.type === 'response' ? [output.handle.correlation] : []));
    expect(answered).toEqual([1, 2, 3]);
  });

  it('may be NON, and their answer may come as an ACK', () => {
    const bench = new EndpointBench();
    bench.endpoint.request(PEER, { ...READ, confirmable: false }, bench.now);
    bench.pass(60_000);
    expect(bench.sent()).toHaveLength(1);
    bench.answer(bench.last(), CODE.CONTENT);
    expect(bench.events()).toEqual(['response 2.05']);
  });

  it('can be cancelled, queued or sent; a late CON answer is then reset', () => {
    const bench = new EndpointBench();
    const first = bench.endpoint.request(PEER, READ, bench.now);
    const second = bench.endpoint.request(PEER, READ, bench.now);
    const request = bench.last();
    bench.endpoint.cancelRequest(second, bench.now);
    bench.endpoint.cancelRequest(first, bench.now);
    bench.answer(request, CODE.CONTENT, { type: 'CON', messageId: 9 });
    expect(bench.last()).toMatchObject({ type: 'RST', messageId: 9 });
    bench.pass(200_000);
    expect(bench.events()).toEqual([]);
    expect(bench.sent()).toHaveLength(2);
  });

  it('are given up with their peer', () => {
    const bench = new EndpointBench();
    bench.endpoint.request(PEER, READ, bench.now);
    bench.endpoint.request(PEER, READ, bench.now);
    bench.endpoint.forgetPeer(PEER);
    expect(bench.events()).toEqual(['failed forgotten', 'failed forgotten']);
  });

  it('may be sent from within the sink', () => {
    const bench = new EndpointBench();
    let again = 3;
    const endpoint = new CoapEndpoint((output) => {
      bench.outputs.push(output);
      if (output.type === 'response' && again-- > 0) endpoint.request(PEER, READ, bench.now);
    }, new SeededEntropy());
    endpoint.request(PEER, READ, bench.now);
    for (let i = 0; i < 4; i++) {
      const { messageId, token } = bench.last();
      endpoint.receive(
        PEER,
        encodeMessage({ type: 'ACK', code: CODE.CONTENT, messageId, token, options: [], payload: NO_BYTES }),
        bench.now,
      );
    }
    expect(bench.events()).toHaveLength(4);
  });
});

describe('requests of peers', () => {
  const REGISTER = {
    type: 'CON',
    code: 2,
    messageId: 7,
    token: Uint8Array.of(1, 2),
    options: writeOptions({ uriPath: ['rd'], uriQuery: ['ep=a'] }),
  } as const;

  it('are handled once; a duplicate gets the same bytes again', () => {
    const bench = new EndpointBench();
    bench.serve = ({ handle }) => bench.endpoint.respond(handle, { code: CODE.CREATED, options: { locationPath: ['rd', 'x'] } }, bench.now);
    bench.receive(REGISTER);
    bench.receive(REGISTER);
    expect(bench.events()).toEqual(['request POST']);
    expect(bench.sent()).toHaveLength(2);
    expect(bench.sent()[0]).toEqual(bench.sent()[1]);
    expect(bench.last()).toMatchObject({ type: 'ACK', code: CODE.CREATED, messageId: 7, token: Uint8Array.of(1, 2) });
  });

  it('are new with the same id and other content, or after EXCHANGE_LIFETIME', () => {
    const bench = new EndpointBench();
    bench.receive(REGISTER);
    bench.receive({ ...REGISTER, token: Uint8Array.of(9) });
    bench.now += 247_000;
    bench.endpoint.advance(bench.now);
    expect(bench.endpoint.load.remembered).toBe(0);
    bench.receive(REGISTER);
    expect(bench.events()).toHaveLength(3);
  });

  it('still being worked on: the duplicate gets nothing, or the empty ACK once there was one', () => {
    const bench = new EndpointBench();
    bench.receive(REGISTER);
    bench.receive(REGISTER);
    expect(bench.sent()).toHaveLength(0);
    const { handle } = bench.outputs[0] as Extract<CoapOutput, { type: 'request' }>;
    bench.endpoint.acknowledge(handle);
    bench.receive(REGISTER);
    expect(bench.sent().map(({ type, code }) => `${type} ${code}`)).toEqual(['ACK 0', 'ACK 0']);
    expect(bench.endpoint.respond(handle, { code: CODE.CREATED }, bench.now)).toBe(true);
    expect(bench.endpoint.respond(handle, { code: CODE.CREATED }, bench.now)).toBe(false);
    expect(bench.last()).toMatchObject({ type: 'CON', code: CODE.CREATED, token: Uint8Array.of(1, 2) });
    bench.pass(4000);
    expect(bench.sent()).toHaveLength(4);
    bench.receive({ type: 'ACK', code: 0, messageId: bench.last().messageId });
    bench.pass(200_000);
    expect(bench.sent()).toHaveLength(4);
    expect(bench.events()).toEqual(['request POST']);
  });

  it('as NON get a NON answer, and their duplicates silence', () => {
    const bench = new EndpointBench();
    bench.serve = ({ handle }) => bench.endpoint.respond(handle, { code: CODE.CHANGED }, bench.now);
    bench.receive({ ...REGISTER, type: 'NON' });
    bench.receive({ ...REGISTER, type: 'NON' });
    expect(bench.sent()).toHaveLength(1);
    expect(bench.last()).toMatchObject({ type: 'NON', code: CODE.CHANGED });
    expect(bench.endpoint.load.peers).toBe(0);
  });

  it.each<[string, string, string]>([
    ['ping', '40000005', 'RST 0.00 5'],
    ['malformed CON', '40010005f0', 'RST 0.00 5'],
    ['malformed NON', '50010005f0', ''],
    ['malformed ACK', '60450005f0', ''],
    ['another CoAP version', '80010005', ''],
    ['unknown critical option, CON', '4001000590', 'ACK 4.02 5'],
    ['unknown critical option, NON', '5001000590', ''],
    ['unknown method', '401f0005', 'ACK 4.05 5'],
    ['CON response nobody asked for', '40450005', 'RST 0.00 5'],
    ['NON notification nobody asked for', '5045000560', 'RST 0.00 5'],
    ['NON response nobody asked for', '50450005', ''],
    ['ACK nobody asked for', '60450005', ''],
    ['RST nobody asked for', '70000005', ''],
  ])('%s', (_, hex, expected) => {
    const bench = new EndpointBench();
    bench.endpoint.receive(PEER, Buffer.from(hex, 'hex'), bench.now);
    expect(
      bench
        .sent()
        .map(({ type, code, messageId }) => `${type} ${codeText(code)} ${messageId}`)
        .join(),
    ).toBe(expected);
    expect(bench.events()).toEqual([]);
  });

  it('make room for one more peer when the oldest has been idle for EXCHANGE_LIFETIME', () => {
    const bench = new EndpointBench({ maxPeers: 3 });
    const ask = (i: number) => bench.endpoint.request(`198.51.100.${i}:1`, READ, bench.now);
    for (let i = 0; i < 3; i++) ask(i);
    for (let i = 0; i < 3; i++) bench.endpoint.forgetPeer(`198.51.100.${i}:1`);
    ask(3);
    const refusals = () => bench.events().filter((event) => event === 'failed overflow').length;
    expect(refusals()).toBe(1);
    bench.now += 247_000;
    ask(4);
    expect(refusals()).toBe(1);
    expect(bench.endpoint.load.peers).toBe(3);
  });

  it('cost bounded memory', () => {
    const bench = new EndpointBench({ maxCachedMessages: 100, maxCachedBytes: 2000, maxPeers: 10 });
    bench.serve = ({ handle }) => bench.endpoint.respond(handle, { code: CODE.CONTENT, payload: new Uint8Array(40) }, bench.now);
    for (let i = 0; i < 5000; i++) bench.receive({ ...REGISTER, messageId: i & 0xffff }, `192.0.2.${i % 250}:${i}`);
    expect(bench.endpoint.load.remembered).toBeLessThanOrEqual(45);
    for (let i = 0; i < 20; i++) bench.endpoint.request(`198.51.100.${i}:1`, READ, bench.now);
    expect(bench.endpoint.load.peers).toBe(10);
    expect(bench.events().filter((event) => event === 'failed overflow')).toHaveLength(10);
    bench.pass(8_000_000);
    expect(bench.endpoint.load).toMatchObject({ peers: 0, remembered: 0 });
    expect(bench.endpoint.nextTimerAt()).toBeUndefined();
  });
});

it('takes any bytes, then still serves', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 30 }), fc.boolean(), (datagrams, plausible) => {
      const bench = new EndpointBench();
      bench.endpoint.request(PEER, { ...READ, observe: 0 }, bench.now);
      for (const bytes of datagrams) {
        if (plausible && bytes.length > 0) bytes[0] = 0x40 | (bytes[0]! & 0x33);
        bench.endpoint.receive(PEER, bytes, (bench.now += 10));
        bench.endpoint.advance(bench.now);
      }
      const before = bench.outputs.length;
      bench.endpoint.receive('192.0.2.7:1', emptyMessage('CON', 3), bench.now);
      expect(bench.outputs.length).toBe(before + 1);
    }),
  );
});
