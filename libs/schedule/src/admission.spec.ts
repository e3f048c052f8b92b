import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { durationOf, Instant, instantOf, plus } from '@drover/kernel';
import type { Device } from '@drover/fleet';
import { aDevice } from '@drover/testkit';
import {
  admitDownload,
  admitInstall,
  contactDeadline,
  ECO,
  FAST,
  forecast,
  learnContact,
  Ledger,
  nextContact,
  NO_DATA_CAPS,
  paceFactors,
  type Admission,
  type DownloadRequest,
  budgetKeys,
  type BudgetLimits,
  type DataUse,
  type Holding,
  type Limits,
} from './index.ts';

const now = instantOf('2026-12-01T01:00:00Z');
const DAILY = ['MO', 'TU', 'WE', 'TH', 'FR', 'SA', 'SU'];
const night = [{ days: DAILY, startMinute: 30, duration: durationOf('5h') }];

const device = (facts: Parameters<typeof aDevice>[1] = {}, name = 'd') => aDevice(name, facts, now);

const NO_BUDGETS: BudgetLimits = {
  maxInFlight: 100,
  stageMaxInFlight: undefined,
  siteMaxInFlight: undefined,
  perCellMax: {},
  bytesPerSecond: { total: undefined, perAPN: undefined, perCarrier: undefined },
};
const budgets = (change: Partial<BudgetLimits>): Partial<Limits> => ({ budgets: { ...NO_BUDGETS, ...change } });
const rates = (change: Partial<BudgetLimits['bytesPerSecond']>): Partial<Limits> =>
  budgets({ bytesPerSecond: { ...NO_BUDGETS.bytesPerSecond, ...change } });

const MOVED_NOTHING: DataUse = { byDevice: 0, byCampaign: 0, keptInCampaign: 0, pool: undefined };

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
  budgets: NO_BUDGETS,
  energy: { perDevice: undefined, perYear: undefined },
  data: NO_DATA_CAPS,
  airtime: 0.5,
  pace: FAST,
  ...change,
});

const request = (change: Partial<DownloadRequest> = {}): DownloadRequest => ({
  device: device(),
  update: 'default/c/d',
  campaign: 'c',
  remainingBytes: 256 * 1024,
  blockSize: 512,
  canResume: true,
  backoffUntil: undefined,
  sleeps: true,
  pattern: { lastAt: now, periodMs: durationOf('6h') },
  coverage: undefined,
  turnedAway: 0,
  appointmentsLeft: 0,
  endsAt: undefined,
  stage: 0,
  spentMah: { inCampaign: 0, inYear: 0 },
  data: MOVED_NOTHING,
  promise: undefined,
  patientUntil: now,
  ...change,
});

const codeOf = (admission: Admission | ReturnType<typeof admitInstall>) =>
  admission.type === 'admit' ? 'admit' : `${admission.type} ${admission.reason.code}`;
const AT_SITE = device({ site: 'mill', 'radio.apn': 'meters' });
/** A transfer that has begun and goes on for an hour. */
const holding = (share: number, { carrier = '262-1/2A/NB-IoT', isFirm = true, bytesPerSecond = 400 } = {}): Holding => {
  const booking = { carrier, from: now, until: plus(now, durationOf('1h')), share };
  return { transfer: { booking, share, isFirm }, bytesPerSecond, keys: budgetKeys({ device: AT_SITE, campaign: 'c', stage: 0 }) };
};
const busy = (share: number, isFirm = true): Ledger => {
  const ledger = new Ledger();
  ledger.hold('a', holding(share, { isFirm }), now);
  return ledger;
};
const mains = { device: device({ 'power.mains': true }), sleeps: false };

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
    ['cap reached', {}, budgets({ maxInFlight: 1 }), busy(0.01), 'wait WAVE_CAP'],
    ['cap of the stage reached', {}, budgets({ stageMaxInFlight: 1 }), busy(0.01), 'wait WAVE_CAP'],
    ['another stage has reached its cap', { stage: 1 }, budgets({ stageMaxInFlight: 1 }), busy(0.01), 'admit'],
    ['cap of the site reached', { device: AT_SITE }, budgets({ siteMaxInFlight: 1 }), busy(0.01), 'wait SITE_CAP'],
    ['at another site', {}, budgets({ siteMaxInFlight: 1 }), busy(0.01), 'admit'],
    ['cap of the cell and level reached', {}, budgets({ perCellMax: { ce0: 1 } }), busy(0.01), 'wait CELL_CAP'],
    ['at another level', { device: device({ 'radio.ce': 1 }) }, budgets({ perCellMax: { ce0: 1 } }), busy(0.01), 'admit'],
    ['bytes per second taken', {}, rates({ total: 500 }), busy(0.01), 'wait SERVER_BUDGET'],
    ['of its APN', { device: AT_SITE }, rates({ perAPN: 500 }), busy(0.01), 'wait APN_BUDGET'],
    ['no APN is known', {}, rates({ perAPN: 500 }), busy(0.01), 'admit'],
    ['of its operator, by whatever campaign', { campaign: 'other' }, rates({ perCarrier: 500 }), busy(0.01), 'wait OPERATOR_BUDGET'],
    ['of another operator', { device: device({ 'radio.mnc': 2 }) }, rates({ perCarrier: 500 }), busy(0.01), 'admit'],
    ['within its energy budget', {}, { energy: { perDevice: 45, perYear: 120 } }, new Ledger(), 'admit'],
    [
      'has had its share',
      { spentMah: { inCampaign: 44, inYear: 44 } },
      { energy: { perDevice: 45, perYear: 120 } },
      new Ledger(),
      'skip ENERGY_BUDGET',
    ],
    [
      'its year is spent',
      { spentMah: { inCampaign: 0, inYear: 119 } },
      { energy: { perDevice: 45, perYear: 120 } },
      new Ledger(),
      'wait ENERGY_BUDGET',
    ],
    [
      'too dear in this coverage, not in a better one',
      { device: device({ 'radio.ce': 1, 'radio.rsrp': -117 }), remainingBytes: 256 * 1024 },
      { energy: { perDevice: 10, perYear: undefined } },
      new Ledger(),
      'wait ENERGY_BUDGET',
    ],
    [
      'on mains, whatever it has spent',
      { ...mains, spentMah: { inCampaign: 99, inYear: 99 } },
      { energy: { perDevice: 1, perYear: 1 } },
      new Ledger(),
      'admit',
    ],
    ['cell full', {}, {}, busy(0.5), 'wait CELL_BUDGET'],
    ['within its data cap', {}, { data: { ...NO_DATA_CAPS, perDevice: 339_000 } }, new Ledger(), 'admit'],
    ['beyond the data cap of a device', {}, { data: { ...NO_DATA_CAPS, perDevice: 338_000 } }, new Ledger(), 'skip DATA_CAP'],
    [
      'beyond its data cap, and on mains',
      { ...mains, data: { ...MOVED_NOTHING, byCampaign: 1000 } },
      { data: { ...NO_DATA_CAPS, campaign: 339_000 } },
      new Ledger(),
      'skip DATA_CAP',
    ],
    [
      'data is kept for others',
      { data: { ...MOVED_NOTHING, keptInCampaign: 1000 } },
      { data: { ...NO_DATA_CAPS, campaign: 339_000 } },
      new Ledger(),
      'wait DATA_CAP',
    ],
    [
      'its pool has had its month',
      { data: { ...MOVED_NOTHING, pool: { name: 'north', used: 1000, kept: 0 } } },
      { data: { ...NO_DATA_CAPS, perPoolAndMonth: 339_000 } },
      new Ledger(),
      'wait DATA_CAP',
    ],
    ['cell full, and turned away before', { turnedAway: 9 }, {}, busy(0.5), 'wait CELL_BUDGET'],
    ['cell full of what yields', {}, {}, busy(0.5, false), 'admit'],
    ['cell with room for a squeeze', {}, {}, busy(0.475), 'admit'],
    ['cell has room', {}, {}, busy(0.45), 'admit'],
    ['always there, and the cell has room', mains, {}, busy(0.45), 'admit'],
    ['always there, and the cell is full', mains, {}, busy(0.47), 'wait CELL_BUDGET'],
    ['promised this time', { promise: { ...holding(0.05).transfer.booking } }, {}, busy(0.49), 'admit'],
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

  const admitted = (ledger: Ledger, name: string, asked: Device, change: Partial<Limits> = {}, ask: Partial<DownloadRequest> = {}) => {
    const admission = admitDownload(request({ device: asked, update: name, ...ask }), limits(change), ledger, now);
    if (admission.type === 'admit') ledger.hold(name, { transfer: admission.start, bytesPerSecond: 1, keys: [] }, now);
    else if (admission.type === 'wait') ledger.promise(name, admission.promise, now);
    return admission;
  };

  it('shares a coarse bucket among devices that name no cell', () => {
    const ledger = new Ledger();
    const codes = Array.from({ length: 10 }, (_, index) =>
      codeOf(admitted(ledger, `d${index}`, device({ 'radio.cell': undefined }, `d${index}`))),
    );
    // A fifth of the half: two at full rate, two more in a squeeze to half of it.
    expect(codes.filter((code) => code === 'admit')).toHaveLength(4);
    expect(new Set(codes.filter((code) => code !== 'admit'))).toEqual(new Set(['wait CELL_UNKNOWN']));
  });

  it('keeps airtime for a device that came for nothing, and not for two at the same time', () => {
    const ledger = busy(0.9);
    const first = admitted(ledger, 'first', device({ 'radio.ce': 2 }), { onRadioViolation: 'Allow', pace: ECO });
    const second = admitted(ledger, 'second', device({ 'radio.ce': 2 }), { onRadioViolation: 'Allow', pace: ECO });
    expect([first, second].map((each) => each.type === 'wait' && each.promise !== undefined && each.promise.from - now)).toEqual([
      durationOf('6h'),
      durationOf('12h'),
    ]);
    expect(first.type === 'wait' && first.reason.evidence).toMatch(/airtime is kept for it from 2026-12-01T07:00/);
  });

  it('lets what pacing lets through stay within the budget, whatever comes and goes', () => {
    const ask = fc.record({
      cell: fc.constantFrom(1, 2),
      ce: fc.constantFrom(0, 1, 2),
      done: fc.boolean(),
      sleeps: fc.boolean(),
      canResume: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(ask, { maxLength: 80 }), fc.double({ min: 0.05, max: 1, noNaN: true }), (asks, airtime) => {
        const ledger = new Ledger();
        const live: string[] = [];
        asks.forEach(({ cell, ce, done, sleeps, canResume }, index) => {
          if (done) ledger.release(live.shift() ?? '', now);
          const asked = device({ 'radio.cell': cell, 'radio.ce': ce });
          const admission = admitted(ledger, `a${index}`, asked, { airtime, onRadioViolation: 'Allow' }, { sleeps, canResume });
          if (admission.type !== 'admit') return;
          live.push(`a${index}`);
          const firm = ledger.carriers.firmOn(admission.carrier);
          const yielding = ledger.carriers.demandOn(admission.carrier) - firm;
          const factors = paceFactors({ firm, yielding, budget: airtime });
          expect(firm / factors.firm + yielding / factors.yielding).toBeLessThanOrEqual(airtime + 1e-6);
          // Beside others nobody begins where it would be slowed to less than a sixth.
          const isAlone = firm <= admission.start.share + 1e-9;
          if (admission.start.isFirm && !isAlone) expect(firm / airtime).toBeLessThanOrEqual(6 + 1e-6);
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
  const result = forecast(fleet, { imageBytes: 256 * 1024, blockSizeFor: () => 512, airtime: 0.5 });
  expect(result.devices).toBe(3);
  expect(result.bytes).toBe(3 * (256 * 1024 + 512 * 75));
  expect(result.energy.maxMah).toBeGreaterThan(140);
  expect(result.busiest[0]?.carrier).toBe('262-1/2A/NB-IoT');
  expect(Instant(result.busiest[0]?.hours ?? 0)).toBeGreaterThan(0);
});

describe('what a device has shown of itself', () => {
  // 256 KiB take 9.5 min by the model; the window has 20 min left.
  const short = limits({ downloadWindows: [{ days: DAILY, startMinute: 30, duration: durationOf('50m') }] });
  const ask = (transfers: DownloadRequest['transfers']): Admission =>
    admitDownload(request({ canResume: false, transfers }), short, new Ledger(), now);
  const slow = (slowness: number, measured = 50) => ({ measured, slowness, loss: 0 });

  it.each([
    ['nothing yet', undefined, 'admit'],
    ['once, that it is slow', slow(3, 1), 'admit'],
    ['often, that it is slow', slow(3), 'wait'],
    ['often, that it is quick', slow(0.5), 'admit'],
  ] as const)('%s', (_what, transfers, type) => {
    expect(ask(transfers).type).toBe(type);
  });

  it('is told as a reason, and taken from the ledger as long and as thin as it is', () => {
    expect(ask(slow(3))).toMatchObject({
      reason: { code: 'WINDOW_TOO_SHORT', evidence: expect.stringMatching(/^needs 28 min in one piece at its own pace, 2\.9 times/) },
    });
    const bookingOf = (transfers: DownloadRequest['transfers']) => {
      const admission = admitDownload(request({ transfers }), limits(), new Ledger(), now);
      return admission.type === 'admit' ? admission.start.booking : undefined;
    };
    const [usual, slowly] = [bookingOf(undefined)!, bookingOf(slow(2, 1e6))!];
    expect((slowly.until - slowly.from) / (usual.until - usual.from)).toBeCloseTo(2, 1);
    expect(slowly.share).toBeCloseTo(usual.share / 2, 3);
  });
});
