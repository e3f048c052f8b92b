import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { HOUR, instantOf, MINUTE, plus, type Duration } from '@drover/kernel';
import { aDevice } from '@drover/testkit';
import { zoneFor } from '../local-time.ts';
import { windowState, type WindowRule } from '../window.ts';
import { HourTables, openHours, widenedTables } from './open-hours.ts';
import { HoursAhead } from './hours-ahead.ts';
import { WEEK_HOURS } from './snapshot.ts';

const DAYS = ['MO', 'TU', 'WE', 'TH', 'FR', 'SA', 'SU'];
const ZONES = ['UTC', 'Europe/Berlin', 'Asia/Kolkata', 'America/New_York', 'Pacific/Auckland'];
const rule = fc.record({
  days: fc.uniqueArray(fc.constantFrom(...DAYS), { minLength: 1 }),
  startMinute: fc.integer({ min: 0, max: 1439 }),
  duration: fc.integer({ min: 1, max: 7 * 24 * 60 }).map((minutes) => (minutes * MINUTE) as Duration),
});

it('no rules are always open', () => {
  expect(openHours(undefined, zoneFor('UTC', aDevice('d')), instantOf('2026-12-01')).every((hour) => hour === 1)).toBe(true);
});

it('agrees with the windows that admission knows, in the middle of every hour', () => {
  // A week without a change of the clocks: in the one hour of such a change a week by minutes has to be wrong.
  const at = instantOf('2026-12-01T20:17:00Z');
  fc.assert(
    fc.property(fc.array(rule, { minLength: 1, maxLength: 3 }), fc.constantFrom(...ZONES), (rules: WindowRule[], name) => {
      const zone = zoneFor(name, aDevice('d'));
      const table = openHours(rules, zone, at);
      for (let hour = 0; hour < WEEK_HOURS; hour += 7)
        expect(table[hour]).toBe(Number(windowState(rules, zone, plus(at, (hour + 0.5) * HOUR)).open));
    }),
    { numRuns: 40 },
  );
});

it('knows both sides of a change of the clocks', () => {
  // Sunday, 25 October 2026, 03:00 in Berlin is 02:00 again.
  const table = openHours(
    [{ days: DAYS, startMinute: 8 * 60, duration: HOUR }],
    zoneFor('Europe/Berlin', aDevice('d')),
    instantOf('2026-10-24'),
  );
  expect(openIn(table).slice(0, 3)).toEqual([6, 31, 55]);
});

it('keeps each table once, the one that is always open first', () => {
  const tables = new HourTables();
  const night = table(0, 1);
  expect([tables.indexOf(night), tables.indexOf(Uint8Array.from(night)), tables.indexOf(new Uint8Array(WEEK_HOURS).fill(1))]).toEqual([
    1, 1, 0,
  ]);
  expect(tables.tables).toHaveLength(2);
});

it('widens at both ends and around the end of the week', () => {
  const [wide] = widenedTables([table(0, 10)], 2);
  expect(openIn(wide!)).toEqual([0, 1, 2, 8, 9, 10, 11, 12, 166, 167]);
});

/** Open in these hours of the week alone. */
function table(...open: number[]): Uint8Array {
  return Uint8Array.from({ length: WEEK_HOURS }, (_, hour) => Number(open.includes(hour)));
}
const openIn = (hours: Uint8Array): number[] => [...hours.keys()].filter((hour) => hours[hour] === 1);

describe('a device and its hours', () => {
  const hours = new HoursAhead(table(5, 6, 7, 30));
  const always = { periodMs: 0, phaseMs: 0 };

  it.each([
    // from h, period h, phase h: first reach, h
    [0, 0, 0, 5],
    [6.5, 0, 0, 6.5],
    [8, 0, 0, 30],
    [0, 24, 6, 6],
    [0, 24, 4, Infinity],
    [7, 24, 6, 30],
    [0, 0.5, 0.25, 5],
  ])('from %d h, every %d h at %d h: %d h', (from, period, phase, first) => {
    expect(hours.firstReach(from * HOUR, { periodMs: period * HOUR, phaseMs: phase * HOUR })).toBe(first * HOUR);
  });

  it.each([
    [0, 0, 3],
    [24, 6.5, 1.5],
    [24, 4, 0],
  ])('every %d h at %d h it is open for %d h at most', (period, phase, longest) => {
    expect(hours.longestFrom({ periodMs: period * HOUR, phaseMs: phase * HOUR })).toBe(longest * HOUR);
  });

  it('always open has no end', () => {
    const open = new HoursAhead(new Uint8Array(WEEK_HOURS).fill(1));
    expect([open.openFor(0), open.part, open.longestFrom(always)]).toEqual([Infinity, 1, Infinity]);
  });
});
