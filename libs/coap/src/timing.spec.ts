import { TimerHeap } from '@drover/kernel';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { messageIdOf, nextPosition, positionAt } from './message-ids.ts';
import { isMulticast } from './multicast.ts';
import { isFresh } from './observations.ts';
import { backedOff, initialRto, measured, retransmitsWithin } from './rto.ts';
import { DEFAULT_ENDPOINT_SETTINGS as SETTINGS } from './settings.ts';

describe('RTO', () => {
  it('starts at ACK_TIMEOUT and follows RFC 6298', () => {
    const first = measured(initialRto(SETTINGS), 400, SETTINGS);
    expect(first).toEqual({ srttMs: 400, varianceMs: 200, timeoutMs: 1200 });
    expect(measured(first, 800, SETTINGS)).toEqual({ srttMs: 450, varianceMs: 250, timeoutMs: 1450 });
  });
  it('keeps within floor and cap', () => {
    expect(measured(initialRto(SETTINGS), 1, SETTINGS).timeoutMs).toBe(SETTINGS.minRtoMs);
    expect(measured(initialRto(SETTINGS), 90_000, SETTINGS).timeoutMs).toBe(SETTINGS.maxRtoMs);
    expect(backedOff(initialRto(SETTINGS), 20, SETTINGS).timeoutMs).toBe(SETTINGS.maxRtoMs);
  });
  it('repeats no longer than the span', () => {
    fc.assert(
      fc.property(fc.integer({ min: 250, max: 90_000 }), (first) => {
        const count = retransmitsWithin(first, SETTINGS.maxTransmitSpanMs, 4);
        expect(first * (2 ** count - 1)).toBeLessThanOrEqual(145_000);
        expect(count).toBeGreaterThanOrEqual(1);
      }),
    );
    expect(retransmitsWithin(3000, SETTINGS.maxTransmitSpanMs, 4)).toBe(4);
  });
});

it.each([
  ['224.0.1.187:5683', true],
  ['239.255.255.255:1', true],
  ['255.255.255.255:5683', true],
  ['[ff02::fd]:5683', true],
  ['[FF05::FD]:5683', true],
  ['[::ffff:224.0.1.187]:5683', true],
  ['ff02::fd:5683', true],
  ['192.0.2.224:5683', false],
  ['223.255.255.255:5683', false],
  ['240.0.0.1:5683', false],
  ['[2001:db8::ff02]:5683', false],
  ['[::ffff:192.0.2.1]:5683', false],
])('%s is multicast: %s', (peer, expected) => {
  expect(isMulticast(peer)).toBe(expected);
});

describe('message ids', () => {
  const LIFETIME = 247_000;

  it('are never used twice within EXCHANGE_LIFETIME, at whatever pace they are drawn', () => {
    const pauses = fc.array(fc.tuple(fc.nat(60_000), fc.nat(20_000)), { maxLength: 20 });
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 41 }), pauses, (start, turns) => {
        const drawnAt = new Map<number, number>();
        let [now, last] = [start, Number.NEGATIVE_INFINITY];
        for (const [pause, count] of turns) {
          now += pause;
          for (let i = 0; i < count; i++) {
            const position = nextPosition(last, now, LIFETIME);
            if (position === undefined) break;
            last = position;
            const id = messageIdOf(position, '192.0.2.1:5683');
            if (now - (drawnAt.get(id) ?? Number.NEGATIVE_INFINITY) < LIFETIME) throw new Error(`id ${id} again at ${now}`);
            drawnAt.set(id, now);
          }
        }
      }),
      { numRuns: 20 },
    );
  });

  it('go on behind those of an earlier process, with nothing kept: a hundred a second, and a restart', () => {
    const used = new Set<number>();
    let last = Number.NEGATIVE_INFINITY;
    for (let now = 0; now < 100_000; now += 10) used.add((last = nextPosition(last, now, LIFETIME)!));
    const restarted = nextPosition(Number.NEGATIVE_INFINITY, 100_000, LIFETIME)!;
    expect(used.has(restarted)).toBe(false);
    expect(restarted).toBeGreaterThan(Math.max(...used));
  });

  it('allow a burst of 32,768, then run dry until the clock has gone on', () => {
    let last = Number.NEGATIVE_INFINITY;
    let count = 0;
    for (let next = nextPosition(last, 0, LIFETIME); next !== undefined; next = nextPosition(last, 0, LIFETIME))
      [last, count] = [next, count + 1];
    expect(count).toBe(32_768);
    expect(nextPosition(last, 8, LIFETIME)).toBeDefined();
  });

  it('differ between peers at the same moment', () => {
    const ids = new Set(Array.from({ length: 100 }, (_, i) => messageIdOf(positionAt(1e12, LIFETIME), `192.0.2.${i}:5683`)));
    expect(ids.size).toBeGreaterThan(95);
  });
});

it.each([
  [1, 2, 0, true],
  [2, 1, 0, false],
  [1, 1, 0, false],
  [0xffffff, 0, 0, true],
  [0, 0xffffff, 0, false],
  [0, (1 << 23) - 1, 0, true],
  [0, 1 << 23, 0, false],
  [2, 1, 128_001, true],
  [2, 1, 128_000, false],
])('freshness: %d then %d after %d ms is %s', (last, sequence, later, fresh) => {
  expect(isFresh({ sequence: last, receivedAt: 0 }, sequence, later)).toBe(fresh);
});

it('fires timers in order, whatever was armed, moved and cleared', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(20), fc.nat(100), fc.boolean()), { maxLength: 200 }), (moves) => {
      const heap = new TimerHeap<{ at: number; place: number }>();
      const timers = Array.from({ length: 21 }, () => ({ at: 0, place: -1 }));
      const expected = new Map<number, number>();
      for (const [index, at, armed] of moves) {
        if (armed) heap.arm(timers[index]!, at);
        else heap.clear(timers[index]!);
        if (armed) expected.set(index, at);
        else expected.delete(index);
      }
      const fired: number[] = [];
      for (let due = heap.popDue(1000); due; due = heap.popDue(1000)) fired.push(due.at);
      expect(fired).toEqual([...expected.values()].sort((a, b) => a - b));
      expect(heap.nextAt()).toBeUndefined();
    }),
  );
});
