import { describe, expect, it } from '@jest/globals';
import { EndpointBench, PEER, READ } from '@drover/testkit';
import { PEER as STREAM, READ as STREAM_READ, StreamBench } from '../../../test/lockstep/stream-bench.ts';
import type { Coverage, PeerTiming } from './index.ts';

/** When each copy of one unanswered request left, ms after the first. */
function copiesOf(bench: EndpointBench): number[] {
  const copies: number[] = [];
  bench.endpoint.request(PEER, READ, bench.now);
  const first = bench.now;
  for (let seen = 0; bench.events().at(-1) !== 'failed timeout';) {
    const { length } = bench.sent();
    if (length > seen) copies.push(bench.now - first);
    seen = length;
    bench.pass((bench.endpoint.nextTimerAt() ?? 0) - bench.now);
  }
  return copies;
}

describe('the timing of a peer', () => {
  it.each<[PeerTiming | undefined, Coverage | undefined, number, number]>([
    [undefined, undefined, 2000, 5],
    [{ ackTimeoutMs: 4000 }, undefined, 4000, 5],
    [{ ackTimeoutMs: 8000, maxRetransmit: 2 }, undefined, 8000, 3],
    [{ maxRetransmit: 0 }, undefined, 2000, 1],
    [{ maxRetransmit: 1 }, 1, 8000, 2],
    [{ ackTimeoutMs: 5000 }, 2, 5000, 3],
    [{}, 2, 30_000, 3],
  ])('%j in CE%s: first timeout %d ms, %d copies', (timing, coverage, firstMs, count) => {
    const bench = new EndpointBench();
    if (coverage !== undefined) bench.endpoint.setCoverage(PEER, coverage, bench.now);
    bench.endpoint.setTiming(PEER, timing, bench.now);
    const copies = copiesOf(bench);
    expect(copies).toHaveLength(count);
    expect(bench.endpoint.timeoutOf(PEER)).toBe(firstMs);
    for (const at of copies.slice(1, 2)) expect([at >= firstMs, at <= firstMs * 1.5]).toEqual([true, true]);
  });

  it('counts whichever of timing and coverage is said first', () => {
    const bench = new EndpointBench();
    bench.endpoint.setTiming(PEER, { ackTimeoutMs: 5000 }, bench.now);
    bench.endpoint.setCoverage(PEER, 2, bench.now);
    expect(bench.endpoint.timeoutOf(PEER)).toBe(5000);
  });

  it('gives way to what is measured, and comes back for nobody who was', () => {
    const bench = new EndpointBench();
    const timing = { ackTimeoutMs: 9000 };
    bench.endpoint.setTiming(PEER, timing, bench.now);
    bench.endpoint.request(PEER, READ, bench.now);
    bench.pass(100);
    bench.answer(bench.last(), 69);
    expect(bench.endpoint.timeoutOf(PEER)).toBe(300);
    bench.endpoint.setTiming(PEER, { ackTimeoutMs: 7000 }, bench.now);
    expect(bench.endpoint.timeoutOf(PEER)).toBe(300);
  });

  it('is taken back, and makes no peer of an address that nobody talks to', () => {
    const bench = new EndpointBench();
    bench.endpoint.setTiming(PEER, undefined, bench.now);
    expect(bench.endpoint.load.peers).toBe(0);
    bench.endpoint.setTiming(PEER, { ackTimeoutMs: 9000 }, bench.now);
    bench.endpoint.setTiming(PEER, undefined, bench.now);
    expect([bench.endpoint.load.peers, bench.endpoint.timeoutOf(PEER)]).toEqual([1, 2000]);
  });

  it('never lets a copy leave later than 145 s, whatever is set', () => {
    const bench = new EndpointBench();
    bench.endpoint.setTiming(PEER, { ackTimeoutMs: 60_000, maxRetransmit: 8 }, bench.now);
    expect(copiesOf(bench).at(-1)).toBeLessThanOrEqual(145_000);
  });
});

describe('patience with an answer that comes separately', () => {
  it.each([
    [undefined, 120_000],
    [240_000, 240_000],
  ])('%s: %d ms', (responseTimeoutMs, expected) => {
    const bench = new EndpointBench();
    bench.endpoint.setTiming(PEER, { responseTimeoutMs }, bench.now);
    bench.endpoint.request(PEER, READ, bench.now);
    bench.receive({ type: 'ACK', code: 0, messageId: bench.last().messageId });
    bench.pass(expected - 1);
    expect(bench.events()).toEqual([]);
    bench.pass(1);
    expect(bench.events()).toEqual(['failed timeout']);
  });

  it('and on a stream with any answer', () => {
    const bench = StreamBench.open();
    bench.streams.setTiming(STREAM, { responseTimeoutMs: 5000 });
    bench.streams.request(STREAM, STREAM_READ, bench.now);
    bench.pass(5000);
    expect([bench.log(), bench.streams.timeoutOf(STREAM)]).toEqual([['> 0.01', 'failed timeout'], 5000]);
  });
});
