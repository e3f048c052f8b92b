import fc from 'fast-check';
import { CONTENT_FORMAT, decodeContent, decodePathList, encodeContent, encodePathList, idsOf } from '@drover/lwm2m';
import type { ResourceValue, Value } from '@drover/lwm2m';
import { CONTENT_VECTORS } from '../../golden/lwm2m.ts';
import { sampler } from '../generate.ts';
import { sameValues } from '../same-value.ts';
import { demand, fromHex, join, utf8 } from '../target.ts';
import type { Target } from '../target.ts';

const GUIDE = ['/libs/lwm2m/dist/'];
const CBOR_GUIDE = [...GUIDE, '/node_modules/cbor2/lib/'];

/** The first byte of an input says for which of these the rest was sent. */
const BASES = [
  '/',
  '/3',
  '/3/0',
  '/5/0',
  '/3/0/9',
  '/5/0/0',
  '/5/0/1',
  '/3/0/6',
  '/3/0/13',
  '/10/0',
  '/1',
  '/2',
  '/4/0/2',
  '/3/0/22/0',
  '/6/0/0',
  '/3/0/0',
  '/10/0/11/0',
  '/3/0/16',
  '/4/0/4',
  '/33333/1/2',
];

const forBase = (base: string, payload: Uint8Array): Uint8Array => join(Uint8Array.of(Math.max(0, BASES.indexOf(base))), payload);
const seedsOf = (format: number) => (): Uint8Array[] =>
  CONTENT_VECTORS.filter((vector) => vector.format === format).map(({ base, hex }) => forBase(base, fromHex(hex)));

const value: fc.Arbitrary<Value> = fc.oneof(
  fc.string({ maxLength: 12 }),
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }),
  fc.boolean(),
  fc.uint8Array({ maxLength: 12 }),
  fc.record({ object: fc.nat(65_534), instance: fc.nat(65_534) }),
);
const id = fc.oneof(fc.nat(24), fc.nat(65_534));
/** Zero, before now, and since 1970 are three ways to be read. */
const time = fc.oneof(fc.constant(0), fc.integer({ min: -100, max: 100 }), fc.integer({ min: 2 ** 28, max: 2 ** 31 }));
const resources = fc
  .record({
    base: fc.constantFrom(...BASES),
    more: fc.array(fc.record({ ids: fc.array(id, { minLength: 3, maxLength: 4 }), value, time }, { requiredKeys: ['ids', 'value'] }), {
      minLength: 1,
      maxLength: 6,
    }),
  })
  .map(({ base, more }) => ({ base, values: more.map(({ ids, ...one }) => ({ path: within(base, ids), ...one })) }));

function within(base: string, ids: readonly number[]): string {
  const above = idsOf(base);
  return `/${[...above, ...ids.slice(above.length)].join('/')}`;
}

/** What a format cannot say, and says so in its documentation: two values of one path, a resource both single and multiple. */
function isPlain(values: readonly ResourceValue[]): boolean {
  const paths = new Set(values.map(({ path }) => path));
  return (
    paths.size === values.length && values.every(({ path }) => idsOf(path).length === 3 || !paths.has(path.slice(0, path.lastIndexOf('/'))))
  );
}

function contentTarget(name: string, format: number, more: Partial<Target> = {}): Target {
  return {
    name,
    kind: 'decoder',
    maxBytes: 2000,
    guide: GUIDE,
    seeds: seedsOf(format),
    tokens: ['/3/0/9', '/5/0/', '65534', '65535', '65535:65535', '11:0', '-1', '1e400', '2.5e-324', '9007199254740993'],
    generate: sampler(resources, ({ base, values }) => forBase(base, encodeContent(format, values, base))),
    run(input, thorough) {
      const base = BASES[(input[0] ?? 0) % BASES.length]!;
      const payload = input.subarray(1);
      const values = decodeContent(format, payload, base);
      for (const { path } of values)
        demand(idsOf(path).length >= 3 && path === plainPath(path), `${path} is not how a resource is written`);
      if (thorough) demand(sameValues(decodeContent(format, payload, base), values), 'decoded twice it is something else');
      if (values.length === 0 || !isPlain(values)) return values;
      const again = decodeContent(format, encodeContent(format, values, base), base);
      demand(sameValues(again, values), () => `written and read again it is something else: ${show(values)} became ${show(again)}`);
      return values;
    },
    ...more,
  };
}

const show = (values: readonly ResourceValue[]): string =>
  JSON.stringify(values, (_, item: unknown) => (typeof item === 'bigint' ? `${item}n` : item)).slice(0, 200);

const JSON_TOKENS = [
  '[{',
  '"bn":',
  '"n":',
  '"v":',
  '"vs":',
  '"vb":',
  '"vd":',
  '"vlo":',
  '"bt":',
  '"t":',
  '"sv":',
  '"ov":',
  '"bv":',
  '"e":',
  'true',
  'null',
  '},{',
  '\\u0000',
  '\\ud800',
  '/3/0/',
  '/5/0/',
];
/** Heads of CBOR: SenML's keys, indefinite lengths, floats of three sizes, tags, and lengths that promise too much. */
const CBOR_TOKENS = [
  '20',
  '21',
  '22',
  '63766c6f',
  '9f',
  'bf',
  'ff',
  'f90000',
  'fa00000000',
  'fb0000000000000000',
  'c1',
  'c2',
  'd9d9f7',
  'f4',
  'f5',
  'f6',
  'f7',
  '1bffffffffffffffff',
  '3bffffffffffffffff',
  '5bffffffffffffffff',
  '7f',
  '5f',
  '9affffffff',
  'baffffffff',
  '830300',
  '8403',
  'a1',
  'f97e00',
  'f97c00',
].map(fromHex);

/** The names of a composite request, with nothing but names. */
function pathListTarget(name: string, format: number, more: Partial<Target> = {}): Target {
  const lists = ['/3/0', '/5/0/3 /5/0/5', '/1 /3/0/9 /65534/65534/65534/65534'].map((text) => text.split(' '));
  return {
    name,
    kind: 'decoder',
    maxBytes: 1000,
    guide: GUIDE,
    seeds: () => lists.map((list) => encodePathList(format, list)),
    generate: sampler(fc.array(fc.array(id, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 6 }), (list) =>
      encodePathList(
        format,
        list.map((ids) => `/${ids.join('/')}`),
      ),
    ),
    run(input) {
      const paths = decodePathList(format, input);
      for (const path of paths) demand(path === plainPath(path), `${path} is not how that path is written`);
      demand(new Set(paths).size === paths.length, 'a path comes twice');
      const again = decodePathList(format, encodePathList(format, paths));
      demand([...again].sort().join() === [...paths].sort().join(), 'written and read again they are other paths');
      return paths;
    },
    ...more,
  };
}

const plainPath = (path: string): string => `/${idsOf(path).join('/')}`;

export const LWM2M_CONTENT: readonly Target[] = [
  contentTarget('lwm2m-tlv', CONTENT_FORMAT.TLV),
  contentTarget('lwm2m-text', CONTENT_FORMAT.TEXT, {
    maxBytes: 400,
    seeds: () => [forBase('/3/0/13', utf8('1367491215')), forBase('/6/0/0', utf8('48.2')), forBase('/5/0/0', utf8('AA=='))],
  }),
  contentTarget('lwm2m-opaque', CONTENT_FORMAT.OPAQUE, {
    maxBytes: 200,
    generate: undefined,
    seeds: () => [forBase('/5/0/0', Uint8Array.of(0))],
  }),
  contentTarget('lwm2m-cbor-value', CONTENT_FORMAT.CBOR, {
    guide: CBOR_GUIDE,
    tokens: CBOR_TOKENS,
    seeds: () =>
      ['1864', 'fb3ff199999999999a', 'c11a4b3d2f10', '6161', '4100', 'f5', '1bffffffffffffffff'].map((hex, at) =>
        join(Uint8Array.of(at + 4), fromHex(hex)),
      ),
  }),
  contentTarget('senml-json', CONTENT_FORMAT.SENML_JSON, { tokens: JSON_TOKENS }),
  contentTarget('senml-cbor', CONTENT_FORMAT.SENML_CBOR, { guide: CBOR_GUIDE, tokens: CBOR_TOKENS }),
  contentTarget('lwm2m-json', CONTENT_FORMAT.LWM2M_JSON, { tokens: JSON_TOKENS }),
  contentTarget('lwm2m-cbor', CONTENT_FORMAT.LWM2M_CBOR, { guide: CBOR_GUIDE, tokens: CBOR_TOKENS }),
  pathListTarget('paths-senml-json', CONTENT_FORMAT.SENML_JSON, { tokens: JSON_TOKENS }),
  pathListTarget('paths-senml-cbor', CONTENT_FORMAT.SENML_CBOR, { guide: CBOR_GUIDE, tokens: CBOR_TOKENS }),
  pathListTarget('paths-lwm2m-cbor', CONTENT_FORMAT.LWM2M_CBOR, { guide: CBOR_GUIDE, tokens: CBOR_TOKENS }),
];
