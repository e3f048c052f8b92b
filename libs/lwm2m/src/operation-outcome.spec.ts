import { describe, expect, it } from '@jest/globals';
import { CONTENT_FORMAT } from './content.ts';
import { ObjectModels } from './object-models.ts';
import { meaningOf } from './operation-failures.ts';
import type { DeviceOperation } from './operation.ts';
import { anotherFormatMayHelp, operationOutcome, typed, type OperationAnswer, type OperationOutcome } from './operation-outcome.ts';

const { TEXT, LINK, OPAQUE, CBOR, SENML_JSON, SENML_CBOR, TLV, LWM2M_JSON, LWM2M_CBOR } = CONTENT_FORMAT;
const models = ObjectModels.with();
const bytes = (hex: string): Uint8Array => Buffer.from(hex.replaceAll(' ', ''), 'hex');
const words = (text: string): Uint8Array => Buffer.from(text);
const EMPTY = new Uint8Array(0);

function outcomeOf(operation: DeviceOperation, answer: Partial<OperationAnswer>, rootPath = '/'): OperationOutcome {
  return operationOutcome(operation, { code: '2.05', payload: EMPTY, ...answer }, { models, rootPath });
}
const read = (path: string): DeviceOperation => ({ type: 'read', path });

const BATTERY = { path: '/3/0/9', value: 95, name: 'Battery Level', type: 'Integer', unit: '/100' };
const STATE = [
  { path: '/5/0/3', value: 2, name: 'State', type: 'Integer' },
  { path: '/5/0/5', value: 0, name: 'Update Result', type: 'Integer' },
];

describe('values come with what the models know of them', () => {
  it.each<[string, string, number, Uint8Array, unknown]>([
    ['text', '/3/0/9', TEXT, words('95'), [BATTERY]],
    ['CBOR', '/3/0/9', CBOR, bytes('185f'), [BATTERY]],
    ['SenML JSON', '/3/0/9', SENML_JSON, words('[{"n":"/3/0/9","v":95}]'), [BATTERY]],
    ['TLV of one resource', '/3/0/9', TLV, bytes('c1095f'), [BATTERY]],
    ['TLV of an instance', '/5/0', TLV, bytes('c10302c10500'), STATE],
    ['TLV by its number in old drafts', '/5/0', 1542, bytes('c10302c10500'), STATE],
    ['TLV of an object', '/5', TLV, bytes('0600c10302c10500'), STATE],
    ['SenML CBOR', '/5/0', SENML_CBOR, bytes('82 A3 21 65 2F352F302F 00 61 33 02 02 A2 00 61 35 02 00'), STATE],
    ['LwM2M CBOR', '/5/0', LWM2M_CBOR, bytes('A1 05 A1 00 A2 03 02 05 00'), STATE],
    ['LwM2M JSON', '/5/0', LWM2M_JSON, words('{"bn":"/5/0/","e":[{"n":"3","v":2},{"n":"5","v":0}]}'), STATE],
    ['bytes', '/10/0/9', OPAQUE, bytes('0102'), [expect.objectContaining({ value: bytes('0102'), type: 'Opaque' })]],
    ['no bytes at all', '/10/0/9', OPAQUE, EMPTY, [expect.objectContaining({ path: '/10/0/9', value: EMPTY })]],
    ['an empty text', '/3/0/14', TEXT, EMPTY, [expect.objectContaining({ path: '/3/0/14', value: '' })]],
    ['an instance without anything', '/5/0', TLV, EMPTY, []],
    ['a number without digits', '/3/0/9', TEXT, EMPTY, []],
  ])('%s', (_name, path, contentFormat, payload, values) => {
    expect(outcomeOf(read(path), { contentFormat, payload })).toEqual({ type: 'done', code: '2.05', values });
  });

  it('a value out of range is flagged, not refused', () => {
    const outcome = outcomeOf(read('/3/0/9'), { contentFormat: TEXT, payload: words('255') });
    expect(outcome).toMatchObject({ type: 'done', values: [{ value: 255, outOfRange: true }] });
  });

  it('what no model knows is shown as it is', () => {
    expect(typed([{ path: '/26241/0/1', value: 'x' }], models)).toEqual([{ path: '/26241/0/1', value: 'x' }]);
  });

  it('text is assumed where the device names no format', () => {
    expect(outcomeOf(read('/3/0/3'), { payload: words('1.0.0') })).toMatchObject({ values: [{ value: '1.0.0' }] });
  });

  it.each<[string, Partial<OperationAnswer>]>([
    ['a format of no kind', { contentFormat: 50, payload: words('{}') }],
    ['half a TLV', { contentFormat: TLV, payload: bytes('c8') }],
    ['an answer to somebody else', { contentFormat: SENML_JSON, payload: words('[{"n":"/4/0/0","v":1}]') }],
    ['text for an instance', { payload: words('hello') }],
  ])('%s is a failure, and no silence', (_name, answer) => {
    expect(outcomeOf(read('/3/0'), answer)).toMatchObject({
      type: 'failed',
      code: '2.05',
      failure: 'ANSWER_UNREADABLE',
      kind: 'transport',
    });
  });
});

describe('a composite answer', () => {
  const list: DeviceOperation = { type: 'read-composite', paths: ['/3/0/9', '/5/0'] };

  it('holds what the device has of the list', () => {
    const payload = words('[{"n":"/5/0/3","v":2},{"n":"/5/0/5","v":0}]');
    expect(outcomeOf(list, { contentFormat: SENML_JSON, payload })).toMatchObject({ values: STATE });
    expect(outcomeOf(list, { contentFormat: SENML_JSON, payload: words('[]') })).toMatchObject({ type: 'done', values: [] });
  });

  it.each(['/3/0/10', '/5/1/3', '/4/0/0'])('with %s, which nobody asked for, is not believed', (stray) => {
    const payload = words(`[{"n":"/3/0/9","v":95},{"n":"${stray}","v":1}]`);
    expect(outcomeOf(list, { contentFormat: SENML_JSON, payload })).toMatchObject({ failure: 'ANSWER_UNREADABLE' });
  });
});

describe('Discover', () => {
  it('names what is there, with its attributes', () => {
    const payload = words('</5>;ver=1.1,</5/0>,</5/0/3>;pmin=1;pmax=600,</5/0/8>;dim=4,</5/0/9>;pmin=often');
    expect(outcomeOf({ type: 'discover', path: '/5' }, { contentFormat: LINK, payload })).toEqual({
      type: 'done',
      code: '2.05',
      values: [],
      links: [
        { path: '/5', name: 'Firmware Update', attributes: {}, version: '1.1', ignored: [] },
        { path: '/5/0', name: 'Firmware Update', attributes: {}, ignored: [] },
        { path: '/5/0/3', name: 'State', attributes: { pmin: 1, pmax: 600 }, ignored: [] },
        { path: '/5/0/8', name: 'Firmware Update Protocol Support', attributes: {}, dim: 4, ignored: [] },
        { path: '/5/0/9', name: 'Firmware Update Delivery Method', attributes: {}, ignored: ['pmin'] },
      ],
    });
  });

  it('takes the alternate path off, and leaves out what lies elsewhere', () => {
    const payload = words('</lwm2m/3/0>,</lwm2m/3/0/9>,</elsewhere>,</lwm2m/4/0>');
    const outcome = outcomeOf({ type: 'discover', path: '/3/0' }, { contentFormat: LINK, payload }, '/lwm2m');
    expect(outcome).toMatchObject({ links: [{ path: '/3/0' }, { path: '/3/0/9' }] });
  });

  it('that is no link list is a failure', () => {
    expect(outcomeOf({ type: 'discover', path: '/3' }, { payload: words('hello') })).toMatchObject({ failure: 'ANSWER_UNREADABLE' });
  });
});

describe('Create', () => {
  const create = (instance?: number): DeviceOperation => ({ type: 'create', path: '/3300', instance, values: [] });
  it.each<[string, DeviceOperation, string[], string, string | undefined]>([
    ['as the device names it', create(), ['3300', '4'], '/', '/3300/4'],
    ['below the alternate path', create(), ['lwm2m', '3300', '4'], '/lwm2m', '/3300/4'],
    ['as it was asked for', create(7), [], '/', '/3300/7'],
    ['by the device, whatever was asked for', create(7), ['3300', '8'], '/', '/3300/8'],
    ['unknown', create(), [], '/', undefined],
    ['unknown, for a location that is none', create(), ['rd', 'x'], '/', undefined],
    ['unknown, for another object', create(), ['3301', '0'], '/', undefined],
  ])('%s', (_name, operation, locationPath, rootPath, created) => {
    expect(outcomeOf(operation, { code: '2.01', locationPath }, rootPath)).toEqual({ type: 'done', code: '2.01', values: [], created });
  });
});

describe('a code is a meaning', () => {
  const write: DeviceOperation = { type: 'write', path: '/1/0/1', value: 300 };
  it.each<[string, string, string]>([
    ['4.00', 'REQUEST_REJECTED', 'input'],
    ['4.01', 'DEVICE_DENIES', 'denied'],
    ['4.02', 'OPTION_REJECTED', 'conflict'],
    ['4.03', 'DEVICE_DENIES', 'denied'],
    ['4.04', 'PATH_NOT_FOUND', 'missing'],
    ['4.05', 'NOT_ALLOWED', 'conflict'],
    ['4.06', 'FORMAT_NOT_OFFERED', 'conflict'],
    ['4.08', 'BLOCKS_INCOMPLETE', 'transport'],
    ['4.09', 'DEVICE_CONFLICT', 'conflict'],
    ['4.12', 'PRECONDITION_FAILED', 'conflict'],
    ['4.13', 'TOO_LARGE', 'input'],
    ['4.15', 'FORMAT_NOT_KNOWN', 'conflict'],
    ['4.29', 'DEVICE_BUSY', 'transport'],
    ['4.31', 'REQUEST_REJECTED', 'input'],
    ['5.00', 'DEVICE_ERROR', 'transport'],
    ['5.01', 'NOT_IMPLEMENTED', 'conflict'],
    ['5.03', 'DEVICE_BUSY', 'transport'],
    ['5.30', 'DEVICE_ERROR', 'transport'],
    ['2.31', 'ANSWER_UNEXPECTED', 'transport'],
    ['7.01', 'ANSWER_UNEXPECTED', 'transport'],
  ])('%s is %s', (code, failure, kind) => {
    const outcome = outcomeOf(write, { code });
    expect(outcome).toMatchObject({ type: 'failed', code, failure, kind, meaning: expect.stringMatching(/../) });
    expect(meaningOf(code)).toMatchObject({ failure, kind });
  });

  it.each(['2.01', '2.02', '2.04', '2.05'])('%s confirms a change', (code) => {
    expect(outcomeOf(write, { code })).toEqual({ type: 'done', code, values: [] });
  });

  it.each([read('/3'), { type: 'discover', path: '/3' }, { type: 'observe', path: '/3' }] as DeviceOperation[])(
    '2.04 answers no question: %j',
    (operation) => {
      expect(outcomeOf(operation, { code: '2.04' })).toMatchObject({ type: 'failed', failure: 'ANSWER_UNEXPECTED' });
    },
  );
});

it.each<[DeviceOperation, string, boolean]>([
  [read('/3'), '4.06', true],
  [read('/3'), '4.15', true],
  [read('/3'), '4.00', false],
  [{ type: 'read-composite', paths: ['/3'] }, '4.00', true],
  [{ type: 'write-composite', values: [] }, '4.15', true],
  [{ type: 'read-composite', paths: ['/3'] }, '4.04', false],
])('another format may help %j after %s: %s', (operation, code, expected) => {
  expect(anotherFormatMayHelp(operation, code)).toBe(expected);
});
