import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { CSM, NO_BYTES, PEER, READ, StreamBench } from '../../../test/lockstep/stream-bench.ts';
import type { Said } from '../../../test/lockstep/stream-bench.ts';
import { CODE, code, encodeFrame, SIGNAL } from './index.ts';
import type { IncomingHandle, StreamRole } from './index.ts';

describe('greeting', () => {
  it.each<[StreamRole, string[]]>([
    ['client', ['> 7.01']],
    ['server', []],
  ])('%s: speaks first, or waits', (role, said) => {
    const bench = new StreamBench();
    bench.streams.opened(PEER, bench.now, role);
    expect(bench.log()).toEqual(said);
    bench.says(CSM);
    expect(bench.log()).toEqual(['> 7.01']);
    expect(bench.last().options.map(({ number, value }) => [number, Buffer.from(value).toString('hex')])).toEqual([
      [2, '4100'],
      [4, ''],
    ]);
  });

  it('requests wait for the CSM of the peer', () => {
    const bench = new StreamBench();
    bench.streams.opened(PEER, bench.now, 'client');
    bench.streams.request(PEER, READ, bench.now);
    expect(bench.log()).toEqual(['> 7.01']);
    bench.says(CSM);
    expect(bench.log()).toEqual(['> 7.01', '> 0.01']);
  });

  it.each<[string, Said]>([
    ['a request', { code: 1 }],
    ['a response', { code: CODE.CONTENT }],
    ['Empty', { code: 0 }],
    ['Ping', { code: SIGNAL.PING }],
  ])('%s before it is answered Abort', (_, said) => {
    const bench = new StreamBench();
    bench.streams.opened(PEER, bench.now, 'server');
    bench.says(said);
    expect(bench.log()).toEqual(['> 7.01', '> 7.05 the first message must be a CSM', 'close']);
    expect(bench.streams.load.connections).toBe(0);
  });

  it('ends for those who never greet, without a word', () => {
    const bench = new StreamBench();
    bench.streams.opened(PEER, bench.now, 'server');
    bench.streams.request(PEER, READ, bench.now);
    bench.streams.receive(PEER, Uint8Array.of(0x40), bench.now);
    bench.pass(9999);
    expect(bench.log()).toEqual([]);
    bench.pass(1);
    expect(bench.log()).toEqual(['close', 'failed closed']);
    expect(bench.streams.load).toEqual({ connections: 0, bufferedBytes: 0 });
  });
});

describe('signalling', () => {
  const unknown = [[9, Uint8Array.of(1)]] as const;
  it.each<[string, Said, string[], unknown]>([
    ['Ping', { code: SIGNAL.PING, token: Uint8Array.of(5) }, ['> 7.03'], []],
    ['Ping with Custody', { code: SIGNAL.PING, raw: [[2, NO_BYTES]] }, ['> 7.03'], [[2, '']]],
    ['Pong', { code: SIGNAL.PONG }, [], undefined],
    ['Empty', { code: 0 }, [], undefined],
    ['another CSM', { code: SIGNAL.CSM, raw: [[2, Uint8Array.of(0x20, 0)]] }, [], undefined],
    ['an elective option', { code: SIGNAL.CSM, raw: [[6, Uint8Array.of(8)]] }, [], undefined],
    ['Release', { code: SIGNAL.RELEASE, raw: [[4, Uint8Array.of(9)]] }, ['close'], undefined],
    ['Abort', { code: SIGNAL.ABORT, payload: 'why' }, ['close'], undefined],
    [
      'a critical option of a CSM',
      { code: SIGNAL.CSM, raw: unknown },
      ['> 7.05 signalling option 9 is critical and unknown here', 'close'],
      [[2, '09']],
    ],
    [
      'a critical option of a Ping',
      { code: SIGNAL.PING, raw: unknown },
      ['> 7.05 signalling option 9 is critical and unknown here', 'close'],
      [],
    ],
    ['7.06', { code: code(7, 6) }, ['> 7.05 unknown signalling message', 'close'], []],
  ])('%s', (_, said, log, options) => {
    const bench = StreamBench.open();
    bench.says(said);
    expect(bench.log()).toEqual(log);
    const last = bench.sent().at(-1);
    expect(last?.options.map(({ number, value }) => [number, Buffer.from(value).toString('hex')])).toEqual(options);
    if (said.code === SIGNAL.PING && last?.code === SIGNAL.PONG) expect(last.token).toEqual(said.token ?? NO_BYTES);
  });

  it('has no custody of what is not answered yet', () => {
    const bench = StreamBench.open();
    const handles: IncomingHandle[] = [];
    bench.serve = ({ handle }) => handles.push(handle);
    bench.says({ code: 1, token: Uint8Array.of(1) });
    bench.says({ code: SIGNAL.PING, raw: [[2, NO_BYTES]] });
    expect(bench.last().options).toEqual([]);
    bench.streams.respond(handles[0]!, { code: CODE.CONTENT });
    bench.says({ code: SIGNAL.PING, raw: [[2, NO_BYTES]] });
    expect(bench.last().options).toHaveLength(1);
  });

  it.each([
    ['0901', 'token length 9'],
    ['f0ffffffff', 'a message of 4295033106 bytes'],
    ['1001f0', 'option delta 15 is reserved'],
    ['1001ff', 'a payload marker with no payload'],
  ])('%s is answered Abort, and what is under way fails', (hex, why) => {
    const bench = StreamBench.open();
    bench.streams.request(PEER, READ, bench.now);
    bench.streams.receive(PEER, Buffer.from(hex, 'hex'), bench.now);
    expect(bench.log()).toEqual(['> 0.01', expect.stringContaining(`> 7.05 ${why}`), 'close', 'failed closed']);
    bench.streams.receive(PEER, Uint8Array.of(0, 0), bench.now);
    expect(bench.log()).toHaveLength(4);
  });

  it('looks at nothing behind an Abort', () => {
    const bench = StreamBench.open();
    const abort = encodeFrame({ code: SIGNAL.ABORT, token: NO_BYTES, options: [], payload: NO_BYTES });
    bench.streams.receive(PEER, Buffer.concat([abort, Buffer.from('0001', 'hex')]), bench.now);
    expect(bench.log()).toEqual(['close']);
  });

  it('after a Release lets finish what is under way, and begins nothing', () => {
    const bench = StreamBench.open();
    bench.streams.request(PEER, READ, bench.now);
    const { token } = bench.last();
    bench.streams.request(PEER, { ...READ, path: ['4'] }, bench.now);
    bench.says({ code: SIGNAL.RELEASE });
    bench.streams.request(PEER, READ, bench.now);
    expect(bench.log()).toEqual(['> 0.01', 'failed closed', 'failed closed']);
    bench.says({ code: CODE.CONTENT, token, payload: '2.1.0' });
    expect(bench.log().slice(3)).toEqual(['response 2.05 2.1.0', 'close']);
  });

  it('waits for the end of a Release no longer than it must', () => {
    const bench = StreamBench.open();
    bench.streams.request(PEER, READ, bench.now);
    bench.says({ code: SIGNAL.RELEASE });
    bench.pass(30_000);
    expect(bench.log()).toEqual(['> 0.01', 'close', 'failed closed']);
  });
});

describe('silence', () => {
  it('is broken by a Ping, and an answer keeps the connection', () => {
    const bench = StreamBench.open();
    bench.pass(1_800_000);
    expect(bench.log()).toEqual(['> 7.02']);
    bench.pass(60_000);
    bench.answer(SIGNAL.PONG);
    bench.pass(1_799_999);
    expect(bench.log()).toEqual(['> 7.02']);
    bench.pass(1);
    expect(bench.log()).toEqual(['> 7.02', '> 7.02']);
  });

  it('after a Ping ends the connection', () => {
    const bench = StreamBench.open();
    bench.pass(1_920_000);
    expect(bench.log()).toEqual(['> 7.02', 'close']);
    expect(bench.streams.nextTimerAt()).toBeUndefined();
  });

  it('is counted from the last whole message: single bytes are no sign of life', () => {
    const bench = StreamBench.open();
    bench.pass(1_000_000);
    bench.says({ code: 0 });
    bench.pass(1_700_000);
    bench.streams.receive(PEER, Uint8Array.of(0x10), bench.now);
    bench.pass(100_000);
    expect(bench.log()).toEqual(['> 7.02']);
  });
});

it('whatever a peer sends, in whatever pieces, nothing is thrown and nothing stays behind', () => {
  const noise = fc.oneof(
    fc.uint8Array({ maxLength: 60 }),
    fc
      .record({
        code: fc.constantFrom(0, 1, 2, 69, 128, 225, 226, 227, 228, 229, 230),
        token: fc.uint8Array({ maxLength: 8 }),
        options: fc
          .array(fc.record({ number: fc.nat(30), value: fc.uint8Array({ maxLength: 6 }) }), { maxLength: 4 })
          .map((options) => options.sort((a, b) => a.number - b.number)),
        payload: fc.uint8Array({ maxLength: 30 }),
      })
      .map(encodeFrame),
  );
  fc.assert(
    fc.property(fc.boolean(), fc.array(noise, { maxLength: 12 }), (greeted, pieces) => {
      const bench = greeted ? StreamBench.open() : new StreamBench();
      if (!greeted) bench.streams.opened(PEER, bench.now, 'client');
      bench.streams.request(PEER, { ...READ, observe: 0 }, bench.now);
      for (const piece of pieces) bench.streams.receive(PEER, piece, bench.now);
      bench.pass(10_000_000);
      expect(bench.streams.load).toEqual({ connections: 0, bufferedBytes: 0 });
      expect(bench.streams.nextTimerAt()).toBeUndefined();
      const outcomes = bench.outputs.filter(({ type }) => type === 'response' || type === 'failed');
      expect(outcomes).toHaveLength(1);
      expect(bench.outputs.filter(({ type }) => type === 'close')).toHaveLength(1);
    }),
    { numRuns: 1000 },
  );
});
