import { beforeEach, describe, expect, it } from '@jest/globals';
import { DEFAULT_NAMESPACE, Endpoint, must, plus, type Json } from '@drover/kernel';
import { DEFAULT_ENDPOINT_SETTINGS } from '@drover/coap';
import { digestOf, MAX_TRANSMIT_SPAN_MS, readDocument, type DroverDocument } from '@drover/campaign';
import type { DocumentRecord } from '@drover/persistence';
import { aCampaign, aDeviceRecord, aRegistration } from '@drover/testkit';
import { ANN, NOW, TestEngine } from '../../../../test/support/engine.ts';
import type { ToGateway } from '../link/messages.ts';
import { ClassDesk } from './class-desk.ts';
import { settingOf } from './class-settings.ts';
import { NOTHING_SEALED, recover } from './recovery.ts';

const D = Endpoint('d');
let test: TestEngine;
let desk: ClassDesk;

beforeEach(() => {
  test = new TestEngine().withFirmware();
  desk = new ClassDesk(test.engine);
});

const aClass = (spec: Record<string, Json>, name = 'c'): DroverDocument => {
  const source = { apiVersion: 'drover/v1', kind: 'DeviceClass', metadata: { name }, spec: { match: { model: ['WM-3*'] }, ...spec } };
  return must(readDocument(source).document, 'a class without faults');
};
const apply = (spec: Record<string, Json>, name = 'c') => test.campaigns.apply([aClass(spec, name)], ANN, undefined);
const aPlan = must(readDocument(aCampaign({ stages: [{ name: 'all', take: '100%' }] }, 'c').source).document, 'a campaign');
const sent = <T extends ToGateway['type']>(type: T) =>
  test.link.sent.flatMap((message) => (message.type === type ? [message as Extract<ToGateway, { type: T }>] : []));
const learn = (facts: Record<string, string | number>, at = test.clock.now()) =>
  test.contacts.onFacts({ type: 'facts', endpoint: D, at, facts });

it('the language counts with the same limit as the protocol', () => {
  expect(MAX_TRANSMIT_SPAN_MS).toBe(DEFAULT_ENDPOINT_SETTINGS.maxTransmitSpanMs);
  expect([DEFAULT_ENDPOINT_SETTINGS.ackRandomFactor, DEFAULT_ENDPOINT_SETTINGS.maxRetransmit]).toEqual([1.5, 4]);
});

it('becomes plain data in the units of the gateway', () => {
  const document = aClass({
    coap: {
      ackTimeout: '5s',
      maxRetransmit: 3,
      responseTimeout: '1m',
      firstBlockTimeout: '10s',
      busyRetry: '2m',
      echo: true,
      maxBlockSize: 256,
    },
    awake: '20s',
    pauseAfterRegister: '500ms',
    lwm2m: { formats: ['TLV', 'SenMLCBOR'], composite: false, observe: 'None', settle: '4s', versionFrom: '/3/0/19' },
  });
  expect(document.kind === 'DeviceClass' && settingOf(document)).toEqual({
    key: 'default/c',
    timing: { ackTimeoutMs: 5000, maxRetransmit: 3, responseTimeoutMs: 60_000 },
    firstBlockTimeoutMs: 10_000,
    busyRetryMs: 120_000,
    echo: true,
    awakeMs: 20_000,
    pauseAfterRegisterMs: 500,
    formats: [11_542, 112],
    composite: false,
    observe: 'None',
    settleMs: 4000,
    versionFrom: '/3/0/19',
  });
});

describe('a class that is applied', () => {
  it('is told with the devices that have it, and audited like a policy', async () => {
    test.withDevices('d', 'e').putDevice(aDeviceRecord('f', { model: 'other' }));
    await apply({ awake: '20s' });
    expect(test.link.sent).toEqual([
      { type: 'device-classes', classes: [expect.objectContaining({ key: 'default/c', awakeMs: 20_000 })] },
      { type: 'classify', key: 'default/c', endpoints: ['d', 'e'] },
    ]);
    expect(test.writer.audited).toEqual(['policy-applied']);
  });

  it('twice the same changes nothing and says nothing', async () => {
    test.withDevices('d');
    await apply({ awake: '20s' });
    test.link.sent.length = 0;
    expect(await apply({ awake: '20s' })).toMatchObject([{ change: 'none' }]);
    expect(test.link.sent).toEqual([]);
  });

  it('is told again when it changes, without its devices', async () => {
    test.withDevices('d');
    await apply({ awake: '20s' });
    test.link.sent.length = 0;
    await apply({ awake: '30s' });
    expect(test.link.types).toEqual(['device-classes']);
  });

  it('by one who may only run campaigns is refused', () => {
    expect(() => test.campaigns.requireNoPolicyChange([aClass({ awake: '20s' })])).toThrow(
      expect.objectContaining({ code: 'POLICY_PROTECTED' }),
    );
  });

  it('takes its devices from one that counts less', async () => {
    test.withDevices('d');
    await apply({ awake: '20s' }, 'a');
    await apply({ awake: '30s', precedence: 5 }, 'b');
    expect(sent('classify').at(-1)).toEqual({ type: 'classify', key: 'default/b', endpoints: ['d'] });
    await desk.remove(DEFAULT_NAMESPACE, 'b', { reason: 'mistake', actor: ANN });
    expect(sent('classify').at(-1)).toEqual({ type: 'classify', key: 'default/a', endpoints: ['d'] });
  });

  it('of a thousand and one devices is told in pieces', async () => {
    test.withDevices(...Array.from({ length: 1001 }, (_, index) => `d${index}`));
    await apply({ awake: '20s' });
    expect(sent('classify').map(({ endpoints }) => endpoints.length)).toEqual([1000, 1]);
  });
});

describe('a class that is removed', () => {
  it('leaves its devices without one, and a record with the reason', async () => {
    test.withDevices('d');
    await apply({ awake: '20s' });
    test.link.sent.length = 0;
    await desk.remove(DEFAULT_NAMESPACE, 'c', { reason: 'replaced meters', actor: ANN });
    expect(test.link.sent).toEqual([
      { type: 'device-classes', classes: [] },
      { type: 'classify', key: undefined, endpoints: ['d'] },
    ]);
    expect(test.writer.commits.flatMap(({ events }) => events).slice(-1)).toMatchObject([
      { type: 'policy-removed', actor: ANN, details: { name: 'c', reason: 'replaced meters' } },
    ]);
    expect(desk.list(DEFAULT_NAMESPACE)).toEqual([]);
    await expect(desk.remove(DEFAULT_NAMESPACE, 'c', { reason: 'again', actor: ANN })).rejects.toMatchObject({
      code: 'CLASS_NOT_FOUND',
      kind: 'missing',
    });
  });

  it('can be applied again', async () => {
    test.withDevices('d');
    await apply({ awake: '20s' });
    await desk.remove(DEFAULT_NAMESPACE, 'c', { reason: 'x', actor: ANN });
    expect(await apply({ awake: '20s' })).toMatchObject([{ change: 'create' }]);
    expect(desk.list(DEFAULT_NAMESPACE)).toMatchObject([{ devices: 1, document: { metadata: { name: 'c' } } }]);
  });
});

describe('the class of a device', () => {
  it('is told when its facts arrive, and not with each of them', async () => {
    await apply({ awake: '20s' });
    await test.contact('register');
    expect(sent('classify')).toEqual([]);
    await learn({ model: 'WM-300' });
    await learn({ model: 'WM-300' });
    expect(sent('classify')).toEqual([{ type: 'classify', key: 'default/c', endpoints: ['d'] }]);
  });

  it('changes with the version it runs', async () => {
    test.withDevices('d');
    await apply({ match: { firmwareVersion: ['1.*'] }, awake: '20s' });
    await learn({ firmwareVersion: '2.0.0' });
    expect(sent('classify').map(({ key }) => key)).toEqual(['default/c', undefined]);
  });

  it('is known to the gateway before its offer', async () => {
    test.withDevices('d');
    await apply({ awake: '20s' });
    await test.running();
    expect(test.link.types.indexOf('classify')).toBeLessThan(test.link.types.indexOf('offer'));
  });

  it('is said at a start before the first device may come', async () => {
    test.withDevices('d');
    await apply({ awake: '20s' });
    const fresh = new TestEngine().withDevices('d', 'e');
    for (const record of test.state.documents.values()) fresh.state.putDocument(record);
    await recover(fresh.engine, fresh.stepper, NOTHING_SEALED);
    const types = fresh.link.types;
    expect(types.indexOf('device-classes')).toBeLessThan(types.indexOf('open'));
    expect(types.indexOf('classify')).toBeLessThan(types.indexOf('open'));
    expect(fresh.link.sent).toContainEqual({ type: 'classify', key: 'default/c', endpoints: ['d', 'e'] });
  });
});

describe('maxBlockSize', () => {
  it.each([
    [256, 256],
    [1024, 512],
  ])('%d: blocks of %d in the offer of a campaign that prefers 512', async (maxBlockSize, blockSize) => {
    test.withDevices('d');
    await apply({ coap: { maxBlockSize } });
    await test.running();
    expect(sent('offer').map(({ order }) => order.blockSize)).toEqual([blockSize]);
  });

  it('and the forecast of a plan counts on them', async () => {
    test.withDevices('d');
    const bytesOf = async (): Promise<number> => (await test.campaigns.plan([aPlan]))[0]?.forecast?.bytes ?? 0;
    const before = await bytesOf();
    await apply({ coap: { maxBlockSize: 64 } });
    expect(await bytesOf()).toBeGreaterThan(before * 1.5);
  });

  it('small blocks take a larger share of their cell', async () => {
    test.withDevices('d');
    await apply({ coap: { maxBlockSize: 64 } });
    const campaign = await test.running();
    const place = { key: 'default/c', campaign, update: test.update() };
    const view = test.stepper.views.of(place, must(test.state.devices.get(D), 'd'), NOW);
    expect([view.spec.delivery.blockSize.preferred, campaign.document.spec.delivery.blockSize.preferred]).toEqual([64, 512]);
  });
});

describe('awake', () => {
  it.each([
    ['20s', 20_000],
    ['2m', 120_000],
  ])('%s: the engine expects a sleeper to listen that long', async (awake, ms) => {
    test.putDevice(aDeviceRecord('d', {}, { registration: aRegistration({ refreshedAt: NOW, queueMode: true }) }));
    await apply({ awake });
    test.contacts.stayAwake(D, NOW);
    const device = must(test.state.devices.get(D), 'd');
    expect([ms - 1, ms + 1].map((later) => test.stepper.views.isReachable(device, plus(NOW, later)))).toEqual([true, false]);
  });
});

describe('versionFrom', () => {
  const reads = (): number => sent('read-facts').length;

  it('first seen with these facts: the version among them is read again, once', async () => {
    await apply({ lwm2m: { versionFrom: '/3/0/19' } });
    await test.contact('register');
    await learn({ model: 'WM-300', firmwareVersion: 'bootloader' });
    expect(test.link.types.slice(-2)).toEqual(['classify', 'read-facts']);
    await learn({ model: 'WM-300', firmwareVersion: '1.0.0' });
    expect(reads()).toBe(1);
  });

  it('two classes that lead to each other do not lead to reads without end', async () => {
    await apply({ lwm2m: { versionFrom: '/3/0/19' } }, 'a');
    await apply({ match: { firmwareVersion: ['1.*'] }, precedence: 5, awake: '20s' }, 'b');
    await test.contact('register');
    for (const firmwareVersion of ['2.0', '1.5', '2.0', '1.5']) await learn({ model: 'WM-300', firmwareVersion });
    expect(reads()).toBe(2);
  });

  it('applied later: an Update of a device that waits reads it before the decision', async () => {
    test.putDevice(aDeviceRecord('d', {}, { registration: aRegistration({ refreshedAt: NOW, queueMode: true }), lastContactAt: NOW }));
    await test.running({ schedule: { timeZone: 'UTC', windows: { download: [{ start: '10:00', duration: '1h' }] } } });
    await learn({ firmwareVersion: '1.0.0', 'battery.level': 80 });
    test.clock.pass(200_000);
    test.link.sent.length = 0;
    await test.contact('update');
    expect(reads()).toBe(0);
    await apply({ lwm2m: { versionFrom: '/3/0/19' } });
    await test.contact('update');
    expect(reads()).toBe(1);
  });
});

it('a stored class that cannot be read by the rules of today stops the start', () => {
  const source = { kind: 'DeviceClass' } as Json;
  const record = {
    namespace: DEFAULT_NAMESPACE,
    kind: 'DeviceClass',
    name: 'c',
    source,
    digest: digestOf(source),
  } as unknown as DocumentRecord;
  expect(() => test.state.putDocument(record)).toThrow(expect.objectContaining({ code: 'SPEC_INVALID' }));
});
