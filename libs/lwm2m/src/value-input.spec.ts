import { describe, expect, it } from '@jest/globals';
import type { Json } from '@drover/kernel';
import { ObjectModels } from './object-models.ts';
import { valueOfJson, valueOfText, valuesOfData } from './value-input.ts';
import type { DataType, Value } from './values.ts';

const models = ObjectModels.with();
const code = (work: () => unknown): unknown => {
  try {
    return work();
  } catch (error) {
    return (error as { code: string }).code;
  }
};

it.each<[string, DataType | undefined, Value | 'VALUE_INVALID']>([
  ['300', 'Integer', 300],
  ['9007199254740993', 'Integer', 9_007_199_254_740_993n],
  ['3.5', 'Integer', 'VALUE_INVALID'],
  ['', 'Integer', 'VALUE_INVALID'],
  ['-1', 'Unsigned', 'VALUE_INVALID'],
  ['-43.5723', 'Float', -43.5723],
  ['NaN', 'Float', 'VALUE_INVALID'],
  ['true', 'Boolean', true],
  ['0', 'Boolean', false],
  ['yes', 'Boolean', 'VALUE_INVALID'],
  ['AQI=', 'Opaque', Uint8Array.of(1, 2)],
  ['!', 'Opaque', 'VALUE_INVALID'],
  ['1767225600', 'Time', 1_767_225_600],
  ['2026-01-01T00:00:00Z', 'Time', 1_767_225_600],
  ['2026-01-01T01:00:00+01:00', 'Time', 1_767_225_600],
  ['2026-13-41T00:00:00Z', 'Time', 'VALUE_INVALID'],
  ['66:0', 'Objlnk', { object: 66, instance: 0 }],
  ['66', 'Objlnk', 'VALUE_INVALID'],
  ['300', 'String', '300'],
  ['300', undefined, '300'],
])('%j as %s is %p', (text, type, expected) => {
  expect(code(() => valueOfText(text, type))).toEqual(expected);
});

it.each<[Json, DataType | undefined, Value | 'VALUE_INVALID']>([
  [300, 'Integer', 300],
  [300, 'String', 'VALUE_INVALID'],
  [1.5, 'Integer', 'VALUE_INVALID'],
  [true, 'Boolean', true],
  [1, 'Boolean', 'VALUE_INVALID'],
  ['300', 'Integer', 300],
  [7, undefined, 7],
  [null, 'String', 'VALUE_INVALID'],
  [{}, 'String', 'VALUE_INVALID'],
])('JSON %j as %s is %p', (json, type, expected) => {
  expect(code(() => valueOfJson(json, type))).toEqual(expected);
});

describe('several values', () => {
  it('of an instance, multiple resources in it', () => {
    expect(valuesOfData({ '1': 300, '7': 'U', '24': { '0': '11:0', '3': '11:1' } }, '/1/0', models)).toEqual([
      { path: '/1/0/1', value: 300 },
      { path: '/1/0/7', value: 'U' },
      { path: '/1/0/24/0', value: { object: 11, instance: 0 } },
      { path: '/1/0/24/3', value: { object: 11, instance: 1 } },
    ]);
  });

  it('of a multiple resource, from a mapping or a list', () => {
    const expected = [
      { path: '/2/0/2/0', value: 1 },
      { path: '/2/0/2/1', value: 31 },
    ];
    expect(valuesOfData({ '0': 1, '1': '31' }, '/2/0/2', models)).toEqual(expected);
    expect(valuesOfData([1, 31], '/2/0/2', models)).toEqual(expected);
  });

  it('of anywhere, by whole paths', () => {
    expect(valuesOfData({ '/1/0/1': 300, '/003/0/14': '+02:00' }, '/', models)).toEqual([
      { path: '/1/0/1', value: 300 },
      { path: '/3/0/14', value: '+02:00' },
    ]);
  });

  it.each<[string, Json, string, string]>([
    ['a name for an id', { lifetime: 300 }, '/1/0', 'PATH_INVALID'],
    ['an id beyond the last', { '65535': 300 }, '/1/0', 'PATH_INVALID'],
    ['a text for a mapping', 'hello', '/1/0', 'VALUE_INVALID'],
    ['nothing', null, '/1/0', 'VALUE_INVALID'],
    ['a mapping too deep', { '24': { '0': { '0': 1 } } }, '/1/0', 'VALUE_INVALID'],
    ['a value of another type', { '1': 'long' }, '/1/0', 'VALUE_INVALID'],
    ['a multiple resource with nothing in it', { '24': {} }, '/1/0', 'VALUE_INVALID'],
    ['nothing for a multiple resource', [], '/2/0/2', 'VALUE_INVALID'],
    ['an object as a whole', { '0': { '1': 300 } }, '/1', 'PATH_INVALID'],
    ['a path that is none', { '1/0': 300 }, '/', 'PATH_INVALID'],
  ])('%s is refused', (_name, data, base, expected) => {
    expect(code(() => valuesOfData(data, base, models))).toBe(expected);
  });

  it('says which of them is wrong', () => {
    expect(() => valuesOfData({ '7': 'U', '1': 'long' }, '/1/0', models)).toThrow('/1/0/1: not a Integer');
  });
});
