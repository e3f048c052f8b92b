import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Endpoint, Instant, must, plus } from '@drover/kernel';
import { ANN, NOW, TestEngine } from '../../../../test/support/engine.ts';
import type { ToGateway } from '../link/messages.ts';
import { GatewayLooks } from './gateway-looks.ts';
import { MAX_TRACE_MS, MAX_TRACED, TraceDesk } from './trace-desk.ts';

let test: TestEngine;
let looks: GatewayLooks;
let desk: TraceDesk;
const device = (name = 'd') => must(test.state.devices.get(Endpoint(name)), name);
const asked = () => test.link.sent.flatMap((message) => (message.type === 'look' ? [message as Extract<ToGateway, { type: 'look' }>] : []));

beforeEach(() => {
  test = new TestEngine().withDevices('d', 'e');
  looks = new GatewayLooks(test.engine);
  desk = new TraceDesk(test.engine, looks);
});

describe('a trace', () => {
  it('is told to the gateway, and in the audit log with who asked and until when', async () => {
    expect(await desk.start(device(), { forMs: 60_000, actor: ANN })).toBe(plus(NOW, 60_000));
    expect(test.link.sent).toEqual([{ type: 'trace', endpoint: 'd', until: plus(NOW, 60_000) }]);
    expect(test.writer.commits[0]?.events).toMatchObject([
      { type: 'trace-started', actor: ANN, endpoint: 'd', category: 'ConfigChange', details: { until: '2026-12-01T01:01:00.000Z' } },
    ]);
  });

  it('ends by a word, once', async () => {
    await desk.start(device(), { forMs: 60_000, actor: ANN });
    await desk.stop(device(), ANN);
    expect(test.link.sent.at(-1)).toEqual({ type: 'trace', endpoint: 'd', until: undefined });
    expect(test.writer.audited).toEqual(['trace-started', 'trace-ended']);
    await expect(desk.stop(device(), ANN)).rejects.toMatchObject({ code: 'TRACE_NOT_FOUND', kind: 'missing' });
  });

  it('of more than a day is refused', () => {
    expect(() => desk.start(device(), { forMs: MAX_TRACE_MS + 1, actor: ANN })).toThrow(
      expect.objectContaining({ code: 'TRACE_TOO_LONG' }),
    );
  });

  it(`of the device after ${MAX_TRACED} is refused until one ends; again for one of them is not`, async () => {
    const names = Array.from({ length: MAX_TRACED + 1 }, (_, index) => `m${index}`);
    test.withDevices(...names);
    for (const [index, name] of names.slice(0, -1).entries()) await desk.start(device(name), { forMs: 60_000 + index, actor: ANN });
    await desk.start(device('m0'), { forMs: 60_000, actor: ANN });
    await expect(desk.start(device(`m${MAX_TRACED}`), { forMs: 1000, actor: ANN })).rejects.toMatchObject({
      code: 'TRACE_LIMIT',
      kind: 'conflict',
      message: expect.stringContaining('2026-12-01T01:01:00.000Z'),
    });
    test.clock.pass(60_000);
    await desk.start(device(`m${MAX_TRACED}`), { forMs: 1000, actor: ANN });
  });

  it('is seen as the gateway has it', async () => {
    const trace = { until: Instant(5), dropped: 1, entries: [] };
    const seen = desk.seen(device());
    looks.onLooked({ type: 'looked', id: must(asked()[0], 'a question').id, trace });
    expect(await seen).toEqual(trace);
  });

  it('that the gateway does not have is missing', async () => {
    const seen = desk.seen(device());
    looks.onLooked({ type: 'looked', id: must(asked()[0], 'a question').id });
    await expect(seen).rejects.toMatchObject({ code: 'TRACE_NOT_FOUND' });
  });
});

describe('a question to the gateway', () => {
  const learned = (blockSize: number) => ({ formats: {}, composite: undefined, blockSize, timeoutMs: undefined });

  it('gets its own answer, in whatever order they come; one that nobody asked is nothing', async () => {
    const [first, second] = [looks.learned(Endpoint('d')), looks.learned(Endpoint('e'))];
    const [a, b] = asked().map(({ id }) => id);
    looks.onLooked({ type: 'looked', id: 99, learned: learned(16) });
    looks.onLooked({ type: 'looked', id: must(b, 'b'), learned: learned(64) });
    looks.onLooked({ type: 'looked', id: must(a, 'a'), learned: learned(32) });
    expect(await Promise.all([first, second])).toMatchObject([{ blockSize: 32 }, { blockSize: 64 }]);
  });

  it('is given up after five seconds', async () => {
    jest.useFakeTimers();
    try {
      const answer = looks.learned(Endpoint('d'));
      const refused = expect(answer).rejects.toMatchObject({ code: 'GATEWAY_SILENT', kind: 'transport' });
      await jest.advanceTimersByTimeAsync(5000);
      await refused;
    } finally {
      jest.useRealTimers();
    }
  });

  it('has room for a thousand', async () => {
    jest.useFakeTimers();
    try {
      const answers = Array.from({ length: 1001 }, () => looks.learned(Endpoint('d')).catch((error: { code: string }) => error.code));
      expect(await answers[1000]).toBe('GATEWAY_BUSY');
      await jest.advanceTimersByTimeAsync(5000);
      expect(await answers[0]).toBe('GATEWAY_SILENT');
    } finally {
      jest.useRealTimers();
    }
  });
});
