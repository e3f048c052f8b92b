import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DAY, HOUR, Instant, instantOf, MINUTE, plus, SECOND } from '@drover/kernel';
import { appointmentTurn, lifetimeUntil, mayAskKind, MOST_RESTORES, precautionAt, type Appointment } from './index.ts';

const now = instantOf('2026-12-01T00:00:00Z');

describe('the lifetime for an appointment', () => {
  it.each([
    ['a client of which nothing is known', undefined, 2 * HOUR, 7200 + 93],
    ['one that wakes up by its own clock, whatever its lifetime', 6 * HOUR, 2 * HOUR, 7200 + 93],
    ['one that updates after nine tenths of it', 0.9 * DAY, 2 * HOUR, 8000],
    ['one that updates shortly before its end', DAY - 93_000, 2 * HOUR, 7200 + 93],
    ['no sooner than in ten minutes', undefined, MINUTE, 600 + 93],
    ['no later than in five days', undefined, 9 * DAY, 5 * 86_400 + 93],
  ])('%s', (_whose, periodMs, wait, expected) => {
    const pattern = periodMs === undefined ? undefined : { lastAt: now, periodMs };
    expect(lifetimeUntil(now + wait, now, { lifetimeS: 86_400, pattern })).toBe(expected);
  });

  it('is a whole positive number of seconds', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -DAY, max: 30 * DAY }),
        fc.integer({ min: 1, max: 10 ** 8 }),
        fc.double({ min: 0, max: 30 * DAY, noNaN: true }),
        (wait, lifetimeS, periodMs) => {
          const written = lifetimeUntil(now + wait, now, { lifetimeS, pattern: { lastAt: now, periodMs } });
          expect(Number.isInteger(written)).toBe(true);
          expect(written).toBeGreaterThanOrEqual(600);
          expect(written).toBeLessThanOrEqual((2 * 5 * DAY) / SECOND);
        },
      ),
    );
  });
});

describe('a contact', () => {
  const asked: Appointment = { campaign: 'c', askedAt: now, at: plus(now, 2 * HOUR), instance: 0, lifetimeS: 7293, lifetimeBefore: 86_400 };
  const restoring = (restores: number): Appointment => ({ ...asked, restores });
  it.each([
    ['at once, with the new lifetime', asked, 5 * SECOND, 7293, 'stands'],
    ['at the time', asked, 2 * HOUR, 7293, 'kept'],
    ['a little early', asked, 2 * HOUR - 10 * MINUTE, 7293, 'kept'],
    ['much too early', asked, HOUR, 7293, 'missed'],
    ['much too late', asked, 9 * HOUR, 86_400, 'missed'],
    ['after the old one was written, not yet told', restoring(1), 3 * HOUR, 7293, 'restore'],
    ['with the old one back', restoring(1), 3 * HOUR, 86_400, 'restored'],
    ['after too many writes', restoring(MOST_RESTORES), 3 * HOUR, 7293, 'given-up'],
  ] as const)('%s', (_when, appointment, after, lifetimeS, expected) => {
    expect(appointmentTurn(appointment, { at: Instant(now + after), lifetimeS })).toBe(expected);
  });
});

describe('a kind of device', () => {
  it.each([
    ['that nobody has asked', { kept: 0, missed: 0, refused: 0, open: 0 }, true],
    ['that is being tried', { kept: 0, missed: 0, refused: 0, open: 20 }, false],
    ['that refuses', { kept: 0, missed: 0, refused: 2, open: 0 }, false],
    ['that agrees and does not come', { kept: 0, missed: 5, refused: 0, open: 0 }, false],
    ['that mostly comes', { kept: 100, missed: 30, refused: 1, open: 5000 }, true],
    ['that has ceased to come', { kept: 10, missed: 21, refused: 0, open: 0 }, false],
  ])('%s', (_which, record, expected) => {
    expect(mayAskKind(record)).toBe(expected);
  });
});

describe('a precaution', () => {
  const day = (at: number): number => Math.ceil(at / DAY) * DAY;
  const [session, never] = [2 * HOUR, Number.POSITIVE_INFINITY];
  it.each([
    ['a transfer of two hours that may be cut off', 2 * HOUR, { sessionMs: session, endsAt: never, wakesAt: day }, 2 * HOUR + 15 * MINUTE],
    ['a short one', 10 * MINUTE, { sessionMs: session, endsAt: never, wakesAt: day }, undefined],
    ['a link that is never lost', 2 * HOUR, { sessionMs: never, endsAt: never, wakesAt: day }, undefined],
    [
      'one that it would come back to by itself',
      2 * HOUR,
      { sessionMs: session, endsAt: never, wakesAt: (at: number) => at + HOUR - 1 },
      undefined,
    ],
    ['one at the end of the window', 2 * HOUR, { sessionMs: session, endsAt: 2 * HOUR, wakesAt: day }, undefined],
  ])('for %s', (_what, until, more, expected) => {
    expect(precautionAt({ from: 0, until }, more)).toBe(expected);
  });

  const made = {
    campaign: 'c',
    askedAt: Instant(0),
    at: Instant(2 * HOUR),
    instance: 0,
    lifetimeS: 7293,
    lifetimeBefore: 86_400,
    isPrecaution: true,
  };
  it.each([
    ['during the transfer', HOUR, true, 'stands'],
    ['after the transfer, before its time', HOUR, false, 'restore'],
    ['at its time', 2 * HOUR, false, 'kept'],
    ['long after its time', 3 * HOUR, false, 'missed'],
  ])('met %s', (_when, at, isTransferring, turn) => {
    expect(appointmentTurn(made, { at: Instant(at), lifetimeS: 7293, isTransferring })).toBe(turn);
  });
});
