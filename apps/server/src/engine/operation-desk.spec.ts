import { beforeEach, describe, expect, it } from '@jest/globals';
import { Endpoint, Entropy, plus } from '@drover/kernel';
import { ObjectModels, type OperationOrder } from '@drover/lwm2m';
import { aDeviceRecord, aRegistration } from '@drover/testkit';
import { ANN, NOW, TestEngine } from '../../../../test/support/engine.ts';
import type { OperationResult } from '../link/operations.ts';
import { OperationDesk } from './operation-desk.ts';
import type { OperationTicket } from './operation-ticket.ts';

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
const D = Endpoint('d');
const READ: OperationOrder = { operation: 'read', path: '/3/0' };
const WRITE: OperationOrder = { operation: 'write', path: '/1/0/1', value: '300' };
const REBOOT: OperationOrder = { operation: 'execute', path: '/3/0/4' };
const DONE: OperationResult = { type: 'done', code: '2.04', values: [] };
const SILENCE: OperationResult = { type: 'no-answer' };

/** A thousand ids, no two alike. */
class ManyIds extends Entropy {
  #count = 0;
  bytes(count: number): Uint8Array {
    const bytes = Buffer.alloc(count);
    bytes.writeUInt16BE(++this.#count);
    return bytes;
  }
}

let test: TestEngine;
let desk: OperationDesk;
let wall: number;

beforeEach(() => {
  test = new TestEngine();
  wall = 1_000_000;
  desk = new OperationDesk({ engine: test.engine, models: ObjectModels.with(), entropy: new ManyIds(), wallNow: () => wall });
  put({ queueMode: false });
});

function put(registration: Parameters<typeof aRegistration>[0] | undefined): void {
  test.putDevice(aDeviceRecord('d', {}, { lastContactAt: NOW, registration: registration && aRegistration(registration) }));
}
const asleep = (): void => put({ queueMode: true });
const wake = (): Promise<void> => {
  test.state.awakeUntil.set(D, plus(test.clock.now(), 93_000));
  return desk.onContact(D);
};
const ask = async (order: OperationOrder, waitMs = 0): Promise<OperationTicket> =>
  desk.ask(test.state.devices.get(D)!, order, { waitMs, by: ANN });
const answer = (ticket: OperationTicket, result: OperationResult): Promise<void> =>
  desk.onOperated({ type: 'operated', id: ticket.asked.id, endpoint: D, at: test.clock.now(), result });
const sent = (): unknown[] => test.link.sent.flatMap((message) => (message.type === 'operate' ? [message.order] : []));
const audit = () =>
  test.writer.commits.flatMap(({ events }) => events.map(({ type, result, details }) => ({ type, result, ...(details as object) })));

describe('a device that listens', () => {
  it('is asked at once, and its answer ends it', async () => {
    const ticket = await ask(READ);
    expect(test.link.sent).toMatchObject([
      { type: 'operate', endpoint: 'd', id: ticket.asked.id, order: READ, notAfter: plus(NOW, 93_000) },
    ]);
    expect(ticket.state).toBe('sent');
    await answer(ticket, { ...DONE, code: '2.05' });
    expect(ticket).toMatchObject({ state: 'done', result: { code: '2.05' } });
  });

  it('is asked one thing at a time', async () => {
    const [first, second] = [await ask(READ), await ask(REBOOT)];
    expect(sent()).toEqual([READ]);
    expect(second).toMatchObject({ state: 'waiting', wait: { code: 'BEHIND_ANOTHER', since: NOW } });
    await answer(first, SILENCE);
    expect(first).toMatchObject({ state: 'failed', result: { failure: 'NO_ANSWER', kind: 'transport' } });
    expect(sent()).toEqual([READ, REBOOT]);
  });

  it('that says no is told as it said it', async () => {
    const ticket = await ask(REBOOT);
    await answer(ticket, { type: 'failed', failure: 'NOT_ALLOWED', kind: 'conflict', message: 'm', answer: '4.05' });
    expect(ticket).toMatchObject({ state: 'failed', result: { failure: 'NOT_ALLOWED', answer: '4.05' } });
  });

  it('that may have carried it out is not asked again', async () => {
    const ticket = await ask(REBOOT, HOUR_MS);
    await answer(ticket, SILENCE);
    expect(ticket).toMatchObject({ state: 'failed', result: { failure: 'NO_ANSWER', message: expect.stringContaining('may have') } });
  });
});

describe('the audit log', () => {
  it('holds who asked for what, in the commit before it is sent', async () => {
    test.writer.hold();
    const asking = ask(WRITE);
    await Promise.resolve();
    expect(test.link.sent).toEqual([]);
    test.writer.release();
    await asking;
    expect(test.writer.commits[0]?.events).toMatchObject([
      {
        type: 'operation-requested',
        actor: ANN,
        endpoint: 'd',
        category: 'ConfigChange',
        details: { operation: 'write', paths: ['/1/0/1'], values: [{ path: '/1/0/1', value: 300 }] },
      },
    ]);
    expect(sent()).toEqual([WRITE]);
  });

  it('holds nothing that was not to be written down, and nothing is sent of it when it cannot be written', async () => {
    await ask({ operation: 'update', path: '/10/0', data: { '9': 'c2VjcmV0', '5': 60 } });
    expect(JSON.stringify(test.writer.commits)).not.toContain('c2VjcmV0');
    expect(audit()[0]).toMatchObject({
      values: [
        { path: '/10/0/5', value: 60 },
        { path: '/10/0/9', hidden: 'bytes' },
      ],
    });
    test.writer.fails = new TypeError('disk');
    await expect(ask(REBOOT)).rejects.toBe(test.writer.fails);
    expect(sent()).toHaveLength(1);
  });

  it('holds what came of it', async () => {
    await answer(await ask(WRITE), DONE);
    await answer(await ask(REBOOT), { type: 'failed', failure: 'DEVICE_DENIES', kind: 'denied', message: '', answer: '4.01' });
    await answer(await ask(REBOOT), SILENCE);
    expect(audit().filter(({ type }) => type === 'operation-finished')).toMatchObject([
      { result: 'success', outcome: 'done', answer: '2.04' },
      { result: 'failure', outcome: 'DEVICE_DENIES', answer: '4.01' },
      { result: 'failure', outcome: 'no-answer', answer: null },
    ]);
  });

  it('says nothing of reading', async () => {
    await answer(await ask(READ), DONE);
    expect(test.writer.audited).toEqual([]);
    expect(test.writer.commits[0]?.changes.timeline).toMatchObject([{ kind: 'operation', detail: { operation: 'read', by: 'ann' } }]);
  });
});

describe('is refused before anything is written or sent', () => {
  it.each<[OperationOrder, string, string]>([
    [{ operation: 'write', path: '/5/0/1', value: 'coap://x' }, 'CAMPAIGN_ONLY', 'denied'],
    [{ operation: 'execute', path: '/5/0/2' }, 'CAMPAIGN_ONLY', 'denied'],
    [{ operation: 'update', path: '/9/1', data: { '3': 'coap://x' } }, 'CAMPAIGN_ONLY', 'denied'],
    [{ operation: 'read', path: '/0' }, 'OBJECT_SECRET', 'denied'],
    [{ operation: 'read-composite', paths: ['/3/0/3', '/21/0'] }, 'OBJECT_SECRET', 'denied'],
    [{ operation: 'write', path: '/1/0/1', value: 'long' }, 'VALUE_INVALID', 'input'],
    [{ operation: 'read', path: '/x' }, 'PATH_INVALID', 'input'],
    [{ operation: 'execute', path: '/3/0/4', arguments: 'x' }, 'ARGUMENTS_INVALID', 'input'],
  ])('%j: %s', async (order, code, kind) => {
    await expect(ask(order, HOUR_MS)).rejects.toMatchObject({ code, kind });
    expect([test.writer.commits, test.link.sent]).toEqual([[], []]);
  });

  it('a wait of months', async () => {
    await expect(ask(READ, 8 * 24 * HOUR_MS)).rejects.toMatchObject({ code: 'WAIT_TOO_LONG', kind: 'input' });
  });

  it('a sleeper whom nobody wants to wait for', async () => {
    asleep();
    await expect(ask(READ)).rejects.toMatchObject({
      code: 'DEVICE_ASLEEP',
      kind: 'transport',
      message: expect.stringContaining('2026-12-01'),
    });
  });
});

describe('a device that sleeps', () => {
  beforeEach(asleep);

  it('is waited for, with the reason, since when and until when', async () => {
    const ticket = await ask(WRITE, HOUR_MS);
    expect(ticket).toMatchObject({
      state: 'waiting',
      wait: { code: 'ASLEEP', since: NOW, evidence: expect.stringContaining('the device sleeps') },
    });
    expect(ticket.asked.until).toBe(plus(NOW, HOUR_MS));
    expect(sent()).toEqual([]);
    expect(test.writer.audited).toEqual(['operation-requested']);
    test.clock.pass(30 * MINUTE_MS);
    await wake();
    expect(sent()).toEqual([WRITE]);
    expect(ticket).toMatchObject({ state: 'sent', wait: undefined });
  });

  it('is asked what waits in order, one after the other, within one contact', async () => {
    const first = await ask(READ, HOUR_MS);
    await ask(WRITE, HOUR_MS);
    await wake();
    expect(sent()).toEqual([READ]);
    await answer(first, DONE);
    expect(sent()).toEqual([READ, WRITE]);
  });

  it('that falls asleep before it hears us is asked again at its next contact, and not before', async () => {
    const ticket = await ask(READ, HOUR_MS);
    await wake();
    await answer(ticket, SILENCE);
    expect(ticket).toMatchObject({ state: 'waiting', wait: { code: 'ASLEEP' } });
    await ask(WRITE, HOUR_MS);
    expect(sent()).toEqual([READ]);
    test.clock.pass(10 * MINUTE_MS);
    await wake();
    expect(sent()).toEqual([READ, READ]);
  });

  it('that has lost its registration meanwhile is waited for too: nothing was sent', async () => {
    const ticket = await ask(REBOOT, HOUR_MS);
    await wake();
    await answer(ticket, { type: 'failed', failure: 'DEVICE_UNREGISTERED', kind: 'transport', message: '' });
    expect(ticket.state).toBe('waiting');
    await wake();
    expect(sent()).toEqual([REBOOT, REBOOT]);
  });

  it('is not asked after the time is over, and the log says so', async () => {
    const ticket = await ask(WRITE, HOUR_MS);
    test.clock.pass(HOUR_MS + 1);
    wall += 2000;
    await desk.tick();
    expect(ticket).toMatchObject({
      state: 'failed',
      result: { failure: 'OPERATION_EXPIRED', kind: 'transport', message: expect.stringContaining('sleeps') },
    });
    await wake();
    expect(sent()).toEqual([]);
    expect(audit().at(-1)).toMatchObject({ type: 'operation-finished', outcome: 'expired' });
  });

  it('is not asked what was taken back', async () => {
    const ticket = await ask(WRITE, HOUR_MS);
    await desk.cancel(ticket);
    await wake();
    expect([ticket.state, sent(), test.link.types]).toEqual(['cancelled', [], []]);
    expect(audit().at(-1)).toMatchObject({ type: 'operation-finished', outcome: 'cancelled' });
  });

  it('has a queue that ends', async () => {
    for (let index = 0; index < 16; index++) await ask(READ, HOUR_MS);
    await expect(ask(WRITE, HOUR_MS)).rejects.toMatchObject({ code: 'OPERATION_QUEUE_FULL', kind: 'conflict' });
    expect(test.writer.audited).toEqual([]);
  });

  it('is no place for one person to shut out the others', async () => {
    const many = Array.from({ length: 1001 }, (_, index) => aDeviceRecord(`d${index}`, {}, { registration: undefined }));
    for (const device of many) test.putDevice(device);
    const bob = { ...ANN, id: 'bob', authn: 'token:b' };
    const askOne = (device: (typeof many)[number], by: typeof ANN) => desk.ask(device, READ, { waitMs: HOUR_MS, by });
    for (const device of many.slice(0, 1000)) await askOne(device, ANN);
    await expect(askOne(many[1000]!, ANN)).rejects.toMatchObject({ code: 'TOO_MANY_OPERATIONS', kind: 'conflict' });
    expect((await askOne(many[1000]!, bob)).state).toBe('waiting');
  });

  it('that is not registered is waited for as well', async () => {
    put(undefined);
    const ticket = await ask(READ, HOUR_MS);
    expect(ticket.wait?.evidence).toContain('not registered');
    asleep();
    await wake();
    expect(ticket.state).toBe('sent');
  });
});

describe('an observation', () => {
  const OBSERVE: OperationOrder = { operation: 'observe', path: '/5/0/3' };
  const notified = (ticket: OperationTicket, value: number, ended?: string): void =>
    desk.onNotified({
      type: 'operation-notified',
      id: ticket.asked.id,
      endpoint: D,
      at: test.clock.now(),
      values: [{ path: '/5/0/3', value }],
      ended,
    });
  let ticket: OperationTicket;

  beforeEach(async () => {
    ticket = await ask(OBSERVE);
    await answer(ticket, { type: 'done', code: '2.05', values: [], observing: true });
  });

  it('lets other operations pass, and hands each notification over once', async () => {
    expect(ticket.state).toBe('observing');
    await ask(READ);
    expect(sent()).toEqual([OBSERVE, READ]);
    const { revision } = ticket;
    notified(ticket, 1);
    notified(ticket, 2);
    expect(ticket.notificationsAfter(revision).map(({ values }) => values[0]?.value)).toEqual([1, 2]);
    expect(ticket.notificationsAfter(ticket.revision)).toEqual([]);
  });

  it('keeps a bounded number of notifications, and counts the rest', () => {
    for (let value = 0; value < 100; value++) notified(ticket, value);
    expect(ticket.notificationsAfter(0)).toHaveLength(64);
    expect(ticket.missed).toBe(36);
  });

  it('wakes whoever waits for news', async () => {
    const news = ticket.newerThan(ticket.revision, 10_000);
    expect(ticket.isWatched).toBe(true);
    notified(ticket, 1);
    await news;
    expect(ticket.isWatched).toBe(false);
  });

  it('ends with its request', async () => {
    wall += 61_000;
    notified(ticket, 1);
    await desk.tick();
    expect(test.link.types).toEqual(['operate', 'end-operation']);
    expect(ticket).toMatchObject({ state: 'done', ended: expect.stringContaining('nobody') });
  });

  it('lives as long as somebody looks at it', async () => {
    for (let minute = 0; minute < 5; minute++) {
      wall += 50_000;
      desk.find('d', ticket.asked.id);
      await desk.tick();
    }
    expect(ticket.state).toBe('observing');
  });

  it('ends by a person’s word, and by the device’s', async () => {
    await desk.cancel(ticket);
    expect(test.link.types).toEqual(['operate', 'end-operation']);
    notified(ticket, 1);
    expect(ticket.notificationsAfter(0)).toEqual([]);
    const other = await ask(OBSERVE);
    await answer(other, { type: 'done', code: '2.05', values: [], observing: true });
    notified(other, 3, 'the device registered again');
    expect(other).toMatchObject({ state: 'done', ended: 'the device registered again' });
  });
});

it('finds nothing of another device, and forgets what is over', async () => {
  const ticket = await ask(READ);
  expect(() => desk.find('e', ticket.asked.id)).toThrow(expect.objectContaining({ code: 'OPERATION_NOT_FOUND', kind: 'missing' }));
  expect(desk.list('d')).toEqual([ticket]);
  await answer(ticket, DONE);
  wall += 601_000;
  await desk.tick();
  expect(() => desk.find('d', ticket.asked.id)).toThrow('no operation');
});

it('a late word about what nobody knows changes nothing', async () => {
  const ticket = await ask(READ);
  await desk.cancel(ticket);
  await answer(ticket, DONE);
  await desk.onOperated({ type: 'operated', id: 'unknown', endpoint: D, at: NOW, result: DONE });
  expect(ticket.state).toBe('cancelled');
});
