import { beforeEach, describe, expect, it } from '@jest/globals';
import { Endpoint, Instant } from '@drover/kernel';
import { CONTENT_FORMAT, ObjectModels, parseObjectXml, type OperationOrder } from '@drover/lwm2m';
import { WireDevice, registered, type Answer, type Script } from '../../../../../test/support/wire-device.ts';
import type { OperationReport } from '../../link/operations.ts';
import { Operations } from '../operations.ts';
import type { Registered } from '../registry.ts';
import { OperatorDesk } from './operator-desk.ts';

const VALVE = `<LWM2M><Object><Name>Valve</Name><ObjectID>26300</ObjectID><MultipleInstances>Multiple</MultipleInstances>
<Mandatory>Optional</Mandatory><Resources><Item ID="1"><Name>Opening</Name><Operations>RW</Operations>
<MultipleInstances>Single</MultipleInstances><Mandatory>Optional</Mandatory><Type>Float</Type>
<RangeEnumeration>0..100</RangeEnumeration><Units>%</Units></Item></Resources></Object></LWM2M>`;
const models = ObjectModels.with(parseObjectXml(VALVE));
const ENDPOINT = Endpoint('d');
const NOW = Instant(1_800_000_000_000);

let device: WireDevice;
let desk: OperatorDesk;
let told: OperationReport[];
let registration: Registered | undefined;

const text = (value: string, observe?: number): Answer => ({
  code: '2.05',
  options: { contentFormat: CONTENT_FORMAT.TEXT, observe },
  payload: Buffer.from(value),
});
const observed: Script = ({ options }) => text('2', options.observe === 0 ? 1 : undefined);

beforeEach(() => {
  device = new WireDevice(() => text('95'));
  told = [];
  registration = registered();
  desk = new OperatorDesk({
    operations: new Operations(device.coap, device.now, { models }),
    models,
    clock: () => NOW,
    device: () => registration,
    tell: (report) => told.push(report),
  });
});

function operate(order: OperationOrder, id = 'a', notAfter = NOW): OperationReport | undefined {
  desk.handle({ type: 'operate', id, endpoint: ENDPOINT, order, notAfter });
  device.settle();
  return told.at(-1);
}

it('answers with plain values, typed by the models', () => {
  expect(operate({ operation: 'read', path: '/3/0/9' })).toEqual({
    type: 'operated',
    id: 'a',
    endpoint: ENDPOINT,
    at: NOW,
    result: { type: 'done', code: '2.05', values: [{ path: '/3/0/9', value: 95, name: 'Battery Level', type: 'Integer', unit: '/100' }] },
  });
});

it('knows the objects it was given', () => {
  device.script = () => text('130.5');
  expect(operate({ operation: 'read', path: '/26300/2/1' })).toMatchObject({
    result: { values: [{ value: 130.5, name: 'Opening', unit: '%', outOfRange: true }] },
  });
  expect(operate({ operation: 'write', path: '/26300/2/1', value: '130.5' })).toMatchObject({
    result: { type: 'failed', failure: 'VALUE_RANGE', kind: 'input' },
  });
});

it.each<[string, OperationOrder, Partial<OperationReport>]>([
  [
    'a value of the wrong type',
    { operation: 'write', path: '/1/0/1', value: 'long' },
    { result: { failure: 'VALUE_INVALID', kind: 'input' } as never },
  ],
  ['a path that is none', { operation: 'read', path: 'x' }, { result: { failure: 'PATH_INVALID' } as never }],
  [
    'the way of an image',
    { operation: 'write', path: '/5/0/1', value: 'coap://x' },
    { result: { failure: 'CAMPAIGN_ONLY', kind: 'denied' } as never },
  ],
  ['keys', { operation: 'read', path: '/0/0/5' }, { result: { failure: 'OBJECT_SECRET', kind: 'denied' } as never }],
])('refuses %s, and sends nothing', (_what, order, expected) => {
  expect(operate(order)).toMatchObject(expected);
  expect(device.asked).toEqual([]);
});

it('sends nothing after its time, nor to a device that is not there', () => {
  expect(operate({ operation: 'read', path: '/3' }, 'a', Instant(NOW - 1))).toMatchObject({ result: { failure: 'OPERATION_EXPIRED' } });
  registration = undefined;
  expect(operate({ operation: 'read', path: '/3' })).toMatchObject({ result: { failure: 'DEVICE_UNREGISTERED' } });
  expect(device.asked).toEqual([]);
});

it('passes on what the device says no to, by its meaning and its code', () => {
  device.script = () => ({ code: '4.05' });
  expect(operate({ operation: 'execute', path: '/3/0/4' })).toMatchObject({
    result: { type: 'failed', failure: 'NOT_ALLOWED', kind: 'conflict', answer: '4.05' },
  });
});

describe('an observation', () => {
  const observe = (id = 'a') => operate({ operation: 'observe', path: '/5/0/3' }, id);
  const notify = (value: string, sequence: number | undefined = 2, code = '2.05'): void =>
    device.notify(
      device.asked.find(({ options }) => options.observe === 0)!,
      sequence,
      { ...text(value), code },
    );

  beforeEach(() => {
    device.script = observed;
  });

  it('tells of changes, typed like answers', () => {
    expect(observe()).toMatchObject({ type: 'operated', result: { type: 'done', observing: true, values: [{ value: 2 }] } });
    notify('7');
    expect(told.at(-1)).toEqual({
      type: 'operation-notified',
      id: 'a',
      endpoint: ENDPOINT,
      at: NOW,
      values: [{ path: '/5/0/3', value: 7, name: 'State', type: 'Integer', outOfRange: true }],
    });
  });

  it('ends by a word to the device', () => {
    observe();
    desk.handle({ type: 'end-operation', id: 'a', endpoint: ENDPOINT });
    device.settle();
    expect(device.asked.at(-1)?.options.observe).toBe(1);
    expect(desk.held).toBe(0);
    const before = told.length;
    notify('3', 3);
    expect(told).toHaveLength(before);
  });

  it('ends when the device says so, with an error or without', () => {
    observe();
    notify('', 3, '4.04');
    expect(told.at(-1)).toMatchObject({ type: 'operation-notified', values: [], ended: expect.stringContaining('4.04') });
    expect(desk.held).toBe(0);
  });

  it('ends when the device registers again, and nobody makes it anew', () => {
    observe();
    desk.forget(ENDPOINT, 'the device registered again');
    device.settle();
    expect(told.at(-1)).toMatchObject({ ended: 'the device registered again' });
    expect(device.asked).toHaveLength(1);
    notify('3', 3);
    expect(told.filter(({ type }) => type === 'operation-notified')).toHaveLength(1);
  });

  it('that the device only answers is no observation', () => {
    device.script = () => text('2');
    expect(observe()).toMatchObject({ result: { type: 'done', code: '2.05' } });
    expect(told.at(-1)).not.toMatchObject({ result: { observing: true } });
    expect(desk.held).toBe(0);
  });

  it('is one of four at most on one device', () => {
    for (const id of ['a', 'b', 'c', 'd']) expect(observe(id)).toMatchObject({ result: { observing: true } });
    expect(observe('e')).toMatchObject({ result: { type: 'failed', failure: 'TOO_MANY_OBSERVATIONS', kind: 'conflict' } });
    desk.handle({ type: 'end-operation', id: 'a', endpoint: ENDPOINT });
    expect(observe('f')).toMatchObject({ result: { observing: true } });
  });
});

it('gives up what is not answered yet, without a word to anybody', () => {
  device.script = () => ({ code: 'silence' });
  operate({ operation: 'read', path: '/3/0/9' });
  expect(desk.held).toBe(1);
  desk.handle({ type: 'end-operation', id: 'a', endpoint: ENDPOINT });
  device.pass(300_000);
  expect([desk.held, told]).toEqual([0, []]);
});

it('a sleeper that answers nothing is told as it is', () => {
  device.script = () => ({ code: 'silence' });
  operate({ operation: 'read', path: '/3/0/9' });
  device.pass(300_000);
  expect(told).toMatchObject([{ type: 'operated', result: { type: 'no-answer' } }]);
  expect(desk.held).toBe(0);
});
