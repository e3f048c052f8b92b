import { beforeEach, describe, expect, it } from '@jest/globals';
import { Endpoint, HOUR, Instant, MINUTE, plus, SECOND, type Json } from '@drover/kernel';
import { aDeviceRecord, aRegistration } from '@drover/testkit';
import { NOW, TestEngine } from '../../../../test/support/engine.ts';
import type { OperationResult } from '../link/operations.ts';
import type { ToGateway } from '../link/messages.ts';
import { AppointmentDesk } from './appointment-desk.ts';

const DAY_S = 86_400;
const CARRIER = '262-1/2A/NB-IoT';
const D = Endpoint('d');

let test: TestEngine;
let desk: AppointmentDesk;

type Operate = Extract<ToGateway, { type: 'operate' }>;
const writes = (): Operate[] => test.link.sent.filter((message) => message.type === 'operate');
const lastWrite = (): { value: unknown; path: string | undefined } | undefined => {
  const order = writes().at(-1)?.order;
  return order && { value: order.value, path: order.path };
};

/** Its carrier belongs to somebody else for so long. */
function occupy(ms: number): void {
  const booking = { carrier: CARRIER, from: test.clock.at, until: test.clock.at + ms, share: 1 };
  test.state.ledger.hold('somebody', { transfer: { booking, share: 1, isFirm: true }, bytesPerSecond: 1, keys: [] }, test.clock.at);
}

/** It makes contact with this lifetime, and its facts are read. */
async function wakesUp(lifetimeS = DAY_S, name = 'd'): Promise<void> {
  const endpoint = Endpoint(name);
  const { registeredAt: _, ...told } = aRegistration({ refreshedAt: test.clock.at, queueMode: true, lifetimeS });
  await test.contacts.onContact({
    type: 'contact',
    endpoint,
    kind: 'update',
    at: test.clock.at,
    registration: { ...told, endpoint },
    replaced: undefined,
  });
  await test.contacts.onFacts({ type: 'facts', endpoint, at: test.clock.at, facts: { 'battery.level': 90 } });
}

const answered = (result: OperationResult): Promise<void> => {
  const [write] = writes().slice(-1);
  return desk.onOperated({ type: 'operated', id: write?.id ?? '', endpoint: write?.endpoint ?? D, at: test.clock.at, result });
};
const agrees = () => answered({ type: 'done', code: '2.04', values: [] });
const refuses = () => answered({ type: 'failed', failure: 'METHOD_NOT_ALLOWED', kind: 'denied', message: 'no', answer: '4.05' });

function aSleeper(name: string): void {
  const pattern = { lastAt: plus(NOW, -24 * HOUR), periodMs: 24 * HOUR };
  const registration = aRegistration({ refreshedAt: NOW, queueMode: true, lifetimeS: DAY_S });
  test.putDevice(aDeviceRecord(name, {}, { registration, lastContactAt: NOW, pattern }));
}

beforeEach(async () => {
  test = new TestEngine().withFirmware();
  desk = new AppointmentDesk(test.engine, test.stepper);
  aSleeper('d');
  await test.running();
});

describe('a sleeper that would come again in a day, on a carrier that is taken for two hours', () => {
  beforeEach(async () => {
    occupy(2 * HOUR);
    await wakesUp();
  });

  it('is asked to wake up when there is room: by its lifetime, which is in the log before it is sent', () => {
    const { promise, reason, asked, askedMah } = test.update();
    expect(reason).toMatchObject({ code: 'APPOINTMENT', nextAt: promise?.from });
    expect([asked, askedMah]).toEqual([1, 0.15]);
    const wait = ((promise?.from ?? 0) - test.clock.at) / SECOND;
    expect(wait).toBeGreaterThanOrEqual(2 * 3600 - 1);
    expect(lastWrite()).toEqual({ path: '/1/0/1', value: Math.round(wait + 93) });
    expect(test.writer.audited.filter((type) => type.startsWith('appointment'))).toEqual(['appointment-made']);
    expect(test.device().appointment).toMatchObject({ campaign: 'c', lifetimeBefore: DAY_S });
  });

  it('is not asked twice in one wake-up, and is not offered anything in it', async () => {
    await agrees();
    test.state.ledger.release('somebody', test.clock.at);
    test.clock.pass(5 * SECOND);
    await wakesUp(7293);
    expect(writes()).toHaveLength(1);
    expect(test.update()).toMatchObject({ state: 'waiting', reason: { code: 'APPOINTMENT' }, asked: 1 });
  });

  it('begins when it comes, and gets its lifetime back', async () => {
    await agrees();
    test.clock.at = Instant(test.update().promise?.from ?? 0);
    test.state.ledger.release('somebody', test.clock.at);
    await wakesUp(7293);
    expect(test.update()).toMatchObject({ state: 'offered', energyMah: expect.closeTo(0.225, 5) });
    expect(lastWrite()).toEqual({ path: '/1/0/1', value: DAY_S });
    expect(test.device()).toMatchObject({ appointments: { kept: 1, missed: 0, refused: 0 }, appointment: { restores: 1 } });
    test.clock.pass(5 * SECOND);
    await wakesUp(DAY_S);
    expect(test.device().appointment).toBeUndefined();
    expect(test.writer.audited.filter((type) => type === 'appointment-ended')).toHaveLength(1);
  });

  it('gives back what was kept for it when it does not come, and its lifetime with the next contact', async () => {
    await agrees();
    const { promise } = test.update();
    test.clock.at = Instant((promise?.from ?? 0) + 16 * MINUTE);
    await test.ticker.tick();
    await test.ticker.tick();
    expect(test.update().promise).toBeUndefined();
    test.state.ledger.release('somebody', test.clock.at);
    test.clock.pass(10 * HOUR);
    await wakesUp(7293);
    expect(test.device()).toMatchObject({ appointments: { kept: 0, missed: 1, refused: 0 }, appointment: { restores: 1 } });
    expect(lastWrite()?.value).toBe(DAY_S);
  });

  it('is left to its own wake-ups once it has refused', async () => {
    await refuses();
    expect(test.device()).toMatchObject({ appointments: { refused: 1 } });
    expect(test.device().appointment).toBeUndefined();
    expect(test.update()).toMatchObject({ reason: { code: 'CELL_BUDGET' }, asked: 1 });
    expect(test.update().promise?.from).toBeGreaterThan(test.clock.at + 20 * HOUR);
    expect(writes()).toHaveLength(1);
  });

  it('is asked by nobody of its kind while many of them have not come yet', async () => {
    for (let name = 1; name <= 25; name++) {
      aSleeper(`e${name}`);
    }
    await test.running({ targets: { where: 'endpoint != "d"' } }, 'others');
    for (let name = 1; name <= 25; name++) await wakesUp(DAY_S, `e${name}`);
    expect(writes()).toHaveLength(20);
  });
});

it('is never asked more than three times for one campaign', async () => {
  for (let round = 0; round < 5; round++) {
    occupy(3 * HOUR);
    await wakesUp();
    await agrees();
    test.clock.at = Instant(
      test.update().reason && 'nextAt' in test.update().reason! ? (test.update().reason as { nextAt: Instant }).nextAt : test.clock.at,
    );
  }
  expect(test.update().asked).toBe(3);
});

it('tells a person when a device keeps the lifetime of an appointment', async () => {
  occupy(2 * HOUR);
  await wakesUp();
  await agrees();
  test.clock.pass(2 * HOUR);
  test.state.ledger.release('somebody', test.clock.at);
  for (let round = 0; round < 7; round++) {
    test.clock.pass(20 * HOUR);
    await wakesUp(7293);
  }
  expect(test.device().findings.map(({ code }) => code)).toContain('LIFETIME_NOT_RESTORED');
});

it.each<[string, Parameters<typeof aRegistration>[0], Record<string, Json>]>([
  ['a device that is always awake', { queueMode: false }, {}],
  ['a device with two server accounts', { queueMode: true, links: '</1/0>,</1/1>,</3/0>,</5/0>' }, {}],
  ['a campaign that asks nobody', { queueMode: true }, { schedule: { appointments: 'Never' } }],
])('nothing is written to %s', async (_whose, registration, spec) => {
  const own = new TestEngine().withFirmware();
  test = own;
  own.putDevice(aDeviceRecord('d', {}, { registration: aRegistration({ refreshedAt: NOW, ...registration }), lastContactAt: NOW }));
  await own.running(spec);
  occupy(2 * HOUR);
  const { registeredAt: _, ...told } = aRegistration({ refreshedAt: NOW, ...registration });
  await own.contacts.onContact({
    type: 'contact',
    endpoint: D,
    kind: 'update',
    at: NOW,
    registration: { ...told, endpoint: D },
    replaced: undefined,
  });
  await own.contacts.onFacts({ type: 'facts', endpoint: D, at: NOW, facts: { 'battery.level': 90 } });
  expect(writes()).toEqual([]);
});

describe('a sleeper that refuses another lifetime, in a campaign that may also disable', () => {
  const done = (values: readonly { path: string; value: number }[] = []) =>
    answered({ type: 'done', code: '2.04', values: values as never });
  const sent = (): string[] =>
    writes().map(({ order }) => [order.operation, order.path, order.value].filter((x) => x !== undefined).join(' '));

  beforeEach(async () => {
    test = new TestEngine().withFirmware();
    desk = new AppointmentDesk(test.engine, test.stepper);
    aSleeper('d');
    await test.running({ schedule: { appointments: 'AskOrDisable' } });
    occupy(2 * HOUR);
    await wakesUp();
    await refuses();
  });

  it('is disabled until there is room, once its timeout has been read and is in the log', async () => {
    expect(sent().at(-1)).toBe('read /1/0/5');
    expect(test.device().appointment).toMatchObject({ means: 'disable' });
    expect(test.update()).toMatchObject({ reason: { code: 'APPOINTMENT' }, asked: 2 });
    await done([{ path: '/1/0/5', value: 3600 }]);
    const wait = ((test.update().promise?.from ?? 0) - test.clock.at) / SECOND;
    expect(sent().at(-1)).toBe(`write /1/0/5 ${Math.round(wait)}`);
    expect(test.device().appointment).toMatchObject({ timeoutBefore: 3600 });
    await done();
    expect(sent().at(-1)).toBe('execute /1/0/4');
  });

  it('is charged with a Register instead of an Update', () => {
    expect(test.update().askedMah).toBeCloseTo(0.15 + 0.3, 5);
  });

  it('registers when it was asked to, begins, and gets its timeout back', async () => {
    await done([{ path: '/1/0/5', value: 3600 }]);
    await done();
    await done();
    await test.contact('deregister');
    test.clock.at = Instant(test.update().promise?.from ?? 0);
    test.state.ledger.release('somebody', test.clock.at);
    await wakesUp();
    expect(test.update().state).toBe('offered');
    expect(sent().at(-1)).toBe('write /1/0/5 3600');
    expect(test.device().disables).toEqual({ kept: 1, missed: 0, refused: 0 });
    await done();
    expect(test.device().appointment).toBeUndefined();
    expect(test.writer.audited.slice(-1)).toEqual(['appointment-ended']);
  });

  it('is left to its own wake-ups where it has no Disable Timeout: nothing has been written', async () => {
    await refuses();
    expect(test.device().disables).toMatchObject({ refused: 1 });
    expect(test.device().appointment).toBeUndefined();
    expect(test.update().reason).toMatchObject({ code: 'CELL_BUDGET' });
  });

  it('gets its timeout back at once where it has the timeout and refuses to be disabled', async () => {
    await done([{ path: '/1/0/5', value: 3600 }]);
    await done();
    await refuses();
    expect(sent().at(-1)).toBe('write /1/0/5 3600');
    expect(test.device().disables).toMatchObject({ refused: 1 });
  });

  it('keeps what its timeout was through a second appointment', async () => {
    await done([{ path: '/1/0/5', value: 3600 }]);
    await done();
    test.clock.at = Instant(test.update().promise?.from ?? 0);
    occupy(2 * HOUR);
    await wakesUp();
    expect(test.device().appointment).toMatchObject({ means: 'disable', timeoutBefore: 3600 });
    expect(sent().filter((each) => each.startsWith('read'))).toHaveLength(1);
  });

  it('is somebody to look after when nobody confirms that its timeout is back', async () => {
    await done([{ path: '/1/0/5', value: 3600 }]);
    await done();
    test.clock.pass(2 * HOUR);
    test.state.ledger.release('somebody', test.clock.at);
    for (let round = 0; round < 7; round++) {
      test.clock.pass(20 * HOUR);
      await wakesUp();
    }
    expect(test.device().findings.map(({ code }) => code)).toContain('DISABLE_TIMEOUT_NOT_RESTORED');
  });
});

describe('a sleeper in poor coverage, whose transfer may be cut off', () => {
  const start = async (): Promise<void> => {
    const { facts } = aDeviceRecord('d', { 'radio.ce': 2 });
    const coverage = { meanDb: 165, varianceDb: 1 };
    const live = test.state.campaigns.get('default/c')!;
    const { plan } = live.record;
    live.record = { ...live.record, plan: { ...plan, firmware: { ...plan.firmware, size: 262_144 } } };
    test.putDevice({ ...test.device(), facts: { ...test.device().facts, ...facts }, coverage });
    await wakesUp();
    expect(test.update().state).toBe('offered');
  };
  const sent = (): string[] => test.link.types.filter((type) => type === 'operate' || type === 'offer');

  it('is asked before it begins to come back soon after', async () => {
    await start();
    expect(sent().slice(-2)).toEqual(['operate', 'offer']);
    const { transfer, asked } = test.update();
    expect(asked).toBe(1);
    expect(test.device().appointment).toMatchObject({ at: Math.round((transfer?.booking.until ?? 0) + 15 * MINUTE), isPrecaution: true });
  });

  it('comes back if it is cut off, goes on, and has its lifetime again', async () => {
    await start();
    const { at } = test.device().appointment!;
    test.clock.pass(HOUR / 4);
    await wakesUp(9000);
    expect(writes()).toHaveLength(1);
    await test.tell({ type: 'session-lost', offset: 512 });
    test.clock.at = at;
    await wakesUp(9000);
    expect(test.update()).toMatchObject({ state: 'offered', sessions: 2 });
    expect(test.device().appointments).toEqual({ kept: 1, missed: 0, refused: 0 });
    expect(writes().some(({ order }) => order.value === DAY_S)).toBe(true);
  });

  it('is not waited for when the download has come through, and gets its lifetime back at once', async () => {
    await start();
    await test.tell({ type: 'download-finished' });
    expect(lastWrite()).toEqual({ path: '/1/0/1', value: DAY_S });
    test.clock.pass(HOUR);
    await wakesUp(DAY_S);
    expect(test.device().appointment).toBeUndefined();
    expect(test.device().appointments).toBeUndefined();
  });
});
