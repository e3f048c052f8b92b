import { describe, expect, it } from '@jest/globals';
import { must, type Json } from '@drover/kernel';
import { readDocument, type DeviceClassDocument } from '@drover/campaign';
import { aDeviceRecord } from '@drover/testkit';
import { classSeen } from './class-view.ts';
import { DeviceClasses } from './device-classes.ts';

function classes(...specs: Record<string, Json>[]): DeviceClasses {
  const all = new DeviceClasses();
  specs.forEach((spec, index) => {
    const source = {
      apiVersion: 'drover/v1',
      kind: 'DeviceClass',
      metadata: { name: `c${index}` },
      spec: { match: { model: ['*'] }, ...spec },
    };
    all.put(must(readDocument(source).document, 'a class') as DeviceClassDocument);
  });
  return all;
}
const device = aDeviceRecord('d', { 'radio.ce': undefined });
const valuesOf = (seen: ReturnType<typeof classSeen>): Record<string, string> =>
  Object.fromEntries(seen.values.map(({ field, value, from }) => [field, `${value} (${from})`]));

/** Every field of the language that a class can say. */
const EVERYTHING = {
  coap: {
    ackTimeout: '6s',
    maxRetransmit: 3,
    firstBlockTimeout: '10s',
    responseTimeout: '3m',
    maxBlockSize: 128,
    busyRetry: '1m',
    echo: true,
  },
  awake: '20s',
  pauseAfterRegister: '500ms',
  lwm2m: { formats: ['TLV', 'Text'], composite: false, observe: 'None', settle: '4s', versionFrom: '/3/0/19' },
  update: { pushTo: '/19/0/0', resume: 'None' },
};

it('a device without a class is as any device', () => {
  const seen = classSeen(device, new DeviceClasses(), undefined);
  expect([seen.class, seen.alsoFit, seen.learned]).toEqual([undefined, [], undefined]);
  expect(new Set(seen.values.map(({ from }) => from))).toEqual(new Set(['default']));
  expect(valuesOf(seen)).toMatchObject({
    'coap.ackTimeout': '2s (default)',
    awake: '1m 33s (default)',
    'lwm2m.versionFrom': '/3/0/3 (default)',
  });
});

it('shows every field of a class, each with its class', () => {
  const seen = classSeen(device, classes(EVERYTHING), undefined);
  expect(new Set(seen.values.map(({ from }) => from))).toEqual(new Set(['class c0']));
  const { coap, lwm2m, update, ...others } = EVERYTHING;
  const written = [
    ...Object.keys(coap).map((name) => `coap.${name}`),
    ...Object.keys(lwm2m).map((name) => `lwm2m.${name}`),
    ...Object.keys(update).map((name) => `update.${name}`),
    ...Object.keys(others),
  ];
  expect(seen.values.map(({ field }) => field).sort()).toEqual(written.sort());
  expect(seen.values.map(({ value }) => value)).toEqual([
    '6s',
    '3',
    '10s',
    '3m',
    '128',
    '1m',
    'true',
    '20s',
    '500ms',
    'TLV, Text',
    'false',
    'None',
    '4s',
    '/3/0/19',
    '/19/0/0',
    'None',
  ]);
});

describe('coverage', () => {
  it.each([
    [0, '3s', '4'],
    [1, '8s', '3'],
    [3, '30s', '2'],
  ])('CE%d gives the first timeout, unless the class does', (ce, ackTimeout, maxRetransmit) => {
    const covered = aDeviceRecord('d', { 'radio.ce': ce });
    expect(valuesOf(classSeen(covered, new DeviceClasses(), undefined))).toMatchObject({
      'coap.ackTimeout': `${ackTimeout} (coverage CE${ce})`,
      'coap.maxRetransmit': `${maxRetransmit} (coverage CE${ce})`,
    });
    expect(valuesOf(classSeen(covered, classes({ coap: { ackTimeout: '5s' } }), undefined))).toMatchObject({
      'coap.ackTimeout': '5s (class c0)',
      'coap.maxRetransmit': `${maxRetransmit} (coverage CE${ce})`,
    });
  });
});

it('says which other classes would fit, the one that counts first', () => {
  const seen = classSeen(device, classes({ awake: '1s' }, { awake: '2s', precedence: 9 }, { awake: '3s' }), undefined);
  expect([seen.class, seen.alsoFit]).toEqual(['c1', ['c0', 'c2']]);
});

it('what was learned stands apart, by the names of people', () => {
  const learned = {
    formats: { 'read-many': 112, composite: 'any' as const, 'write-one': 999 },
    composite: false,
    blockSize: 64,
    timeoutMs: 3200,
  };
  expect(classSeen(device, new DeviceClasses(), learned).learned).toEqual([
    { what: 'format to read-many', value: 'SenMLCBOR' },
    { what: 'format to composite', value: 'any' },
    { what: 'format to write-one', value: '999' },
    { what: 'composite requests', value: 'not answered' },
    { what: 'block size it asked for', value: '64' },
    { what: 'timeout of the next message', value: '3s' },
  ]);
  expect(
    classSeen(device, new DeviceClasses(), { formats: {}, composite: undefined, blockSize: undefined, timeoutMs: undefined }).learned,
  ).toEqual([]);
});
