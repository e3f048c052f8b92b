import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { durationOf, Instant, instantOf, plus } from '@drover/kernel';
import type { Device } from '@drover/fleet';
import { aDevice } from '@drover/testkit';
import {
  admitDownload,
  admitInstall,
  blockCost,
  contactDeadline,
  forecast,
  learnContact,
  Ledger,
  nextContact,
  type Admission,
  type DownloadRequest,
  type Limits,
} from './index.ts';

const now = instantOf('2026-12-01T01:00:00Z');
const DAILY = ['MO', 'TU', 'WE', 'TH', 'FR', 'SA', 'SU'];
const night = [{ days: DAILY, startMinute: 30, duration: durationOf('5h') }];

const device = (facts: Parameters<typeof aDevice>[1] = {}, name = 'd') => aDevice(name, facts, now);

const limits = (change: Partial<Limits> = {}): Limits => ({
  timeZone: 'UTC',
  downloadWindows: undefined,
  installWindows: undefined,
  minBatteryLevel: 0.35,
  denyStatus: ['BatteryLow', 'Fault'],
  mainsPowered: 'Exempt',
  minRSRP: -118,
  maxCoverageEnhancementLevel: 1,
  onRadioViolation: 'Defer',
  maxInFlight: 100,
  bytesPerSecond: undefined,
  airtime: 0.5,
  ...change,
});

const request = (change: Partial<DownloadRequest> = {}): DownloadRequest => ({
  device: device(),
  campaign: 'c',
  remainingBytes: 256 * 1024,
  blockSize: 512,
  canResume: true,
  backoffUntil: undefined,
  nextContactAt: plus(now, durationOf('6h')),
  ...change,
});

const codeOf = (admission: Admission | ReturnType<typeof admitInstall>) =>
  admission.type === 'admit' ? 'admit' : `${admission.type} ${admission.reason.code}`;
const busy = (share: number): Ledger => {
  const ledger = new Ledger();
  ledger.hold('a', { carrier: '262-1/2A/NB-IoT', share, bytesPerSecond: 400, campaign: 'c' });
  return ledger;
};

describe('admitDownload', () => {
  it.each<[string, Partial<DownloadRequest>, Partial<Limits>, Ledger, string]>([
    ['a healthy device', {}, {}, new Ledger(), 'admit'],
    ['in backoff', { backoffUntil: plus(now, 1) }, {}, new Ledger(), 'wait BACKOFF'],
    ['battery under the floor', { device: device({ 'battery.level': 34 }) }, {}, new Ledger(), 'wait BATTERY_FLOOR'],
    ['battery at the floor', { device: device({ 'battery.level': 35 }) }, {}, new Ledger(), 'admit'],
    ['battery low by its own word', { device: device({ 'battery.status': 'BatteryLow' }) }, {}, new Ledger(), 'wait BATTERY_FAULT'],
    [
      'damaged, which campaigns call Fault',
      { device: device({ 'battery.status': 'BatteryDamaged' }) },
      {},
      new Ledger(),
      'wait BATTERY_FAULT',
    ],
    ['on mains', { device: device({ 'battery.level': 3, 'power.mains': true }) }, {}, new Ledger(), 'admit'],
    [
      'on mains, checked all the same',
      { device: device({ 'battery.level': 3, 'power.mains': true }) },
      { mainsPowered: 'Checked' },
      new Ledger(),
      'wait BATTERY_FLOOR',
    ],
    ['on battery, level unknown', { device: device({ 'battery.level': undefined }) }, {}, new Ledger(), 'wait FACT_UNKNOWN'],
    ['coverage too poor', { device: device({ 'radio.ce': 2 }) }, {}, new Ledger(), 'wait RADIO_POOR'],
    ['coverage too poor, skip', { device: device({ 'radio.ce': 2 }) }, { onRadioViolation: 'Skip' }, new Ledger(), 'skip RADIO_POOR'],
    ['coverage too poor, allow', { device: device({ 'radio.ce': 2 }) }, { onRadioViolation: 'Allow' }, new Ledger(), 'admit'],
    ['signal too weak', { device: device({ 'radio.rsrp': -119 }) }, {}, new Ledger(), 'wait RADIO_POOR'],
    ['window open', {}, { downloadWindows: night }, new Ledger(), 'admit'],
    [
      'window shut in local time',
      { device: device({ 'device.timeZone': 'Asia/Kolkata' }) },
      { timeZone: 'Device', downloadWindows: night },
      new Ledger(),
      'wait WINDOW_CLOSED',
    ],
    [
      'too long for the window, cannot resume',
      { remainingBytes: 10 * 1024 * 1024, canResume: false },
      { downloadWindows: night },
      new Ledger(),
      'wait WINDOW_TOO_SHORT',
    ],
    ['too long for the window, resumes', { remainingBytes: 10 * 1024 * 1024 }, { downloadWindows: night }, new Ledger(), 'admit'],
    ['cap reached', {}, { maxInFlight: 1 }, busy(0.01), 'wait WAVE_CAP'],
    ['bytes per second taken', {}, { bytesPerSecond: 500 }, busy(0.01), 'wait SERVER_BUDGET'],
    ['cell full', {}, {}, busy(0.47), 'wait CELL_BUDGET'],
    ['cell has room', {}, {}, busy(0.45), 'admit'],
    ['another carrier is full', { device: device({ 'radio.cell': 43 }) }, {}, busy(0.5), 'admit'],
    ['alone on a carrier with a small budget', {}, { airtime: 0.01 }, new Ledger(), 'admit'],
  ])('%s', (_name, ask, change, ledger, expected) => {
    const admission = admitDownload(request(ask), limits(change), ledger, now);
    expect(codeOf(admission)).toBe(expected);
    if (admission.type !== 'admit') {
      expect(admission.reason.evidence).not.toBe('');
      expect('nextAt' in admission.reason && admission.reason.nextAt > now).toBe(true);
    }
  });

  it('shares a coarse bucket among devices that name no cell', () => {
    const ledger = new Ledger();
    const nameless = (name: string) => device({ 'radio.cell': undefined }, name);
    let admitted = 0;
    for (let index = 0; index < 10; index++) {
      const admission = admitDownload(request({ device: nameless(`d${index}`) }), limits(), ledger, now);
      if (admission.type !== 'admit') {
        expect(admission.reason.code).toBe('CELL_UNKNOWN');
        continue;
      }
      admitted++;
      ledger.hold(`d${index}`, { carrier: admission.carrier, share: admission.cost.share, bytesPerSecond: 1, campaign: 'c' });
    }
    expect(admitted).toBe(2);
  });

  it('never spends more of a carrier than its budget, but for a lone transfer', () => {
    const ask = fc.record({ cell: fc.constantFrom(1, 2), ce: fc.constantFrom(0, 1, 2), done: fc.boolean() });
    fc.assert(
      fc.property(fc.array(ask, { maxLength: 80 }), fc.double({ min: 0.05, max: 1, noNaN: true }), (asks, airtime) => {
        const ledger = new Ledger();
        const live: string[] = [];
        asks.forEach(({ cell, ce, done }, index) => {
          if (done) ledger.release(live.shift() ?? '');
          const admission = admitDownload(
            request({ device: device({ 'radio.cell': cell, 'radio.ce': ce }) }),
            limits({ airtime, onRadioViolation: 'Allow' }),
            ledger,
            now,
          );
          if (admission.type !== 'admit') return;
          ledger.hold(`a${index}`, { carrier: admission.carrier, share: admission.cost.share, bytesPerSecond: 1, campaign: 'c' });
          live.push(`a${index}`);
          const lone = blockCost({ bearer: 'NB-IoT', ce: ce as 0 | 1 | 2, blockSize: 512 }).share;
          expect(ledger.shareOf(admission.carrier)).toBeLessThanOrEqual(Math.max(airtime, lone) + 1e-6);
        });
      }),
    );
  });
});

describe('admitInstall', () => {
  it.each<[string, Partial<Limits>, Device, string]>([
    ['inside', { installWindows: night }, device(), 'admit'],
    ['outside', { installWindows: [{ days: DAILY, startMinute: 600, duration: durationOf('1h') }] }, device(), 'wait WINDOW_CLOSED'],
    ['battery fell meanwhile', {}, device({ 'battery.level': 10 }), 'wait BATTERY_FLOOR'],
  ])('%s', (_name, change, asked, expected) => {
    expect(codeOf(admitInstall(asked, limits(change), plus(now, 1), now))).toBe(expected);
  });
});

describe('contacts', () => {
  it('learns the period and foresees the next', () => {
    let pattern = learnContact(undefined, now);
    for (let day = 1; day <= 5; day++) pattern = learnContact(pattern, plus(now, day * 86_400_000));
    expect(pattern.periodMs).toBe(86_400_000);
    expect(nextContact(pattern, plus(pattern.lastAt, 10))).toBe(plus(pattern.lastAt, 86_400_000));
    expect(nextContact(pattern, plus(pattern.lastAt, 2.5 * 86_400_000))).toBe(plus(pattern.lastAt, 3 * 86_400_000));
  });
  it('one wake-up is one contact', () => {
    const pattern = learnContact(learnContact(undefined, now), plus(now, 1000));
    expect(pattern.periodMs).toBeUndefined();
  });
  it('a deadline is the later of contacts and wall clock', () => {
    const daily = { lastAt: now, periodMs: 86_400_000 };
    expect(contactDeadline(daily, now, { contacts: 3, atLeast: durationOf('6h') })).toBe(plus(now, durationOf('3d')));
    expect(contactDeadline({ lastAt: now, periodMs: 60_000 }, now, { contacts: 3, atLeast: durationOf('6h') })).toBe(
      plus(now, durationOf('6h')),
    );
  });
});

it('forecasts bytes, airtime and energy', () => {
  const fleet = [device({}, 'a'), device({ 'radio.ce': 2 }, 'b'), device({ 'radio.cell': 7 }, 'c')];
  const result = forecast(fleet, 256 * 1024, { blockSizeFor: () => 512, airtime: 0.5 });
  expect(result.devices).toBe(3);
  expect(result.bytes).toBe(3 * (256 * 1024 + 512 * 75));
  expect(result.energy.maxMah).toBeGreaterThan(140);
  expect(result.busiest[0]?.carrier).toBe('262-1/2A/NB-IoT');
  expect(Instant(result.busiest[0]?.hours ?? 0)).toBeGreaterThan(0);
});
