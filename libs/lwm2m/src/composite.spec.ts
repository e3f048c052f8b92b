import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { CONTENT_FORMAT, decodePathList, encodePathList, Lwm2mError } from './index.ts';

const { SENML_JSON, SENML_CBOR, LWM2M_CBOR } = CONTENT_FORMAT;
const bytesOf = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'));
const textHex = (text: string): string => Buffer.from(text).toString('hex');
const STATUS = ['/3/0/3', '/5/0/3', '/5/0/5'];

describe.each([
  ['SenML JSON', SENML_JSON, STATUS, textHex('[{"n":"/3/0/3"},{"n":"/5/0/3"},{"n":"/5/0/5"}]')],
  ['SenML CBOR', SENML_CBOR, STATUS, '83a100662f332f302f33a100662f352f302f33a100662f352f302f35'],
  ['LwM2M CBOR', LWM2M_CBOR, STATUS, 'a283030003f6820500a203f605f6'],
  ['LwM2M CBOR of an object and an instance', LWM2M_CBOR, ['/3', '/5/0'], 'a203f6820500f6'],
])('%s', (_, format, paths, hex) => {
  it('both ways', () => {
    expect(Buffer.from(encodePathList(format, paths)).toString('hex')).toBe(hex);
    expect(decodePathList(format, bytesOf(hex))).toEqual(paths);
  });
  it('refuses every prefix', () => {
    const whole = bytesOf(hex);
    for (let length = 0; length < whole.length; length++)
      expect(() => decodePathList(format, whole.subarray(0, length))).toThrow(expect.objectContaining({ code: 'CONTENT_MALFORMED' }));
  });
});

it.each([
  ['a base name', SENML_JSON, textHex('[{"bn":"/5/0/","n":"3"},{"n":"5"},{"bn":"/3/0"}]'), ['/5/0/3', '/5/0/5', '/3/0']],
  ['undefined for null', LWM2M_CBOR, 'a1830500 03f7'.replace(' ', ''), ['/5/0/3']],
  ['a map for each id', LWM2M_CBOR, 'a105a100a203f605f6', ['/5/0/3', '/5/0/5']],
])('reads %s', (_, format, hex, paths) => {
  expect(decodePathList(format, bytesOf(hex))).toEqual(paths);
});

it.each([
  ['nothing', SENML_JSON, textHex('[]'), 'CONTENT_MALFORMED'],
  ['nothing in a map', LWM2M_CBOR, 'a0', 'CONTENT_MALFORMED'],
  ['a value', SENML_JSON, textHex('[{"n":"/3/0/3","v":1}]'), 'CONTENT_MALFORMED'],
  ['a value in a map', LWM2M_CBOR, 'a18303000301', 'CONTENT_MALFORMED'],
  ['the root', SENML_JSON, textHex('[{"n":"/"}]'), 'CONTENT_MALFORMED'],
  ['no path', SENML_JSON, textHex('[{"n":"x"}]'), 'PATH_INVALID'],
  ['a path twice', SENML_JSON, textHex('[{"n":"/3"},{"n":"/3"}]'), 'CONTENT_MALFORMED'],
  ['a path and what it contains', SENML_JSON, textHex('[{"n":"/3/0/3"},{"n":"/3"}]'), 'CONTENT_MALFORMED'],
  ['64 KiB and a byte', SENML_JSON, '20'.repeat(65_537), 'CONTENT_TOO_LARGE'],
  ['plain text', CONTENT_FORMAT.TEXT, '2f33', 'CONTENT_UNSUPPORTED'],
])('refuses %s', (_, format, hex, code) => {
  expect(() => decodePathList(format, bytesOf(hex))).toThrow(expect.objectContaining({ code }));
});

it.each([
  ['no path', []],
  ['the root', ['/']],
  ['a path twice', ['/3', '/3']],
  ['a path and what it contains', ['/3', '/3/0/3']],
])('does not write %s', (_, paths) => {
  for (const format of [SENML_JSON, SENML_CBOR, LWM2M_CBOR])
    expect(() => encodePathList(format, paths)).toThrow(expect.objectContaining({ code: 'CONTENT_MALFORMED' }));
});

it.each([SENML_JSON, SENML_CBOR, LWM2M_CBOR])('format %d keeps the set of paths', (format) => {
  const resource = fc.tuple(fc.nat(3), fc.nat(3), fc.nat(65_534)).map((ids) => `/${ids.join('/')}`);
  fc.assert(
    fc.property(fc.uniqueArray(resource, { minLength: 1, maxLength: 20 }), (paths) => {
      expect(decodePathList(format, encodePathList(format, paths)).sort()).toEqual([...paths].sort());
    }),
  );
});

it.each([SENML_JSON, SENML_CBOR, LWM2M_CBOR])('format %d answers random bytes with paths or a code', (format) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      try {
        expect(decodePathList(format, bytes).length).toBeGreaterThan(0);
      } catch (error) {
        expect(error).toBeInstanceOf(Lwm2mError);
      }
    }),
    { numRuns: 1000 },
  );
});
