import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { MessageIds } from './message-ids.ts';
import { isMulticast } from './multicast.ts';
import { isFresh } from './observations.ts';
import { backedOff, initialRto, measured, retransmitsWithin } from './rto.ts';
import { DEFAULT_ENDPOINT_SETTINGS as SETTINGS } from './settings.ts';
import { TimerHeap } from './timers.ts';

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
  it('are not used twice within EXCHANGE_LIFETIME, and all are used after it', () => {
    const ids = new MessageIds(65_000);
    const drawn = new Set<number>();
    for (let id = ids.draw(0, 247_000); id !== undefined; id = ids.draw(0, 247_000)) {
      expect(drawn.has(id)).toBe(false);
      drawn.add(id);
    }
    expect(drawn.size).toBeGreaterThan(60_000);
    expect(ids.draw(246_999, 247_000)).toBeUndefined();
    expect(ids.draw(247_000, 247_000)).toBeDefined();
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
