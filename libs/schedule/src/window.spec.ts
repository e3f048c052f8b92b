import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DEFAULT_NAMESPACE, durationOf, Endpoint, Instant, instantOf, isoOf, MINUTE } from '@drover/kernel';
import type { Device, FactName } from '@drover/fleet';
import { windowState, zoneFor, type WindowRule } from './index.ts';

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
