import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { CONTENT_VECTORS } from '../../../test/golden/lwm2m.ts';
import { CONTENT_FORMAT, decodeContent, encodeContent, formatPath, Lwm2mError, parseLink, parsePath, resourceModel } from './index.ts';
import type { ResourceValue, Value } from './index.ts';

const bytesOf = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'));
const textBytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text));
const outcomeOf = (action: () => unknown): string => {
  try {
    action();
    return 'values';
  } catch (error) {
    return error instanceof Lwm2mError ? error.code : `crash: ${String(error)}`;
  }
};

describe.each(CONTENT_VECTORS)('$name', ({ format, base, hex, values, whole, readOnly }) => {
  const bytes = bytesOf(hex);
  it('decodes', () => {
    expect(decodeContent(format, bytes, base).map(({ path, value }) => [path, value])).toEqual(values);
  });
  if (readOnly === undefined)
    it('encodes', () => {
      const list = values.map(([path, value]) => ({ path, value: value as Value }));
      expect(Buffer.from(encodeContent(format, list, base)).toString('hex')).toBe(hex);
    });
  it('refuses every prefix', () => {
    for (let length = 0; length < bytes.length; length++) {
      const outcome = outcomeOf(() => decodeContent(format, bytes.subarray(0, length), base));
      if (whole.includes(length)) expect(outcome).toBe('values');
      else expect(`${length} ${outcome}`).toMatch(/^\d+ (CONTENT|VALUE)_/);
    }
  });
});

it.each<[string, number, string, string, unknown]>([
  ['text Boolean', 0, '/5/0/14', textBytes('0').join(), false],
  ['text with C’s NUL', 0, '/3/0/3', [...textBytes('2.1.0'), 0].join(), '2.1.0'],
  ['text Opaque', 0, '/5/0/0', textBytes('AAEC').join(), Uint8Array.of(0, 1, 2)],
  ['text number beyond 2^53', 0, '/3/0/13', textBytes('9007199254740993').join(), 9007199254740993n],
  ['text by its old number', 1541, '/3/0/9', textBytes('95').join(), 95],
  ['opaque', 42, '/5/0/0', '0', Uint8Array.of(0)],
  ['TLV by its old number', 1542, '/3/0/9', bytesOf('c10964').join(), 100],
  ['TLV instance, wrapped though a resource was asked for', 11542, '/3/0/9', bytesOf('080003c10964').join(), 100],
  ['TLV Boolean as a character', 11542, '/1/0/6', bytesOf('c10630').join(), false],
  ['TLV Integer of 8 bytes', 11542, '/3/0/13', bytesOf('c80d080000000051824290').join(), 1367491216],
  ['TLV Integer of 8 bytes, large', 11542, '/3/0/13', bytesOf('c80d087fffffffffffffff').join(), 9223372036854775807n],
  ['TLV unknown resource', 11542, '/3/0/99', bytesOf('c1632a').join(), Uint8Array.of(42)],
  ['CBOR Time with tag 1', 60, '/3/0/13', bytesOf('c11a5182428f').join(), 1367491215],
  ['CBOR Boolean as a number', 60, '/5/0/14', '1', true],
  ['SenML JSON opaque with padding', 110, '/5/0/0', textBytes('[{"bn":"/5/0/0","vd":"AA=="}]').join(), Uint8Array.of(0)],
])('tolerates %s', (_, format, base, bytes, value) => {
  expect(decodeContent(format, Uint8Array.from(bytes.split(',').map(Number)), base)).toEqual([{ path: base, value }]);
});

it.each<[string, number, string, Uint8Array, string]>([
  ['LwM2M JSON', 11543, '/3/0', textBytes('{"e":[]}'), 'CONTENT_UNSUPPORTED'],
  ['LwM2M JSON by its old number', 1543, '/3/0', textBytes('{"e":[]}'), 'CONTENT_UNSUPPORTED'],
  ['plain JSON', 50, '/3/0', textBytes('{}'), 'CONTENT_UNSUPPORTED'],
  ['text for an instance', 0, '/3/0', textBytes('1'), 'CONTENT_MALFORMED'],
  ['text that is no number', 0, '/3/0/9', textBytes('full'), 'VALUE_INVALID'],
  ['text that is no UTF-8', 0, '/3/0/3', Uint8Array.of(255), 'VALUE_INVALID'],
  ['TLV Integer of 3 bytes', 11542, '/3/0/9', bytesOf('c309000064'), 'CONTENT_MALFORMED'],
  ['TLV of another resource', 11542, '/3/0/9', bytesOf('c10a64'), 'CONTENT_MALFORMED'],
  ['TLV of another instance', 11542, '/3/0', bytesOf('080103c10964'), 'CONTENT_MALFORMED'],
  ['TLV instance in an instance', 11542, '/3/0', bytesOf('0800050800020000'.slice(0, 16)), 'CONTENT_MALFORMED'],
  ['TLV identifier 65535', 11542, '/3/0', bytesOf('e1ffff00'), 'CONTENT_MALFORMED'],
  ['TLV with too many entries', 11542, '/3/0', new Uint8Array(2 * 2049).fill(0xc0), 'CONTENT_TOO_LARGE'],
  ['SenML outside of what was asked', 110, '/5/0', textBytes('[{"n":"/3/0/3","vs":"x"}]'), 'CONTENT_MALFORMED'],
  ['SenML without a value', 110, '/', textBytes('[{"n":"/3/0/3"}]'), 'CONTENT_MALFORMED'],
  ['SenML with an instance as name', 110, '/', textBytes('[{"n":"/3/0","v":1}]'), 'CONTENT_MALFORMED'],
  ['SenML with no path as name', 110, '/', textBytes('[{"n":"x","v":1}]'), 'PATH_INVALID'],
  ['SenML JSON that is an object', 110, '/', textBytes('{}'), 'CONTENT_MALFORMED'],
  ['SenML JSON nested deeply', 110, '/', textBytes('['.repeat(60_000)), 'CONTENT_MALFORMED'],
  ['SenML JSON of many records', 110, '/', textBytes(`[${'{},'.repeat(2048)}{}]`), 'CONTENT_TOO_LARGE'],
  ['CBOR nested deeply', 112, '/', new Uint8Array(60_000).fill(0x81), 'CONTENT_MALFORMED'],
  ['CBOR nested deeply, indefinite', 112, '/', new Uint8Array(60_000).fill(0x9f), 'CONTENT_MALFORMED'],
  ['CBOR array of 2^32 entries', 112, '/', bytesOf('9affffffff'), 'CONTENT_MALFORMED'],
  ['CBOR text of 2^40 bytes', 112, '/', bytesOf('7b0000010000000000'), 'CONTENT_MALFORMED'],
  ['CBOR with a key twice', 112, '/', bytesOf('81a3006672f332f302f3302010202'), 'CONTENT_MALFORMED'],
  ['CBOR regular expression', 60, '/3/0/3', bytesOf('d82363285b61'), 'CONTENT_MALFORMED'],
  ['CBOR not a number', 60, '/3/0/9', bytesOf('f97e00'), 'CONTENT_MALFORMED'],
  ['CBOR followed by more', 60, '/3/0/9', bytesOf('0000'), 'CONTENT_MALFORMED'],
  ['64 KiB and a byte', 42, '/5/0/0', new Uint8Array(65_537), 'CONTENT_TOO_LARGE'],
])('refuses %s', (_, format, base, bytes, code) => {
  expect(outcomeOf(() => decodeContent(format, bytes, base))).toBe(code);
});

it('reads times, relative and absolute', () => {
  const pack = '[{"bn":"/4/0/","bt":1367491215,"n":"2","v":-90},{"n":"2","t":-5,"v":-91}]';
  expect(decodeContent(110, textBytes(pack), '/4/0')).toEqual([
    { path: '/4/0/2', value: -90, time: 1367491215 },
    { path: '/4/0/2', value: -91, time: 1367491210 },
  ]);
  expect(decodeContent(110, textBytes('[{"n":"/4/0/2","t":-20,"v":1}]'), '/4/0')).toEqual([
    { path: '/4/0/2', value: 1, time: -20, timeIsRelative: true },
  ]);
});

it.each([CONTENT_FORMAT.TEXT, CONTENT_FORMAT.CBOR, CONTENT_FORMAT.SENML_JSON, CONTENT_FORMAT.SENML_CBOR, CONTENT_FORMAT.TLV])(
  'format %d takes random bytes, whole or broken, and answers with values or a code',
  (format) => {
    const base = fc.constantFrom('/', '/3', '/3/0', '/3/0/9', '/5/0/0', '/3/0/7/1');
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), base, (bytes, at) => {
        expect(outcomeOf(() => decodeContent(format, bytes, at))).toMatch(/^(values|[A-Z_]+)$/);
      }),
      { numRuns: 1000 },
    );
  },
);

it.each([CONTENT_FORMAT.SENML_JSON, CONTENT_FORMAT.SENML_CBOR, CONTENT_FORMAT.TLV])('format %d reads back what it writes', (format) => {
  const value = fc.record({
    '/3/0/0': fc.string().map((text) => text.replaceAll('\0', '')),
    '/3/0/9': fc.integer(),
    '/3/0/13': fc.maxSafeInteger(),
    '/3/0/7/300': fc.integer(),
    '/3/0/22/0': fc.record({ object: fc.nat(65_534), instance: fc.nat(65_534) }),
  });
  fc.assert(
    fc.property(value, (record) => {
      const values = Object.entries(record).map(([path, one]): ResourceValue => ({ path, value: one }));
      expect(decodeContent(format, encodeContent(format, values, '/3/0'), '/3/0')).toEqual(values);
    }),
  );
});

describe('paths', () => {
  it('parses and formats', () => {
    expect(parsePath('/3/0/7/1')).toEqual({ object: 3, instance: 0, resource: 7, resourceInstance: 1 });
    expect(formatPath(5, 0, 3)).toBe('/5/0/3');
  });
  it.each(['', '3/0', '/3/', '//', '/65535', '/5/0/3/0/0', '/a', '/-1', '/99999'])('refuses %j', (path) => {
    expect(outcomeOf(() => parsePath(path))).toBe('PATH_INVALID');
  });
});

it('knows what it reads', () => {
  expect(resourceModel(3, 7)).toEqual({ name: 'Power Source Voltage', type: 'Integer', unit: 'mV', multiple: true });
  expect(resourceModel(33_629, 0)).toBeUndefined();
  expect(parseLink('FFFF:FFFF')).toEqual(parseLink('65535:65535'));
  expect(parseLink('65535:0')).toBeUndefined();
});
