import { describe, expect, it } from '@jest/globals';
import { CONTENT_FORMAT, encodeContent, ObjectModels, type DeviceOperation, type ResourceValue } from '@drover/lwm2m';
import { WireDevice, registered, type Answer, type Script } from '../../../../../test/support/wire-device.ts';
import type { Registered } from '../registry.ts';
import { Operations } from '../operations.ts';
import type { Performed } from './performance.ts';

const { SENML_CBOR, SENML_JSON, TLV, TEXT } = CONTENT_FORMAT;
const content = (format: number, values: readonly ResourceValue[], base: string): Answer => ({
  code: '2.05',
  options: { contentFormat: format },
  payload: encodeContent(format, values, base),
});
const BATTERY: ResourceValue = { path: '/3/0/9', value: 95 };

class Run {
  readonly device: WireDevice;
  readonly operations: Operations;
  readonly #registered: Registered;

  constructor(script: Script, change: Partial<Registered> = {}) {
    this.device = new WireDevice(script);
    this.operations = new Operations(this.device.coap, this.device.now, { models: ObjectModels.with(), compositeWaitMs: 20_000 });
    this.#registered = registered(change);
  }

  ask(operation: DeviceOperation, { pass = 0, endpoint }: { pass?: number; endpoint?: Registered['endpoint'] } = {}): Performed[] {
    const ends: Performed[] = [];
    const device = endpoint === undefined ? this.#registered : { ...this.#registered, endpoint };
    this.operations.run(device, operation, { ended: (performed) => ends.push(performed) });
    this.device.settle();
    this.device.pass(pass);
    return ends;
  }
}

const read: DeviceOperation = { type: 'read', path: '/3/0' };
const list: DeviceOperation = { type: 'read-composite', paths: ['/3/0/9', '/5/0'] };

describe('formats', () => {
  it('are walked down until the device takes one, and that one comes first the next time', () => {
    const run = new Run(({ options }) => (options.accept === TLV ? content(TLV, [BATTERY], '/3/0') : { code: '4.06' }), {
      contentFormats: [SENML_CBOR, SENML_JSON, TLV],
    });
    expect(run.ask(read)).toMatchObject([{ type: 'done', values: [{ path: '/3/0/9', value: 95, name: 'Battery Level', unit: '/100' }] }]);
    expect(run.device.asked.map(({ options }) => options.accept)).toEqual([SENML_CBOR, TLV]);
    run.ask(read);
    expect(run.device.asked.at(-1)?.options.accept).toBe(TLV);
    expect(run.device.asked).toHaveLength(3);
  });

  it('end with the device’s own refusal when none is left', () => {
    const run = new Run(() => ({ code: '4.06' }));
    expect(run.ask(read)).toMatchObject([{ type: 'failed', failure: 'FORMAT_NOT_OFFERED', code: '4.06' }]);
    expect(run.device.asked.map(({ options }) => options.accept)).toEqual([undefined, SENML_CBOR, SENML_JSON, TLV]);
  });

  it('of a write are walked down on 4.15', () => {
    const run = new Run(({ options }) => ({ code: options.contentFormat === TLV ? '2.04' : '4.15' }));
    const replace: DeviceOperation = { type: 'replace', path: '/1/0', values: [{ path: '/1/0/1', value: 300 }] };
    expect(run.ask(replace)).toMatchObject([{ type: 'done', code: '2.04' }]);
    expect(run.device.asked.map(({ options }) => options.contentFormat)).toEqual([SENML_CBOR, SENML_JSON, TLV]);
  });

  it('that one device of a model has taught come first with the next one', () => {
    const model: ResourceValue = { path: '/3/0/1', value: 'WM-300' };
    const run = new Run(({ options }) => (options.accept === SENML_JSON ? content(SENML_JSON, [model], '/3/0') : { code: '4.06' }));
    run.ask(read);
    const another = 'another' as Registered['endpoint'];
    run.ask({ type: 'read', path: '/3/0/1' }, { endpoint: another });
    const before = run.device.asked.length;
    run.ask({ type: 'read', path: '/3' }, { endpoint: another });
    expect(run.device.asked[before]?.options.accept).toBe(SENML_JSON);
  });

  it('are not tried for any other refusal', () => {
    const run = new Run(() => ({ code: '4.04' }));
    expect(run.ask(read)).toMatchObject([{ failure: 'PATH_NOT_FOUND', kind: 'missing' }]);
    expect(run.device.asked).toHaveLength(1);
  });
});

it('refuses by itself what no device could do, and sends nothing', () => {
  const run = new Run(() => ({ code: '2.04' }));
  expect(run.ask({ type: 'write', path: '/5/0/11', value: 9 })).toMatchObject([{ type: 'refused', code: 'VALUE_RANGE' }]);
  expect(run.device.asked).toEqual([]);
});

it.each<[Answer['code'], unknown]>([
  ['silence', { type: 'no-answer' }],
  ['ack', { type: 'no-answer' }],
  ['5.03', { type: 'failed', failure: 'DEVICE_BUSY' }],
])('%s comes to its end', (code, expected) => {
  expect(new Run(() => ({ code })).ask(read, { pass: 300_000 })).toMatchObject([expected]);
});

describe('a composite read', () => {
  const values = [BATTERY, { path: '/5/0/3', value: 0 }];

  it('is one request where the device can', () => {
    const run = new Run(() => content(SENML_CBOR, values, '/'));
    expect(run.ask(list)).toMatchObject([{ type: 'done', values: [{ name: 'Battery Level' }, { name: 'State' }] }]);
    expect(run.device.texts).toEqual(['FETCH /']);
  });

  const singly: Script = ({ text, options }) => {
    if (text === 'GET /3/0/9') return { code: '2.05', options: { contentFormat: TEXT }, payload: Buffer.from('95') };
    if (text === 'GET /5/0') return content(TLV, [{ path: '/5/0/3', value: 0 }], '/5/0');
    return options.contentFormat === undefined ? { code: '4.04' } : { code: 'ack' };
  };

  it('that is acknowledged and never answered becomes single reads, at once and from then on', () => {
    const run = new Run(singly);
    expect(run.ask(list, { pass: 25_000 })).toMatchObject([{ type: 'done', values: [{ value: 95 }, { value: 0 }] }]);
    expect(run.device.texts).toEqual(['FETCH /', 'GET /3/0/9', 'GET /5/0']);
    expect(run.ask(list)).toMatchObject([{ type: 'done' }]);
    expect(run.device.texts.slice(3)).toEqual(['GET /3/0/9', 'GET /5/0']);
  });

  it('of a device that is asleep proves nothing: it is asked the same way again', () => {
    const run = new Run(() => ({ code: 'silence' }));
    expect(run.ask(list, { pass: 400_000 })).toEqual([{ type: 'no-answer' }]);
    run.device.script = () => content(SENML_CBOR, values, '/');
    run.ask(list);
    expect(run.device.texts.at(-1)).toBe('FETCH /');
  });

  it.each(['4.00', '4.05', '4.15', '5.01'])('that the device does not know (%s) becomes single reads', (code) => {
    const run = new Run((question, index) => (question.text === 'FETCH /' ? { code } : singly(question, index)));
    expect(run.ask(list)).toMatchObject([{ type: 'done', values: [{ value: 95 }, { value: 0 }] }]);
  });

  it('leaves out what the device has not, and fails where it has nothing of it', () => {
    const some = new Run((question, index) => (question.text === 'GET /5/0' ? { code: '4.04' } : singly(question, index)), {
      lwm2mVersion: '1.0',
    });
    expect(some.ask(list)).toMatchObject([{ type: 'done', values: [{ path: '/3/0/9' }] }]);
    expect(some.device.texts).toEqual(['GET /3/0/9', 'GET /5/0']);
    const none = new Run(() => ({ code: '4.04' }), { lwm2mVersion: '1.0' });
    expect(none.ask(list)).toMatchObject([{ type: 'failed', failure: 'PATH_NOT_FOUND' }]);
  });
});

describe('for whoever decides by codes', () => {
  const codeOf = (script: Script, operation: Parameters<Operations['perform']>[1], pass = 0): unknown[] => {
    const device = new WireDevice(script);
    const outcomes: unknown[] = [];
    new Operations(device.coap, device.now).perform(registered(), operation, {
      done: (outcome) => outcomes.push(outcome.type === 'answer' ? outcome.code : outcome.type),
    });
    device.settle();
    device.pass(pass);
    return outcomes;
  };
  const unreadable: Answer = { code: '2.05', options: { contentFormat: TLV }, payload: Uint8Array.of(0xc8) };

  it.each<[string, Script, Parameters<Operations['perform']>[1], string]>([
    ['an answer', () => content(TLV, [BATTERY], '/3/0'), read, '2.05'],
    ['an error', () => ({ code: '4.05' }), { type: 'execute', path: '/5/0/2' }, '4.05'],
    ['an answer of a stub', () => ({ code: '2.04' }), read, '2.04'],
    ['an answer nobody can read', () => unreadable, read, '5.00'],
    ['a value we refuse', () => ({ code: '2.04' }), { type: 'write', path: '/5/0/11', value: 9, format: TEXT }, '4.00'],
    ['a format that is not for the device', () => ({ code: '4.15' }), { type: 'write', path: '/5/0/1', value: 'x', format: TEXT }, '4.15'],
    ['silence', () => ({ code: 'silence' }), read, 'no-answer'],
  ])('%s', (_name, script, operation, code) => {
    expect(codeOf(script, operation, 300_000)).toEqual([code]);
  });

  it('nothing after it was given up', () => {
    const device = new WireDevice(() => ({ code: 'ack' }));
    const operations = new Operations(device.coap, device.now);
    const outcomes: unknown[] = [];
    const handle = operations.perform(registered(), read, { done: (outcome) => outcomes.push(outcome) });
    device.settle();
    operations.cancel(handle);
    device.pass(300_000);
    expect(outcomes).toEqual([]);
  });
});
