import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DAY, DEFAULT_NAMESPACE, durationOf, Endpoint, Instant, instantOf, isoOf, MINUTE, type Duration } from '@drover/kernel';
import type { Device, FactName } from '@drover/fleet';
import { windowState, zoneFor, type WindowRule } from './index.ts';
import { localInstant, localWeekday } from './local-time.ts';

const DAILY = ['MO', 'TU', 'WE', 'TH', 'FR', 'SA', 'SU'];
const night: WindowRule = { days: DAILY, startMinute: 30, duration: durationOf('5h') };
const late: WindowRule = { days: DAILY, startMinute: 22 * 60, duration: durationOf('4h') };
const midweek: WindowRule = { days: ['TU', 'WE', 'TH'], startMinute: 600, duration: durationOf('4h') };

const device = (facts: Partial<Record<FactName, string>> = {}): Device => ({
  namespace: DEFAULT_NAMESPACE,
  endpoint: Endpoint('d'),
  labels: {},
  facts: Object.fromEntries(Object.entries(facts).map(([name, value]) => [name, { value, at: Instant(0) }])),
  firstSeenAt: undefined,
  lastContactAt: undefined,
});

const stateAt = (rules: readonly WindowRule[], zone: string, now: string): string => {
  const state = windowState(rules, zoneFor(zone, device()), instantOf(now));
  const edge = state.open ? state.closesAt : state.opensAt;
  return `${state.open ? 'open until' : 'shut until'} ${edge === undefined ? 'ever' : isoOf(edge).slice(0, 16)}`;
};

describe('windowState', () => {
  it.each([
    // 2026-12-01 is a Tuesday
    ['before', [night], 'UTC', '2026-12-01T00:29:00Z', 'shut until 2026-12-01T00:30'],
    ['at the start', [night], 'UTC', '2026-12-01T00:30:00Z', 'open until 2026-12-01T05:30'],
    ['at the end', [night], 'UTC', '2026-12-01T05:30:00Z', 'shut until 2026-12-02T00:30'],
    ['local time east', [night], 'Europe/Berlin', '2026-12-01T00:00:00Z', 'open until 2026-12-01T04:30'],
    ['local time west', [night], 'America/New_York', '2026-12-01T05:30:00Z', 'open until 2026-12-01T10:30'],
    ['past midnight', [late], 'UTC', '2026-12-02T01:00:00Z', 'open until 2026-12-02T02:00'],
    [
      'touching windows are one',
      [night, late, { days: DAILY, startMinute: 120, duration: durationOf('6h') }],
      'UTC',
      '2026-12-01T01:00:00Z',
      'open until 2026-12-01T08:00',
    ],
    ['weekly, on the day', [midweek], 'UTC', '2026-12-01T10:00:00Z', 'open until 2026-12-01T14:00'],
    ['weekly, over the weekend', [midweek], 'UTC', '2026-12-03T14:00:00Z', 'shut until 2026-12-08T10:00'],
    ['no rule', [], 'UTC', '2026-12-01T10:00:00Z', 'open until ever'],
    // Clocks go forward on 2026-03-29 at 01:00 UTC in Berlin.
    [
      'the day the clocks change',
      [{ days: DAILY, startMinute: 180, duration: durationOf('1h') }],
      'Europe/Berlin',
      '2026-03-29T00:59:00Z',
      'shut until 2026-03-29T01:00',
    ],
  ] as const)('%s', (_name, rules, zone, now, expected) => {
    expect(stateAt(rules, zone, now)).toBe(expected);
  });

  it('tells an edge at which it really changes', () => {
    const rule = fc.record({
      days: fc.subarray(DAILY, { minLength: 1 }),
      startMinute: fc.nat({ max: 1439 }),
      duration: fc.integer({ min: 1, max: 3 * 1440 }).map((minutes) => (minutes * MINUTE) as never),
    });
    const zone = fc.constantFrom('UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'Australia/Sydney');
    fc.assert(
      fc.property(fc.array(rule, { minLength: 1, maxLength: 3 }), zone, fc.integer({ min: 0, max: 365 * 1440 }), (rules, name, minute) => {
        const now = Instant(instantOf('2026-01-01') + minute * MINUTE);
        const state = windowState(rules, zoneFor(name, device()), now);
        const edge = state.open ? state.closesAt : state.opensAt;
        if (edge === undefined) return;
        expect(edge).toBeGreaterThan(now);
        if (!state.open) expect(windowState(rules, zoneFor(name, device()), edge).open).toBe(true);
      }),
    );
  });
});

describe('a timetable', () => {
  /** Minute by minute, from what local time itself says. */
  const isOpenAt = (rules: readonly WindowRule[], zone: ReturnType<typeof zoneFor>, now: Instant): boolean =>
    rules.some(({ days, startMinute, duration }) => {
      for (let back = 0; back <= duration / DAY + 1; back++) {
        const start = localInstant(zone, now, -back, startMinute);
        if (days.includes(DAILY[localWeekday(zone, now, -back)] ?? '') && start <= now && now < start + duration) return true;
      }
      return false;
    });
  const rule = fc.record({
    days: fc.subarray(DAILY, { minLength: 1 }),
    startMinute: fc.nat({ max: 1439 }),
    duration: fc.integer({ min: 1, max: 3 * 1440 }).map((minutes) => (minutes * MINUTE) as Duration),
  });

  it('says what local time says, in whatever order it is asked, also when clocks change', () => {
    const zone = fc.constantFrom('UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'Australia/Sydney');
    const minutes = fc.array(fc.integer({ min: 0, max: 365 * 1440 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(fc.array(rule, { minLength: 1, maxLength: 3 }), zone, minutes, (rules, name, asked) => {
        const where = zoneFor(name, device());
        for (const minute of asked) {
          const now = Instant(instantOf('2026-01-01') + minute * MINUTE);
          expect(windowState(rules, where, now).open).toBe(isOpenAt(rules, where, now));
        }
      }),
    );
  });

  it('says the same, whether or not somebody has asked before', () => {
    fc.assert(
      fc.property(
        fc.array(rule, { minLength: 1, maxLength: 3 }),
        fc.integer({ min: 0, max: 40 * 1440 }),
        fc.nat(40 * 1440),
        (rules, first, then) => {
          const at = (minute: number) => Instant(instantOf('2026-03-01') + minute * MINUTE);
          const zone = zoneFor('Europe/Berlin', device());
          const fresh = windowState([...rules], zone, at(then));
          windowState(rules, zone, at(first));
          expect(windowState(rules, zone, at(then))).toEqual(fresh);
        },
      ),
    );
  });

  it('has no end where windows follow each other without a break', () => {
    const always: WindowRule = { days: DAILY, startMinute: 0, duration: durationOf('24h') };
    expect(stateAt([always], 'UTC', '2026-12-01T10:00:00Z')).toBe('open until ever');
  });
});

describe('zoneFor', () => {
  const summer = instantOf('2026-07-01');
  it.each([
    ['Device', { 'device.timeZone': 'Europe/Berlin', 'device.utcOffset': '+05:00' }, 120],
    ['Device', { 'device.utcOffset': 'UTC+2', timeZone: 'America/New_York' }, 120],
    ['Device', { 'device.timeZone': 'Nowhere/Land', timeZone: 'America/New_York' }, -240],
    ['Device', {}, 0],
    ['Site', { 'device.timeZone': 'Europe/Berlin', timeZone: 'America/New_York' }, -240],
    ['Asia/Kolkata', { 'device.timeZone': 'Europe/Berlin' }, 330],
  ] as const)('%s with %j is %d minutes east', (timeZone, facts, minutes) => {
    expect(zoneFor(timeZone, device(facts)).offsetMinutes(summer)).toBe(minutes);
  });
});
