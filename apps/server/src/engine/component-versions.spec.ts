import { beforeEach, describe, expect, it } from '@jest/globals';
import { Endpoint, HOUR, type Json } from '@drover/kernel';
import { TestEngine } from '../../../../test/support/engine.ts';

const D = Endpoint('d');
const SOFTWARE = { delivery: { object: 'Software' } };
let test: TestEngine;

beforeEach(() => {
  test = new TestEngine().withFirmware().withDevices('d');
});

const versionRead = (version: string | undefined, state = 0) => test.tell({ type: 'version-read', version, state, result: 0 });
const orders = () => test.link.sent.flatMap((message) => (message.type === 'offer' ? [message.order] : []));
const firmwareVersion = () => test.state.devices.get(D)?.facts.firmwareVersion?.value;

describe('a component with a version of its own', () => {
  it.each<[string, Record<string, Json>]>([
    ['software', SOFTWARE],
    ['another instance', { delivery: { instance: 1 } }],
    ['Object 33629', { delivery: { object: 'AdvancedFirmware' } }],
    ['a version that stands elsewhere', { verify: { versionFrom: ['/3/0/19'] } }],
  ])('%s: it is looked at before anything is offered, and the firmware of the device stays what it is', async (_name, spec) => {
    // Its firmware is newer than the image: by that fact it would be excluded.
    test.putDevice({
      ...test.device('d'),
      facts: { ...test.device('d').facts, firmwareVersion: { value: '9.0.0', at: test.clock.now() } },
    });
    await test.running(spec);
    expect(orders()).toMatchObject([{ phase: 'install', attempt: 'default/c/0.0/d' }]);
    expect(test.update()).toMatchObject({ state: 'waiting', attempt: 0, reason: { code: 'FACT_UNKNOWN' } });
    await versionRead('1.0.0');
    expect(orders()[1]).toMatchObject({ phase: 'transfer', device: { model: 'WM-300', version: '1.0.0' } });
    expect(test.update()).toMatchObject({ state: 'offered', versionBefore: '1.0.0' });
    expect(firmwareVersion()).toBe('9.0.0');
  });

  it('is looked at once in a wake-up, however often the device is reviewed', async () => {
    await test.running(SOFTWARE);
    for (let round = 0; round < 5; round++) {
      test.clock.pass(60_000);
      await test.ticker.tick();
    }
    expect(orders()).toHaveLength(1);
  });

  it('that has the version already is skipped', async () => {
    await test.running(SOFTWARE);
    await versionRead('2.0.0');
    expect(test.update()).toMatchObject({ state: 'skipped', detail: 'already has the version' });
  });

  it('that runs a newer one is refused by the policy', async () => {
    await test.running(SOFTWARE);
    await versionRead('3.0.0');
    expect(test.update()).toMatchObject({
      state: 'skipped',
      reason: { code: 'TRUST' },
      detail: expect.stringContaining('ARTIFACT_ROLLBACK'),
    });
  });

  it('that runs what the campaign may not start from is skipped', async () => {
    await test.running({ ...SOFTWARE, firmware: { name: 'fw', version: '2.0.0', from: { versions: ['>=1.5'] } } });
    await versionRead('1.0.0');
    expect(test.update()).toMatchObject({ state: 'skipped', reason: { code: 'SOURCE_VERSION' } });
  });

  it('where nothing is installed yet may have its first version', async () => {
    await test.running(SOFTWARE);
    await versionRead(undefined);
    expect(orders()[1]).toMatchObject({ phase: 'transfer', device: { version: undefined, nothingInstalled: true } });
    expect(test.state.devices.get(D)?.components?.['fw']).toMatchObject({ object: 'Software', instance: 0, isEmpty: true });
  });

  it('of firmware that shows no version is not taken for empty: what may follow cannot be told', async () => {
    await test.running({ delivery: { instance: 1 } });
    await versionRead('');
    expect(test.update()).toMatchObject({ state: 'skipped', detail: expect.stringContaining('cannot be told') });
  });

  it('is known to the next campaign', async () => {
    await test.running(SOFTWARE);
    await versionRead('2.0.0');
    await expect(test.running(SOFTWARE, 'next')).rejects.toMatchObject({
      code: 'PLAN_EMPTY',
      details: [{ endpoint: 'd', code: 'ALREADY_CURRENT', detail: '2.0.0' }],
    });
  });
});

describe('the firmware of the whole device', () => {
  it('is a fact, and what is read of it replaces the fact', async () => {
    await test.running();
    expect(orders()).toMatchObject([{ phase: 'transfer', device: { version: '1.0.0' } }]);
    await versionRead('1.0.1');
    expect([firmwareVersion(), test.state.devices.get(D)?.components]).toEqual(['1.0.1', undefined]);
  });
});

it('an order says what the campaign says', async () => {
  await test.running({
    delivery: { object: 'Firmware', protocolOrder: ['https', 'coap'], keepAwake: { allowed: true, max: '5m' } },
    activation: { automaticUpgradeAtDownload: 'Leave', severity: 'Critical', maximumDefer: '2h' },
    retry: { classes: { UnsupportedProtocol: { attempts: 1, nextProtocol: false } } },
  });
  expect(orders()[0]).toMatchObject({
    target: { object: 'Firmware', instance: 0, component: 'fw' },
    protocols: { order: ['https', 'coap'], tryNext: false },
    activation: { automaticUpgrade: 'Leave', severity: 0, maximumDeferS: 7200 },
    versionFrom: [],
    keepAwakeMs: 300_000,
    watchBattery: true,
  });
});

describe('after Execute', () => {
  beforeEach(async () => {
    await test.running({ verify: { stableFor: { contacts: 2 } } });
    await test.tell({ type: 'download-finished' });
    await test.contact('register');
    await test.tell({ type: 'version-read', version: '2.0.0', state: 0, result: 1 });
    test.link.sent.length = 0;
  });

  it('the next wake-up brings another look, and the last one settles it', async () => {
    expect(test.update()).toMatchObject({ state: 'verifying', detail: 'runs 2.0.0, read at 1 of 2 contacts' });
    await test.contact('update');
    expect(orders()).toEqual([]);
    test.clock.pass(HOUR);
    await test.contact('update');
    expect(orders()).toMatchObject([{ phase: 'install' }]);
    await test.tell({ type: 'version-read', version: '2.0.0', state: 0, result: 1 });
    expect(test.update()).toMatchObject({ state: 'succeeded', seenContacts: 2 });
  });

  it('another version in between is the device’s own fall-back', async () => {
    test.clock.pass(HOUR);
    await test.contact('register');
    await test.tell({ type: 'version-read', version: '1.0.0', state: 0, result: 0 });
    expect(test.update()).toMatchObject({ state: 'waiting', failure: 'RolledBack' });
  });
});
