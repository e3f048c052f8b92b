import { beforeEach, describe, expect, it } from '@jest/globals';
import { DAY, HOUR, Instant, plus, type Json } from '@drover/kernel';
import type { FactName, FactValue } from '@drover/fleet';
import type { DeviceUpdate } from '@drover/rollout';
import { BARRIERS, type OutlookSnapshot } from '@drover/schedule';
import type { DeviceRecord } from '@drover/persistence';
import { aCampaign, aDeviceRecord, aRegistration } from '@drover/testkit';
import { NOW, TestEngine } from '../../../../test/support/engine.ts';
import { plannedSource, soleCampaign } from './planned-source.ts';
import { inSlices } from '../engine/in-slices.ts';
import { makeSnapshot } from './snapshot-maker.ts';

let test: TestEngine;
beforeEach(() => {
  test = new TestEngine().withFirmware();
});

async function snapshot(spec: Record<string, Json> = {}, prepare: () => void = () => undefined): Promise<OutlookSnapshot> {
  const campaign = await test.running(spec);
  prepare();
  return (await inSlices(makeSnapshot(campaign, test.state, test.clock.now())))!;
}
const put = (name: string, change: Partial<DeviceUpdate>): void =>
  test.state.putUpdate({ ...test.update(name), ...change }, test.clock.now());
const device = (name: string, facts: Partial<Record<FactName, FactValue | undefined>>, change: Partial<DeviceRecord> = {}): void =>
  test.putDevice(aDeviceRecord(name, facts, { registration: aRegistration({ refreshedAt: NOW }), lastContactAt: NOW, ...change }));
const asleep = { registration: aRegistration({ refreshedAt: NOW, queueMode: true }) };

describe('a row for everybody who is not through', () => {
  it.each<[string, Partial<DeviceUpdate>, number | undefined]>([
    ['waiting', { state: 'waiting' }, 0],
    ['downloading', { state: 'downloading' }, 1],
    ['downloaded', { state: 'downloaded' }, 2],
    ['verifying', { state: 'verifying' }, 2],
    ['succeeded', { state: 'succeeded' }, undefined],
    ['failed', { state: 'failed', failure: 'Integrity' }, undefined],
  ])('%s', async (_name, change, progress) => {
    test.withDevices('d');
    const { size, progress: column } = await snapshot({}, () => put('d', change));
    expect([size, column[0]]).toEqual(progress === undefined ? [0, undefined] : [1, progress]);
  });

  it.each<[string, Partial<DeviceUpdate>, Partial<Record<FactName, FactValue>>, Partial<DeviceRecord>]>([
    ['NONE', {}, {}, {}],
    ['BATTERY_FLOOR', {}, { 'battery.level': 10 }, {}],
    ['BATTERY_FAULT', {}, { 'battery.status': 'BatteryDamaged' }, {}],
    ['NONE', {}, { 'battery.level': 10, 'power.mains': true }, {}],
    ['RADIO_LIMIT', {}, { 'radio.ce': 2 }, {}],
    ['NO_MEMORY', { failures: { InsufficientFlash: 1 } }, {}, {}],
    ['QUARANTINED', {}, {}, { quarantine: { since: NOW, campaigns: ['x'] } }],
    ['SILENT', { state: 'suspect' }, {}, {}],
    ['SILENT', {}, {}, { registration: undefined, lastContactAt: undefined }],
    ['SILENT', {}, {}, { ...asleep, lastContactAt: plus(NOW, -4 * DAY) }],
    ['NONE', {}, {}, { ...asleep, lastContactAt: plus(NOW, -2 * DAY) }],
    ['EXCLUDED', { state: 'cancelling' }, {}, {}],
  ])('%s: %j %j %j', async (barrier, change, facts, record) => {
    device('d', {});
    const found = await snapshot({ radio: { maxCoverageEnhancementLevel: 1 } }, () => {
      device('d', facts, record);
      put('d', { state: 'waiting', ...change });
    });
    expect(BARRIERS[found.barrier[0]!]).toBe(barrier);
  });

  it('silence while the server was away counts against nobody', async () => {
    device('d', {}, { ...asleep, lastContactAt: plus(NOW, -4 * DAY) });
    const found = await snapshot({}, () => (test.state.away = { from: plus(NOW, -4 * DAY), until: NOW }));
    expect(found.barrier[0]).toBe(0);
  });

  it('says what may still be spent: of this campaign, of this year, and no limit for who is on mains', async () => {
    const energySpent = { year: new Date(NOW).getUTCFullYear(), mah: 35 };
    const limits = { power: { energyBudget: { perDevice: '30mAh', perYear: '60mAh' } }, bandwidth: { dataCap: { perDevice: '1Mi' } } };
    for (const name of ['a', 'b', 'c']) device(name, {});
    const found = await snapshot(limits, () => {
      put('a', { state: 'waiting', spentMah: 10, volume: 400_000 });
      device('b', {}, { energySpent });
      put('b', { state: 'waiting' });
      device('c', { 'power.mains': true });
      put('c', { state: 'waiting' });
    });
    expect([...found.energyLeftMah]).toEqual([20, 25, Infinity]);
    expect([...found.dataLeft]).toEqual([648_576, 1_048_576, 1_048_576]);
  });

  it('says what is left, how, and when it can be reached', async () => {
    device('d', { 'radio.bearer': 'LTE-M', 'radio.rsrp': -110 }, { ...asleep, pattern: { lastAt: NOW, periodMs: 6 * HOUR } });
    const found = await snapshot({}, () => put('d', { state: 'waiting', attempt: 1, offset: 1024, method: 'Pull' }));
    expect({
      bytes: found.bytes[0],
      bearer: found.bearer[0],
      loss: found.lossDb[0],
      period: found.periodMs[0],
      hasBegun: found.hasBegun[0],
      canResume: found.canResume[0],
      onBattery: found.onBattery[0],
    }).toEqual({ bytes: 1024, bearer: 1, loss: 139, period: 6 * HOUR, hasBegun: 1, canResume: 1, onBattery: 1 });
    expect(found.phaseMs[0]).toBeCloseTo(6 * HOUR, -3);
  });

  it('a push begins anew', async () => {
    test.withDevices('d');
    const found = await snapshot({}, () => put('d', { state: 'waiting', attempt: 1, offset: 1024, method: 'Push' }));
    expect([found.bytes[0], found.canResume[0], found.periodMs[0]]).toEqual([2048, 0, 0]);
  });
});

it.each<[string, Partial<DeviceRecord>, Partial<DeviceUpdate>, number]>([
  ['heard of', { pattern: { lastAt: NOW, periodMs: DAY } }, {}, Infinity],
  ['silent since the stage opened', { pattern: { lastAt: plus(NOW, -9 * DAY), periodMs: DAY } }, {}, 10],
  ['of long periods', { pattern: { lastAt: plus(NOW, -20 * DAY), periodMs: 4 * DAY } }, {}, 20],
  ['given up', { pattern: { lastAt: plus(NOW, -20 * DAY), periodMs: DAY } }, { state: 'unreachable' }, 0],
])('who is %s is given up by the deadlines of the engine', async (_name, record, change, days) => {
  device('d', {});
  const found = await snapshot({}, () => {
    device('d', {}, { ...asleep, ...record });
    put('d', { state: 'waiting', ...change });
  });
  expect(found.givenUpMs[0]! / DAY).toBeCloseTo(days, 2);
});

it.each<[string, Json, Partial<DeviceRecord>, number]>([
  ['a sleeper with a server object', {}, asleep, 1],
  ['one whose campaign asks nobody', { appointments: 'Never' }, asleep, 0],
  ['one that is always there', {}, {}, 0],
])('%s: may be asked to come at another time', async (_name, schedule, record, canAppoint) => {
  device('d', {});
  const found = await snapshot({ schedule }, () => {
    device('d', {}, record);
    put('d', { state: 'waiting' });
  });
  expect(found.canAppoint[0]).toBe(canAppoint);
});

it('comes when it was asked to', async () => {
  device('d', {});
  const found = await snapshot({}, () => {
    const appointment = { campaign: 'c', askedAt: NOW, at: plus(NOW, HOUR), instance: 1, lifetimeS: 3600, lifetimeBefore: 86_400 };
    device('d', {}, { ...asleep, pattern: { lastAt: NOW, periodMs: DAY }, appointment });
  });
  expect(found.phaseMs[0]! / HOUR).toBeCloseTo(1, 2);
});

it('before a second contact the lifetime says how often it comes, and a day at most', async () => {
  const sleeper = (lifetimeS: number): Partial<DeviceRecord> => ({
    registration: aRegistration({ refreshedAt: NOW, queueMode: true, lifetimeS }),
    pattern: { lastAt: NOW, periodMs: undefined },
  });
  device('a', {}, sleeper(7200));
  device('b', {}, sleeper(30 * 86_400));
  const { periodMs, phaseMs } = await snapshot();
  expect([...periodMs]).toEqual([2 * HOUR, DAY]);
  expect([...phaseMs].map((ms) => Math.round(ms / HOUR))).toEqual([2, 24]);
});

it('keeps carriers and windows once, each in its device’s time', async () => {
  device('a', { 'radio.cell': 1, 'device.utcOffset': '+00:00' });
  device('b', { 'radio.cell': 1, 'device.utcOffset': '+02:00' });
  device('c', { 'radio.cell': undefined, 'device.utcOffset': '+00:00' });
  const found = await snapshot({
    schedule: { windows: { download: [{ start: '02:00', duration: '2h' }] } },
    bandwidth: { perCell: { airtime: '40%' } },
  });
  expect(found.carriers).toHaveLength(2);
  expect([...found.carrier]).toEqual([0, 0, 1]);
  expect([found.budget[0], found.budget[24]].map((part) => part?.toFixed(2))).toEqual(['0.40', '0.08']);
  const openIn = (row: number): number[] =>
    [...found.windows[found.download[row]!]!.subarray(0, 24).entries()].filter(([, open]) => open).map(([hour]) => hour);
  // It is one o'clock.
  expect([openIn(0), openIn(1), openIn(2)]).toEqual([
    [1, 2],
    [0, 23],
    [1, 2],
  ]);
  expect([...found.install]).toEqual([0, 0, 0]);
});

it('knows stages, deadline and what has ended', async () => {
  test.withDevices('a', 'b', 'c');
  const { campaign } = await snapshot(
    {
      stages: [
        { name: 'canary', take: 2, soak: '1h' },
        { name: 'fleet', take: '100%' },
      ],
      schedule: { deadline: { at: '2026-12-03T01:00:00Z', behavior: 'CancelAll' } },
    },
    () => put(test.state.campaigns.get('default/c')!.record.plan.stages[0]!.endpoints[0]!, { state: 'succeeded' }),
  );
  expect(campaign).toMatchObject({ name: 'c', imageBytes: 2048, startsMs: 0, afterDeadline: 'nothing', maxInFlight: 4000 });
  expect(campaign.deadlineMs! / DAY).toBeCloseTo(2, 3);
  expect(campaign.stages).toMatchObject([
    { name: 'canary', state: 'open', soakMs: HOUR, succeeded: 1, failed: 0, min: 0.95, minSample: 2 },
    { name: 'fleet', state: 'closed', succeeded: 0, minSample: 1 },
  ]);
});

it('of a plan is as if it had just been applied', async () => {
  test.withDevices('a', 'b');
  const planned = plannedSource(
    soleCampaign(await test.campaigns.plan([aCampaign({ stages: [{ name: 'all', take: '100%' }] }, 'planned')])),
    NOW,
  );
  const found = (await inSlices(makeSnapshot(planned, test.state, NOW)))!;
  expect([found.size, found.campaign.name, found.campaign.stages[0]!.state]).toEqual([2, 'planned', 'closed']);
  expect(() => soleCampaign([])).toThrow('exactly one campaign');
});

it('stops in the middle when it is told to', async () => {
  test.withDevices('a');
  const campaign = await test.running();
  expect(await inSlices(makeSnapshot(campaign, test.state, Instant(0)), { isStopped: true })).toBeUndefined();
});
