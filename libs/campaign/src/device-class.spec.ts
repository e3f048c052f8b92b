import { describe, expect, it } from '@jest/globals';
import { DEFAULT_NAMESPACE, Namespace } from '@drover/kernel';
import type { FactName, FactValue } from '@drover/fleet';
import { aDevice } from '@drover/testkit';
import { classesOf, jsonSchemaOf, readDocument, transmitSpanMs, type DeviceClassDocument } from './index.ts';

const source = (spec: object, name = 'old-modem', namespace: string = DEFAULT_NAMESPACE) => ({
  apiVersion: 'drover/v1',
  kind: 'DeviceClass',
  metadata: { name, namespace },
  spec: { match: { model: ['WM-300'] }, awake: '20s', ...spec },
});

function classOf(spec: object, name?: string, namespace?: string): DeviceClassDocument {
  const { document, faults } = readDocument(source(spec, name, namespace));
  expect(faults).toEqual([]);
  return document as DeviceClassDocument;
}

const everything = {
  match: { manufacturer: ['Acme'], model: ['WM-3*'] },
  precedence: 10,
  coap: {
    ackTimeout: '8s',
    maxRetransmit: 3,
    firstBlockTimeout: '10s',
    responseTimeout: '4m',
    maxBlockSize: 256,
    busyRetry: '5m',
    echo: true,
  },
  awake: '20s',
  pauseAfterRegister: '500ms',
  lwm2m: { formats: ['SenMLCBOR', 'TLV'], composite: false, observe: 'Resource', settle: '4s', versionFrom: '/3/0/19' },
  update: { pushTo: '/19/0/0', resume: 'Push' },
};

it('reads every field, durations in milliseconds', () => {
  const { spec } = classOf(everything);
  expect(spec).toMatchObject({
    precedence: 10,
    coap: { ackTimeout: 8000, firstBlockTimeout: 10_000, responseTimeout: 240_000, maxBlockSize: 256, busyRetry: 300_000, echo: true },
    awake: 20_000,
    pauseAfterRegister: 500,
    lwm2m: { ...everything.lwm2m, settle: 4000 },
    update: everything.update,
  });
});

describe('faults', () => {
  it.each<[string, object, string, (string | number)[]]>([
    ['an unknown field', { coap: { ackTimeuot: '3s' } }, 'FIELD_UNKNOWN', ['spec', 'coap', 'ackTimeuot']],
    ['a field for later', { energyModel: 'x' }, 'FIELD_NOT_SUPPORTED_YET', ['spec', 'energyModel']],
    ['no match', { match: undefined }, 'FIELD_MISSING', ['spec']],
    ['a match for nothing in particular', { match: {} }, 'FIELD_MISSING', ['spec', 'match']],
    ['no effect', { awake: undefined, coap: {} }, 'FIELD_MISSING', ['spec']],
    ['an empty list', { match: { model: [] } }, 'VALUE_INVALID', ['spec', 'match', 'model']],
    ['a number for a model', { match: { model: [300] } }, 'TYPE_WRONG', ['spec', 'match', 'model', 0]],
    ['a range that is none', { match: { firmwareVersion: ['>=2.x'] } }, 'VALUE_INVALID', ['spec', 'match', 'firmwareVersion', 0]],
    ['a negative precedence', { precedence: -1 }, 'VALUE_INVALID', ['spec', 'precedence']],
    ['a time without unit', { awake: 20 }, 'TYPE_WRONG', ['spec', 'awake']],
    ['a window too long', { awake: '11m' }, 'VALUE_INVALID', ['spec', 'awake']],
    ['ten minutes for an ACK', { coap: { ackTimeout: '10m' } }, 'VALUE_INVALID', ['spec', 'coap', 'ackTimeout']],
    ['a block that is none', { coap: { maxBlockSize: 500 } }, 'VALUE_INVALID', ['spec', 'coap', 'maxBlockSize']],
    ['a format nobody knows', { lwm2m: { formats: ['TLV', 'SenML'] } }, 'VALUE_INVALID', ['spec', 'lwm2m', 'formats', 1]],
    ['an observation of nothing known', { lwm2m: { observe: 'Object' } }, 'VALUE_INVALID', ['spec', 'lwm2m', 'observe']],
    ['the version of an instance', { lwm2m: { versionFrom: '/3/0' } }, 'VALUE_INVALID', ['spec', 'lwm2m', 'versionFrom']],
    ['the version from a key', { lwm2m: { versionFrom: '/0/0/5' } }, 'VALUE_INVALID', ['spec', 'lwm2m', 'versionFrom']],
    ['the version from an object of keys', { lwm2m: { versionFrom: '/23/0/1' } }, 'VALUE_INVALID', ['spec', 'lwm2m', 'versionFrom']],
    ['the version of the image that waits', { lwm2m: { versionFrom: '/5/0/7' } }, 'VALUE_INVALID', ['spec', 'lwm2m', 'versionFrom']],
    ['a push to what is no resource of Object 19', { update: { pushTo: '/5/0/0' } }, 'VALUE_INVALID', ['spec', 'update', 'pushTo']],
    ['a resume of nothing known', { update: { resume: 'Always' } }, 'VALUE_INVALID', ['spec', 'update', 'resume']],
    [
      'the version from where the version says',
      { match: { firmwareVersion: ['1.*'] }, lwm2m: { versionFrom: '/3/0/19' } },
      'VALUE_INVALID',
      ['spec', 'lwm2m', 'versionFrom'],
    ],
    ['a pause as long as it is awake', { awake: '20s', pauseAfterRegister: '20s' }, 'VALUE_INVALID', ['spec', 'pauseAfterRegister']],
  ])('%s', (_name, spec, code, path) => {
    const { document, faults } = readDocument(source(spec));
    expect(document).toBeUndefined();
    expect(faults).toMatchObject([{ code, path }]);
  });

  it.each<[object, string | undefined]>([
    [{ ackTimeout: '30s', maxRetransmit: 2 }, undefined],
    [{ ackTimeout: '6s' }, undefined],
    [{ ackTimeout: '10s' }, 'ackTimeout'],
    [{ ackTimeout: '30s', maxRetransmit: 3 }, 'ackTimeout'],
    [{ maxRetransmit: 6 }, 'maxRetransmit'],
    [{ ackTimeout: '90s', maxRetransmit: 1 }, undefined],
    [{ firstBlockTimeout: '90s' }, undefined],
    [{ firstBlockTimeout: '30s', maxRetransmit: 2 }, undefined],
    [{ firstBlockTimeout: '30s', maxRetransmit: 3 }, 'firstBlockTimeout'],
  ])('%j within the span: %s', (coap, at) => {
    const { faults } = readDocument(source({ coap }));
    expect(faults.map(({ path }) => path.at(-1))).toEqual(at === undefined ? [] : [at]);
    if (at !== undefined) expect(faults[0]?.message).toContain('at most 145 s are safe');
  });
});

it('a copy after 145 s is one too many', () => {
  expect([transmitSpanMs(2000, 4), transmitSpanMs(30_000, 2), transmitSpanMs(2000, 0)]).toEqual([45_000, 135_000, 0]);
});

describe('matching', () => {
  const matches = (match: object, facts: Partial<Record<FactName, FactValue | undefined>>): boolean =>
    classesOf(aDevice('d', facts), [classOf({ match })]).length === 1;
  const facts = { manufacturer: 'Acme', model: 'WM-300', firmwareVersion: '2.3.1' };

  it.each<[object, boolean]>([
    [{ model: ['WM-300'] }, true],
    [{ model: ['wm-300'] }, false],
    [{ model: ['other', 'WM-*'] }, true],
    [{ model: ['*'] }, true],
    [{ model: ['*-300'] }, true],
    [{ model: ['W*3*0'] }, true],
    [{ model: ['WM-300*0'] }, false],
    [{ model: ['WM-3*', 'x'], manufacturer: ['Acme'] }, true],
    [{ model: ['WM-3*'], manufacturer: ['Acme GmbH'] }, false],
    [{ firmwareVersion: ['2.3.*'] }, true],
    [{ firmwareVersion: ['2.4.*', '>=2.0.0 <2.3.2'] }, true],
    [{ firmwareVersion: ['>=2.4.0'] }, false],
    [{ firmwareVersion: ['2.3.1.0'] }, true],
    [{ firmwareVersion: ['R12-b'] }, false],
  ])('%j: %s', (match, expected) => {
    expect(matches(match, facts)).toBe(expected);
  });

  it('knows nothing of a device that has not told', () => {
    expect(matches({ model: ['*'] }, { model: undefined })).toBe(false);
    expect(matches({ firmwareVersion: ['<3.0.0'] }, { model: 'WM-300', firmwareVersion: 'R12-b' })).toBe(false);
    expect(matches({ firmwareVersion: ['R12-b'] }, { model: 'WM-300', firmwareVersion: 'R12-b' })).toBe(true);
  });

  it('a pattern of many wildcards takes no longer for a text that nearly fits', () => {
    const started = performance.now();
    expect(matches({ model: ['*a'.repeat(120)] }, { model: 'a'.repeat(119) })).toBe(false);
    expect(performance.now() - started).toBeLessThan(2000);
  });

  it('precedence decides between two, then the name; another tenant decides nothing', () => {
    const all = [classOf({}, 'b'), classOf({}, 'a'), classOf({ precedence: 5 }, 'c'), classOf({ precedence: 9 }, 'd', 'other')];
    expect(classesOf(aDevice('d', facts), all).map(({ metadata }) => metadata.name)).toEqual(['c', 'a', 'b']);
    expect(classesOf({ ...aDevice('d', facts), namespace: Namespace('other') }, all)).toHaveLength(1);
  });
});

it('has a JSON schema', () => {
  expect(jsonSchemaOf('DeviceClass')).toMatchObject({ title: 'Drover DeviceClass', properties: { spec: { required: ['match'] } } });
});
