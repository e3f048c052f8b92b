import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { CONTENT_VECTORS } from '../../../test/golden/lwm2m.ts';
import {
  CONTENT_FORMAT,
  decodeContent,
  encodeContent,
  formatPath,
  Lwm2mError,
  mayBeSent,
  parseLink,
  parsePath,
  resourceModel,
} from './index.ts';
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

/** {[3, 0, 7]: {0: 0, 1: 0, ...}} */
const manyValues = (count: number): Uint8Array => {
  const head = bytesOf(`a183030007b9${count.toString(16).padStart(4, '0')}`);
  return Uint8Array.of(...head, ...Array.from({ length: count }, (_, id) => [0x19, id >> 8, id & 255, 0]).flat());
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
  ['LwM2M JSON by its old number', 1543, '/3/0/9', textBytes('{"e":[{"n":"","v":95}]}').join(), 95],
  ['LwM2M JSON opaque', 11543, '/5/0/0', textBytes('{"bn":"/5/0/","e":[{"n":"0","sv":"AA=="}]}').join(), Uint8Array.of(0)],
  ['LwM2M CBOR Time with tag 1', 11544, '/3/0/13', bytesOf('a18303000dc11a5182428f').join(), 1367491215],
  ['LwM2M CBOR of indefinite length', 11544, '/3/0/9', bytesOf('bf9f0300ffbf091864ffff').join(), 100],
  ['SenML JSON opaque with padding', 110, '/5/0/0', textBytes('[{"bn":"/5/0/0","vd":"AA=="}]').join(), Uint8Array.of(0)],
])('tolerates %s', (_, format, base, bytes, value) => {
  expect(decodeContent(format, Uint8Array.from(bytes.split(',').map(Number)), base)).toEqual([{ path: base, value }]);
});

it.each<[string, number, string, Uint8Array, string]>([
  ['link format', 40, '/3/0', textBytes('</3/0>'), 'CONTENT_UNSUPPORTED'],
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
  ['LwM2M CBOR that is an array', 11544, '/', bytesOf('80'), 'CONTENT_MALFORMED'],
  ['LwM2M CBOR of an instance with a value', 11544, '/', bytesOf('a182030001'), 'CONTENT_MALFORMED'],
  ['LwM2M CBOR outside of what was asked', 11544, '/5/0', bytesOf('a18303000901'), 'CONTENT_MALFORMED'],
  ['LwM2M CBOR of five ids', 11544, '/', bytesOf('a185030006000001'), 'CONTENT_MALFORMED'],
  ['LwM2M CBOR of five maps', 11544, '/', bytesOf('a103a100a106a100a10001'), 'CONTENT_MALFORMED'],
  ['LwM2M CBOR with one path twice, written differently', 11544, '/', bytesOf('a2830300090103a100a10902'), 'CONTENT_MALFORMED'],
  ['LwM2M CBOR with an empty key', 11544, '/', bytesOf('a18001'), 'CONTENT_MALFORMED'],
  ['LwM2M CBOR with a text as key', 11544, '/', bytesOf('a1613301'), 'CONTENT_MALFORMED'],
  ['LwM2M CBOR with the reserved id', 11544, '/', bytesOf('a18319ffff000901'), 'CONTENT_MALFORMED'],
  ['LwM2M CBOR without a value', 11544, '/', bytesOf('a183030009f6'), 'CONTENT_MALFORMED'],
  ['LwM2M CBOR of the wrong type', 11544, '/', bytesOf('a1830300096161'), 'VALUE_INVALID'],
  ['LwM2M CBOR nested deeply', 11544, '/', bytesOf('a103'.repeat(20_000)), 'CONTENT_MALFORMED'],
  ['LwM2M CBOR of many values', 11544, '/', manyValues(2049), 'CONTENT_TOO_LARGE'],
  ['LwM2M JSON that is an array', 11543, '/', textBytes('[]'), 'CONTENT_MALFORMED'],
  ['LwM2M JSON without entries', 11543, '/', textBytes('{"bn":"/3/0/"}'), 'CONTENT_MALFORMED'],
  ['LwM2M JSON with a number as entry', 11543, '/', textBytes('{"e":[1]}'), 'CONTENT_MALFORMED'],
  ['LwM2M JSON outside of what was asked', 11543, '/5/0', textBytes('{"bn":"/3/0/","e":[{"n":"9","v":1}]}'), 'CONTENT_MALFORMED'],
  ['LwM2M JSON without a value', 11543, '/3/0', textBytes('{"e":[{"n":"9"}]}'), 'CONTENT_MALFORMED'],
  ['LwM2M JSON with a text for a number', 11543, '/3/0', textBytes('{"e":[{"n":"9","sv":"full"}]}'), 'VALUE_INVALID'],
  ['LwM2M JSON with a link that is none', 11543, '/3/0', textBytes('{"e":[{"n":"22/0","ov":"x"}]}'), 'CONTENT_MALFORMED'],
  ['LwM2M JSON with no path as name', 11543, '/3/0', textBytes('{"e":[{"n":"x","v":1}]}'), 'PATH_INVALID'],
  ['LwM2M JSON of many entries', 11543, '/', textBytes(`{"e":[${'{},'.repeat(2048)}{}]}`), 'CONTENT_TOO_LARGE'],
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

it('reads the times of LwM2M JSON: after 1970, or before now', () => {
  const read = (text: string): unknown[] =>
    decodeContent(11543, textBytes(text), '/4/0').map(({ time, timeIsRelative }) => [time, timeIsRelative]);
  expect(read('{"bn":"/4/0/","e":[{"n":"2","v":1,"t":-5},{"n":"2","v":1}],"bt":25462634}')).toEqual([
    [25462629, undefined],
    [25462634, undefined],
  ]);
  expect(read('{"e":[{"n":"2","v":1,"t":-20},{"n":"2","v":1}]}')).toEqual([
    [-20, true],
    [undefined, undefined],
  ]);
});

it.each([
  [CONTENT_FORMAT.LWM2M_JSON, '1.0', [], true],
  [CONTENT_FORMAT.LWM2M_JSON, '1.1', [11_543], false],
  [CONTENT_FORMAT.SENML_CBOR, '1.0', [], false],
  [CONTENT_FORMAT.LWM2M_CBOR, '1.1', [], false],
  [CONTENT_FORMAT.LWM2M_CBOR, '1.1', [11_544], true],
  [CONTENT_FORMAT.LWM2M_CBOR, '1.2', [], true],
  [CONTENT_FORMAT.TLV, '1.0', [], true],
] as const)('format %d to a %s device that announces %j: %s', (format, version, announced, may) => {
  expect(mayBeSent(format, { version, announced })).toBe(may);
});

it.each([
  ['outside of its base', '/5/0', [['/3/0/9', 1]]],
  ['that is no resource', '/', [['/3/0', 1]]],
  [
    'that comes twice',
    '/',
    [
      ['/3/0/9', 1],
      ['/3/0/9', 2],
    ],
  ],
  [
    'below another one',
    '/',
    [
      ['/3/0/7', 1],
      ['/3/0/7/0', 2],
    ],
  ],
  [
    'above another one',
    '/',
    [
      ['/3/0/7/0', 2],
      ['/3/0/7', 1],
    ],
  ],
] as const)('LwM2M CBOR does not write a value %s', (_, base, values) => {
  expect(
    outcomeOf(() =>
      encodeContent(
        11544,
        values.map(([path, value]) => ({ path, value })),
        base,
      ),
    ),
  ).toBe('CONTENT_MALFORMED');
});

const STRUCTURED = [
  CONTENT_FORMAT.SENML_JSON,
  CONTENT_FORMAT.SENML_CBOR,
  CONTENT_FORMAT.TLV,
  CONTENT_FORMAT.LWM2M_JSON,
  CONTENT_FORMAT.LWM2M_CBOR,
] as const;

it.each([CONTENT_FORMAT.TEXT, CONTENT_FORMAT.CBOR, ...STRUCTURED])(
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

it.each(STRUCTURED)('format %d reads back what it writes', (format) => {
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
  expect(resourceModel(3, 7)).toMatchObject({ name: 'Power Source Voltage', type: 'Integer', unit: 'mV', multiple: true });
  expect(resourceModel(26_241, 0)).toBeUndefined();
  expect(parseLink('FFFF:FFFF')).toEqual(parseLink('65535:65535'));
  expect(parseLink('65535:0')).toBeUndefined();
});
