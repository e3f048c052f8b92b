import { describe, expect, it } from '@jest/globals';
import { CSM, NO_BYTES, PEER, READ, SeededEntropy, StreamBench } from '../../../test/lockstep/stream-bench.ts';
import type { Said } from '../../../test/lockstep/stream-bench.ts';
import { CODE, CoapEndpoint, CoapStreams, code, encodeFrame, FrameDecoder, SIGNAL } from './index.ts';
import type { CoapTransport, IncomingHandle } from './index.ts';

it('is a transport like the other one', () => {
  const transports: CoapTransport[] = [
    new CoapStreams(() => undefined, new SeededEntropy()),
    new CoapEndpoint(() => undefined, new SeededEntropy()),
  ];
  for (const transport of transports) {
    transport.setCoverage(PEER, 2, 0);
    expect(transport.nextTimerAt() ?? 0).toBeGreaterThanOrEqual(0);
    expect(transport.timeoutOf('tcp:192.0.2.9:1')).toBeGreaterThan(0);
  }
});

it('the example of the README', () => {
  const said: string[] = [];
  const entropy = new SeededEntropy();
  const now = 0;

  const streams = new CoapStreams((output) => said.push(output.type), entropy);
  streams.opened('tcp:192.0.2.1:49152', now, 'server');
  streams.receive('tcp:192.0.2.1:49152', Uint8Array.of(0x00, 0xe1), now); // their CSM is answered with ours
  streams.receive('tcp:192.0.2.1:49152', Uint8Array.of(0x00, 0x01), now); // GET /

  expect(said).toEqual(['datagram', 'request']);
});

describe('our requests', () => {
  it('go one after the other, each matched by its token', () => {
    const bench = StreamBench.open();
    const handle = bench.streams.request(PEER, READ, bench.now);
    bench.streams.request(PEER, { method: 'PUT', path: ['5', '0', '1'], payload: Buffer.from('coap://fw') }, bench.now);
    expect(bench.log()).toEqual(['> 0.01']);
    bench.now += 40;
    bench.answer(CODE.CONTENT, { payload: '2.1.0' });
    expect(bench.outputs[1]).toMatchObject({ type: 'response', handle, retransmissions: 0, rttMs: 40 });
    expect(bench.log()).toEqual(['> 0.01', 'response 2.05 2.1.0', '> 0.03 coap://fw']);
  });

  it('are never repeated: after the timeout they fail, and a late answer is ignored', () => {
    const bench = StreamBench.open();
    bench.streams.request(PEER, READ, bench.now);
    bench.streams.request(PEER, { ...READ, responseTimeoutMs: 5000 }, bench.now);
    bench.pass(120_000);
    expect(bench.log()).toEqual(['> 0.01', 'failed timeout', '> 0.01']);
    bench.says({ code: CODE.CONTENT, token: bench.sent()[0]!.token });
    bench.pass(5000);
    expect(bench.log().slice(3)).toEqual(['failed timeout']);
  });

  it('fail at once without a connection', () => {
    const bench = new StreamBench();
    bench.streams.request(PEER, READ, bench.now);
    expect(bench.log()).toEqual(['failed closed']);
  });

  it('fail when the connection ends, and what is asked from there does not reach it', () => {
    const bench = StreamBench.open();
    bench.streams.request(PEER, READ, bench.now);
    bench.streams.request(PEER, READ, bench.now);
    bench.streams.closed(PEER);
    bench.streams.request(PEER, READ, bench.now);
    expect(bench.log()).toEqual(['> 0.01', 'failed closed', 'failed closed', 'failed closed']);
    expect(bench.streams.nextTimerAt()).toBeUndefined();
  });

  it('can be cancelled', () => {
    const bench = StreamBench.open();
    const handles = [1, 2, 3].map((n) => bench.streams.request(PEER, { ...READ, path: [String(n)] }, bench.now));
    bench.streams.cancelRequest(handles[1]!, bench.now);
    bench.streams.cancelRequest(handles[0]!, bench.now);
    expect(bench.sent().map(({ options }) => Buffer.from(options[0]!.value).toString())).toEqual(['1', '3']);
  });

  it('that the peer would not take are not sent', () => {
    const small = StreamBench.open({}, { code: SIGNAL.CSM, raw: [[2, Uint8Array.of(100)]] });
    small.streams.request(PEER, { method: 'PUT', path: ['5', '0', '0'], payload: new Uint8Array(100) }, small.now);
    small.streams.request(PEER, { method: 'GET', path: ['fw'], block2: { num: 0, more: false, szx: 7 } }, small.now);
    expect(small.log()).toEqual(['failed overflow', 'failed overflow']);
  });

  it('are repeated once, before all others, with the Echo that the peer wants', () => {
    const bench = StreamBench.open();
    bench.streams.request(PEER, READ, bench.now);
    bench.streams.request(PEER, { ...READ, path: ['4'] }, bench.now);
    bench.answer(CODE.UNAUTHORIZED, { options: { echo: Uint8Array.of(7) } });
    expect(bench.last().options.map(({ number }) => number)).toEqual([11, 11, 11, 252]);
    bench.answer(CODE.CONTENT);
    expect(bench.log()).toEqual(['> 0.01', '> 0.01', 'response 2.05', '> 0.01']);
  });

  it('reject an answer with a critical option nobody knows', () => {
    const bench = StreamBench.open();
    bench.streams.request(PEER, READ, bench.now);
    bench.says({ code: CODE.CONTENT, token: bench.last().token, raw: [[9, NO_BYTES]] });
    expect(bench.log()).toEqual(['> 0.01', 'failed rejected']);
  });

  it('and the peer itself can be given up', () => {
    const bench = StreamBench.open();
    bench.streams.request(PEER, READ, bench.now);
    bench.streams.forgetPeer(PEER);
    expect(bench.log()).toEqual(['> 0.01', 'failed forgotten', '> 7.04', 'close']);
  });
});

describe('observations', () => {
  const observing = (): { bench: StreamBench; token: Uint8Array; handle: ReturnType<CoapStreams['request']> } => {
    const bench = StreamBench.open();
    const handle = bench.streams.request(PEER, { ...READ, observe: 0 }, bench.now);
    const { token } = bench.last();
    bench.answer(CODE.CONTENT, { options: { observe: 9 }, payload: '0' });
    return { bench, token, handle };
  };

  it('keep the order of arrival, whatever the numbers', () => {
    const { bench, token } = observing();
    for (const observe of [5, 5, 0]) bench.says({ code: CODE.CONTENT, token, options: { observe }, payload: String(observe) });
    expect(bench.log().slice(2)).toEqual(['notification 2.05 5', 'notification 2.05 5', 'notification 2.05 0']);
  });

  it.each<[string, Said]>([
    ['an error', { code: CODE.NOT_FOUND, options: { observe: 1 } }],
    ['a message without Observe', { code: CODE.CONTENT }],
  ])('end with %s', (_, said) => {
    const { bench, token } = observing();
    bench.says({ ...said, token });
    expect(bench.outputs.at(-1)).toMatchObject({ type: 'notification', ended: true });
    bench.says({ code: CODE.CONTENT, token, options: { observe: 2 } });
    expect(bench.outputs).toHaveLength(3);
  });

  it('are cancelled with Observe 1 and the same token, are renewed with Observe 0', () => {
    const { bench, token, handle } = observing();
    bench.streams.refreshObservation(handle, bench.now);
    expect(bench.last()).toMatchObject({ token, options: [{ number: 6, value: NO_BYTES }, {}, {}, {}] });
    bench.answer(CODE.CONTENT, { options: { observe: 1 } });
    expect(bench.streams.cancelObservation(handle, bench.now)).toMatchObject({ peer: PEER, correlation: 'read' });
    expect(bench.last()).toMatchObject({ token, options: [{ number: 6, value: Uint8Array.of(1) }, {}, {}, {}] });
    expect(bench.streams.cancelObservation(handle, bench.now)).toBeUndefined();
  });

  it('that are dropped without a word are ended at the peer, and nobody hears of it', () => {
    const { bench, token, handle } = observing();
    bench.streams.cancelRequest(handle, bench.now);
    expect(bench.last()).toMatchObject({ token, options: [{ number: 6, value: Uint8Array.of(1) }, {}, {}, {}] });
    bench.answer(CODE.CONTENT);
    bench.says({ code: CODE.CONTENT, token, options: { observe: 3 } });
    expect(bench.log()).toEqual(['> 0.01', 'response 2.05 0', '> 0.01']);
  });

  it('that are dropped before they stand are ended too', () => {
    const bench = StreamBench.open();
    const handle = bench.streams.request(PEER, { ...READ, observe: 0 }, bench.now);
    bench.streams.cancelRequest(handle, bench.now);
    expect(bench.sent().map(({ options }) => options[0]!.value.length)).toEqual([0, 1]);
    bench.answer(CODE.CONTENT, { options: { observe: 1 } });
    expect(bench.log()).toEqual(['> 0.01', '> 0.01']);
  });

  it('of a peer that registers anew are forgotten, and its connection stays', () => {
    const { bench, token } = observing();
    expect([bench.streams.isProven(PEER), bench.streams.isProven('tcp:192.0.2.9:1')]).toEqual([true, false]);
    bench.streams.forgetObservations(PEER);
    bench.says({ code: CODE.CONTENT, token, options: { observe: 3 } });
    expect(bench.outputs).toHaveLength(2);
  });

  it('end with the connection', () => {
    const { bench, handle } = observing();
    bench.streams.closed(PEER);
    bench.streams.opened(PEER, bench.now, 'server');
    expect(bench.streams.cancelObservation(handle, bench.now)).toBeUndefined();
  });
});

describe('requests of peers', () => {
  it('are answered with their token, in any order, once', () => {
    const bench = StreamBench.open();
    const handles: IncomingHandle[] = [];
    bench.serve = ({ handle }) => handles.push(handle);
    bench.says({ code: 1, token: Uint8Array.of(1) });
    bench.says({ code: 1, token: Uint8Array.of(2) });
    expect(handles.map(({ token }) => [...token])).toEqual([[1], [2]]);
    for (const handle of [handles[1]!, handles[0]!]) expect(bench.streams.respond(handle, { code: CODE.CONTENT })).toBe(true);
    expect(bench.sent().map(({ token }) => [...token])).toEqual([[2], [1]]);
    expect(bench.streams.respond(handles[0]!, { code: CODE.CONTENT })).toBe(false);
  });

  it.each<[string, Said, string]>([
    ['a condition', { code: 3, options: { ifNoneMatch: true } }, '> 4.02'],
    ['an unknown critical option', { code: 1, raw: [[9, NO_BYTES]] }, '> 4.02'],
    ['a proxy', { code: 1, options: { proxyUri: 'coap://x' } }, '> 5.05'],
    ['an unknown method', { code: code(0, 30) }, '> 4.05'],
  ])('on %s get %s', (_, said, answer) => {
    const bench = StreamBench.open();
    bench.says(said);
    expect(bench.log()).toEqual([answer]);
  });

  it('name what the peer takes by BERT', () => {
    const rooms: (number | undefined)[] = [];
    for (const csm of [CSM, { code: SIGNAL.CSM }, { code: SIGNAL.CSM, raw: [[2, Uint8Array.of(0x40, 0)]] } as Said]) {
      const bench = StreamBench.open({}, csm);
      bench.serve = ({ request }) => rooms.push(request.room);
      bench.says({ code: 1, options: { block2: { num: 0, more: false, szx: 7 } } });
      rooms.push(bench.streams.roomOf(PEER));
    }
    expect(rooms).toEqual([15_360, 15_360, undefined, undefined, undefined, undefined]);
  });

  it('get 5.00 where the answer is more than the peer takes, and no answer after the end', () => {
    const bench = StreamBench.open({}, { code: SIGNAL.CSM });
    const handles: IncomingHandle[] = [];
    bench.serve = ({ handle }) => handles.push(handle);
    bench.says({ code: 1 });
    bench.says({ code: 1 });
    expect(bench.streams.respond(handles[0]!, { code: CODE.CONTENT, payload: new Uint8Array(2000) })).toBe(true);
    expect(bench.log().at(-1)).toBe('> 5.00');
    bench.streams.closed(PEER);
    expect(bench.streams.respond(handles[1]!, { code: CODE.CONTENT })).toBe(false);
    expect(bench.log()).toHaveLength(3);
  });

  it('are answered before a Release ends the connection', () => {
    const bench = StreamBench.open();
    const handles: IncomingHandle[] = [];
    bench.serve = ({ handle }) => handles.push(handle);
    bench.says({ code: 1 });
    bench.says({ code: SIGNAL.RELEASE });
    expect(bench.log()).toEqual(['request GET']);
    bench.streams.respond(handles[0]!, { code: CODE.CONTENT });
    expect(bench.log()).toEqual(['request GET', '> 2.05', 'close']);
  });
});

describe('bounds', () => {
  it('connections', () => {
    const bench = new StreamBench({ maxConnections: 2 });
    for (const port of [1, 2, 3]) bench.streams.opened(`tcp:192.0.2.1:${port}`, bench.now, 'server');
    expect(bench.outputs).toEqual([{ type: 'close', peer: 'tcp:192.0.2.1:3' }]);
    bench.streams.opened('tcp:192.0.2.1:1', bench.now, 'server');
    expect(bench.outputs).toHaveLength(1);
    expect(bench.streams.load.connections).toBe(2);
  });

  it('unfinished messages of all connections together', () => {
    const bench = new StreamBench({ maxBufferedBytes: 5000 });
    const half = encodeFrame({ code: CODE.CONTENT, token: NO_BYTES, options: [], payload: new Uint8Array(8000) }).subarray(0, 1500);
    const peers = ['tcp:192.0.2.1:1', 'tcp:192.0.2.1:2'];
    for (const peer of peers) {
      bench.streams.opened(peer, bench.now, 'server');
      bench.says(CSM, peer);
      bench.streams.receive(peer, half, bench.now);
    }
    expect(bench.log().slice(2)).toEqual(['> 7.05 too much is being received at once', 'close']);
    expect(bench.streams.load).toEqual({ connections: 1, bufferedBytes: 3000 });
    bench.streams.closed(peers[0]!);
    expect(bench.streams.load.bufferedBytes).toBe(0);
  });

  it('queued requests and observations', () => {
    const bench = StreamBench.open({ maxQueuedPerPeer: 1, maxObservationsPerPeer: 1 });
    for (const _ of [1, 2, 3]) bench.streams.request(PEER, READ, bench.now);
    expect(bench.log()).toEqual(['> 0.01', 'failed overflow']);
    bench.answer(CODE.CONTENT);
    bench.answer(CODE.CONTENT);
    bench.streams.request(PEER, { ...READ, observe: 0 }, bench.now);
    bench.answer(CODE.CONTENT, { options: { observe: 1 } });
    bench.streams.request(PEER, { ...READ, observe: 0 }, bench.now);
    expect(bench.log().at(-1)).toBe('failed overflow');
  });

  it('requests of a peer that are not answered yet', () => {
    const bench = StreamBench.open({ maxOpenPerPeer: 2 });
    for (const _ of [1, 2, 3]) bench.says({ code: 1 });
    expect(bench.log()).toEqual(['request GET', 'request GET', '> 5.03']);
  });
});

it('two machines, wired together in pieces, move a body by BERT', () => {
  const wire: { to: CoapStreams; bytes: Uint8Array }[] = [];
  const body = Buffer.from(Array.from({ length: 100_000 }, (_, at) => (at * 7 + (at >> 8)) & 255));
  const got: Uint8Array[] = [];
  const device: CoapStreams = new CoapStreams((output) => {
    if (output.type === 'datagram') wire.push({ to: server, bytes: output.bytes });
    else if (output.type === 'response') {
      got.push(output.response.payload.slice());
      const { block2 } = output.response.options;
      if (block2?.more) ask(Buffer.concat(got).length / 1024);
    }
  }, new SeededEntropy());
  const server: CoapStreams = new CoapStreams((output) => {
    if (output.type === 'datagram') wire.push({ to: device, bytes: output.bytes });
    if (output.type !== 'request') return;
    const { num } = output.request.options.block2!;
    const payload = body.subarray(num * 1024, num * 1024 + output.request.room!);
    const more = num * 1024 + payload.length < body.length;
    server.respond(output.handle, { code: CODE.CONTENT, options: { block2: { num, more, szx: 7 } }, payload });
  }, new SeededEntropy());
  const ask = (num: number): unknown =>
    device.request('tcp:server', { method: 'GET', path: ['fw'], block2: { num, more: false, szx: 7 } }, 0);
  server.opened('tcp:device', 0, 'server');
  device.opened('tcp:server', 0, 'client');
  ask(0);
  for (let next = wire.shift(); next !== undefined; next = wire.shift()) {
    const { to, bytes } = next;
    for (let at = 0; at < bytes.length; at += 1000)
      to.receive(to === server ? 'tcp:device' : 'tcp:server', bytes.subarray(at, at + 1000), 0);
  }
  expect(Buffer.concat(got).equals(body)).toBe(true);
  expect(got).toHaveLength(7);
});

it('a decoder that is fed before it is emptied loses nothing', () => {
  const decoder = new FrameDecoder(100);
  decoder.push(Uint8Array.of(0, 1, 0));
  decoder.push(Uint8Array.of(2, 0));
  expect([decoder.next()?.code, decoder.next()?.code, decoder.next()]).toEqual([1, 2, undefined]);
});
