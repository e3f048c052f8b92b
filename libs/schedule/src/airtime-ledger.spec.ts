import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DAY, HOUR, MINUTE } from '@drover/kernel';
import { AirtimeLedger, BIN_MS, stretched, type Booking } from './index.ts';

const half = (): AirtimeLedger => new AirtimeLedger(() => 0.5);
const booking = (from: number, minutes: number, share: number, carrier = 3): Booking => ({
  carrier,
  from,
  until: from + minutes * MINUTE,
  share,
});

describe('what has been promised', () => {
  it('is the mean of each bin', () => {
    const ledger = half();
    ledger.book(booking(5 * MINUTE, 10, 0.4), 0);
    expect([0, 10, 20].map((minute) => ledger.takenAt(3, minute * MINUTE))).toEqual([0.2, 0.2, 0]);
    expect(ledger.takenAt(4, 0)).toBe(0);
  });

  it('is given back as far as it lies ahead', () => {
    const ledger = half();
    const long = booking(0, 60, 0.3);
    ledger.book(long, 0);
    ledger.release(long, 30 * MINUTE);
    expect(ledger.takenAt(3, 30 * MINUTE)).toBeCloseTo(0, 12);
    expect(ledger.takenAt(3, 50 * MINUTE)).toBeCloseTo(0, 12);
  });

  it('comes back to nothing when it is taken out and put back while it is under way', () => {
    const ledger = half();
    const long = booking(0, 60, 0.3);
    ledger.book(long, 0);
    const before = ledger.takenAt(3, 5 * MINUTE);
    ledger.release(long, 5 * MINUTE);
    ledger.book(long, 5 * MINUTE);
    expect(ledger.takenAt(3, 5 * MINUTE)).toBeCloseTo(before, 12);
  });

  it('is forgotten when it lies behind, and its place serves a week later', () => {
    const ledger = half();
    ledger.book(booking(0, 60, 0.3), 0);
    ledger.book(booking(7 * DAY, 10, 0.1), 6 * DAY);
    expect(ledger.takenAt(3, 0)).toBe(0);
    expect(ledger.takenAt(3, 7 * DAY)).toBeCloseTo(0.1, 12);
  });

  it('comes back to nothing whatever is booked and released', () => {
    const one = fc.record({
      from: fc.nat(6 * DAY),
      minutes: fc.integer({ min: 1, max: 600 }),
      share: fc.double({ min: 0.001, max: 1, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.array(one, { maxLength: 30 }), (list) => {
        const ledger = half();
        const bookings = list.map(({ from, minutes, share }) => booking(from, minutes, share));
        for (const each of bookings) ledger.book(each, 0);
        for (const each of bookings) ledger.release(each, 0);
        for (let bin = 0; bin < 1008; bin++) expect(Math.abs(ledger.takenAt(3, bin * BIN_MS))).toBeLessThan(1e-9);
      }),
    );
  });
});

describe('when a transfer would end', () => {
  const end = (ledger: AirtimeLedger, wanted: Booking, limit = 10 * DAY): number => ledger.endOf(wanted, limit, { atMost: 1, now: 0 });

  it('is its own time on an empty carrier', () => {
    expect(end(half(), booking(7 * MINUTE, 118, 0.34))).toBeCloseTo(125 * MINUTE, 6);
  });

  it('is later where others have been promised a part', () => {
    const ledger = half();
    ledger.book(booking(0, 60, 0.3), 0);
    // A share of 0.4 gets half of its rate for an hour, then all of it.
    expect(end(ledger, booking(0, 60, 0.4))).toBeCloseTo(90 * MINUTE, 6);
  });

  it('does not stand still where nothing is left', () => {
    const ledger = new AirtimeLedger(() => 0);
    expect(end(ledger, booking(0, 30, 0.4))).toBeCloseTo(300 * MINUTE, 6);
  });

  it('is later for a campaign that may take less of the carrier', () => {
    expect(half().endOf(booking(0, 60, 0.4), 10 * DAY, { atMost: 0.1, now: 0 })).toBeCloseTo(240 * MINUTE, 6);
  });

  it('is not looked for beyond the limit', () => {
    expect(end(half(), booking(0, 60, 0.4), 30 * MINUTE)).toBe(Number.POSITIVE_INFINITY);
  });
});

describe('the first gap', () => {
  const gap = (
    ledger: AirtimeLedger,
    wanted: Booking,
    { before = DAY, isOpen = (_at: number): boolean => true } = {},
  ): Booking | undefined => ledger.firstGap(wanted, { before, stretch: 1.02, isOpen }, { atMost: 1, now: 0 });

  it('is at once where there is room', () => expect(gap(half(), booking(5 * MINUTE, 30, 0.4))?.from).toBe(5 * MINUTE));

  it('comes after what has been promised', () => {
    const ledger = half();
    ledger.book(booking(0, 60, 0.3), 0);
    expect(gap(ledger, booking(5 * MINUTE, 30, 0.4))?.from).toBe(60 * MINUTE);
  });

  it('lies within the window', () => {
    expect(gap(half(), booking(0, 30, 0.4), { isOpen: (at) => at >= 3 * HOUR })?.from).toBe(3 * HOUR);
  });

  it('is none where all is taken until the device comes by itself', () => {
    const ledger = half();
    ledger.book(booking(0, 24 * 60, 0.5), 0);
    expect(gap(ledger, booking(0, 30, 0.4))).toBeUndefined();
  });
});

it('a transfer that is stretched takes the same airtime', () => {
  const before = booking(0, 60, 0.4);
  const after = stretched(before, 0, 90 * MINUTE);
  expect(after.share * (after.until - after.from)).toBeCloseTo(before.share * 60 * MINUTE, 6);
});
