import { describe, expect, it } from '@jest/globals';
import { isWithinRange, rangeOf } from './value-range.ts';
import type { DataType, Value } from './values.ts';

const spans = (text: string, type: DataType | 'None' = 'Integer') => rangeOf(text, type)?.spans.map(({ min, max }) => [min, max]);

it.each<[string, number[][]]>([
  ['0..100', [[0, 100]]],
  ['0-3', [[0, 3]]],
  ['0 - 3', [[0, 3]]],
  ['1,2,3', [[1, 1], [2, 2], [3, 3]]], // prettier-ignore
  ['-110..-48', [[-110, -48]]],
  ['-5-10', [[-5, 10]]],
  ['0.0..100.0', [[0, 100]]],
  ['0..4294967295', [[0, 4_294_967_295]]],
  ['0, 5..7; 9', [[0, 0], [5, 7], [9, 9]]], // prettier-ignore
])('reads %j as spans', (text, expected) => {
  expect(spans(text)).toEqual(expected);
});

it.each(['', '255', '8-Bits', '7..3', 'a..b', '0..', '..5', '0..5 volts', 'as listed elsewhere', `0..${'9'.repeat(600)}`])(
  'keeps %j as text alone',
  (text) => {
    expect(spans(text)).toBeUndefined();
  },
);

it('measures texts and bytes by their length, and nothing of other types', () => {
  expect(rangeOf('0..255 bytes', 'String')).toEqual({ of: 'length', spans: [{ min: 0, max: 255 }] });
  expect(rangeOf('16,32,48', 'Opaque')?.of).toBe('length');
  for (const type of ['Boolean', 'Objlnk', 'None'] as const) expect(rangeOf('0..1', type)).toBeUndefined();
});

describe('a value is within', () => {
  it.each<[Value, string, DataType, boolean]>([
    [0, '0..100', 'Integer', true],
    [100, '0..100', 'Integer', true],
    [101, '0..100', 'Integer', false],
    [-1, '0..100', 'Integer', false],
    [2n ** 60n, '0..100', 'Integer', false],
    [99.95, '0.0..100.0', 'Float', true],
    [4, '1,2,3', 'Integer', false],
    ['ä'.repeat(127), '0..255', 'String', true],
    ['ä'.repeat(128), '0..255', 'String', false],
    [new Uint8Array(32), '16,32,48', 'Opaque', true],
    [new Uint8Array(31), '16,32,48', 'Opaque', false],
    ['a text where a number belongs', '0..3', 'Integer', true],
  ])('%p in %s of %s: %s', (value, text, type, expected) => {
    expect(isWithinRange(value, rangeOf(text, type)!)).toBe(expected);
  });
});
