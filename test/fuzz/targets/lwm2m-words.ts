import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import {
  encodeArguments,
  encodeAttributes,
  formatLinks,
  formatPath,
  idsOf,
  isWithinRange,
  ObjectLists,
  parseArguments,
  parseAttributes,
  parseLinks,
  parseObjectXml,
  parsePath,
  parseRegister,
  parseUpdate,
  rangeOf,
  valueOfText,
} from '@drover/lwm2m';
import type { DataType, Link, NotificationAttributes, RegistrationRequest } from '@drover/lwm2m';
import { sampler } from '../generate.ts';
import { demand, textOf, utf8 } from '../target.ts';
import type { Target } from '../target.ts';

const GUIDE = ['/libs/lwm2m/dist/'];
const texts =
  (...list: string[]) =>
  (): Uint8Array[] =>
    list.map(utf8);

const LINK_TOKENS = [
  '</',
  '>,<',
  '>;',
  ';ver=1.1',
  ';ver="1.1"',
  ';rt="oma.lwm2m"',
  ';ct="60 110 112"',
  ';ct=110',
  ';pmin=10',
  '"',
  '\\"',
  ',',
  ' ',
  '</5/0>',
  '</lwm2m',
  '65534',
  '65535',
];
const REGISTER = '</>;rt="oma.lwm2m";ct="60 110 112 11542",</1/0>,</3/0>,</5>;ver=1.1,</5/0>,</33629>,</33629/0>';

/** Names of attributes are compared without their case, and white space at the ends of a bare value is none of it. */
const plain = (links: readonly Link[]): unknown => links.map(({ path, attributes }) => [path, [...attributes].sort()]);

const links: Target = {
  name: 'links',
  kind: 'decoder',
  maxBytes: 1200,
  guide: GUIDE,
  seeds: texts(REGISTER, '</5/0/3>;pmin=10;pmax=60,</5/0/5>', '</a>;x="a\\"b,;c"', '<>;a', ' </1> , '),
  tokens: LINK_TOKENS,
  run(input) {
    const found = parseLinks(textOf(input));
    const again = parseLinks(formatLinks(found));
    demand(
      isDeepStrictEqual(plain(again), plain(found)),
      () => `written and read again it is another list: ${formatLinks(found).slice(0, 200)}`,
    );
    return found;
  },
};

/** The query, one parameter to a line; an empty line; the object list. */
function requestOf(input: Uint8Array): RegistrationRequest {
  const end = Buffer.from(input.buffer, input.byteOffset, input.length).indexOf('\n\n');
  const query = textOf(end < 0 ? input : input.subarray(0, end)).split('\n');
  return { query: query.slice(0, 64), contentFormat: 40, payload: end < 0 ? new Uint8Array(0) : input.subarray(end + 2) };
}

/** Never throws, whatever it is; and a list that was seen before means what it meant. */
const registration: Target = {
  name: 'registration',
  kind: 'decoder',
  maxBytes: 1200,
  guide: GUIDE,
  seeds: texts(
    `ep=urn:imei:490154203237518\nlt=300\nlwm2m=1.1\nb=UQ\n\n${REGISTER}`,
    `ep=a\nlwm2m=1.2\nQ\nb=U\nsms=+123\npid=1\n\n</lwm2m>;rt="oma.lwm2m",</lwm2m/3/0>`,
    'lt=60\nb="UQS"',
    `ep=a\nlwm2m=1.0.2\n\n</3/0>`,
  ),
  tokens: [...LINK_TOKENS, 'ep=', '\nlt=', '\nlwm2m=1.', '\nb=', '\nQ', '\nsms=', '\npid=', '\n\n'],
  refusals: [],
  run(input) {
    const request = requestOf(input);
    const register = parseRegister(request);
    const lists = new ObjectLists();
    for (let time = 0; time < 2; time++)
      demand(isDeepStrictEqual(parseRegister(request, { lists }), register), 'with lists it is another registration');
    const update = parseUpdate(request, '1.1', lists);
    demand(isDeepStrictEqual(parseUpdate(request, '1.1'), update), 'with lists it is another Update');
    if (register.type !== 'registration') return [register, update];
    const { lifetimeS, objects, rootPath, endpoint } = register.registration;
    demand(Number.isInteger(lifetimeS) && lifetimeS > 0 && lifetimeS <= 0xffffffff, `a lifetime of ${lifetimeS} s`);
    demand(
      rootPath.startsWith('/') && objects.every(({ object, instances }) => [object, ...instances].every((id) => id >= 0 && id <= 65_534)),
      'an id out of range',
    );
    demand(endpoint !== '' && Buffer.byteLength(endpoint) <= 255 && !/\p{Cc}/u.test(endpoint), 'an endpoint name that forges lines');
    return [register, update];
  },
};

/** What a device reports can be asked of it, unless it contradicts itself. */
const attributes: Target = {
  name: 'attributes',
  kind: 'decoder',
  maxBytes: 300,
  guide: GUIDE,
  seeds: texts('</3/0/9>;pmin=10;pmax=60;gt=50.5;lt=-42.2;st=0.5', '</5/0/3>;epmin=1;epmax=2'),
  tokens: [
    ...LINK_TOKENS,
    ';pmax=',
    ';gt=',
    ';lt=',
    ';st=',
    ';epmin=',
    ';epmax=',
    '4294967295',
    '0.00000001',
    '99999999999999999999',
    '-0',
  ],
  run(input) {
    return parseLinks(textOf(input)).map((link) => {
      const read = parseAttributes(link);
      if (Object.keys(read.attributes).length === 0) return read;
      const parts = encodeAttributes('/3/0/9', read.attributes).map((part): [string, string] => [
        part.slice(0, part.indexOf('=')),
        part.slice(part.indexOf('=') + 1),
      ]);
      const again = parseAttributes({ attributes: new Map(parts) }).attributes;
      demand(
        sameAttributes(again, read.attributes),
        () => `sent they are others: ${JSON.stringify(read.attributes)} became ${JSON.stringify(again)}`,
      );
      return read;
    });
  },
};

/** -0 is 0. */
const sameAttributes = (a: NotificationAttributes, b: NotificationAttributes): boolean => {
  const names = new Set([...Object.keys(a), ...Object.keys(b)]) as Set<keyof NotificationAttributes>;
  return [...names].every((name) => a[name] === b[name]);
};

const executeArguments: Target = {
  name: 'execute-arguments',
  kind: 'decoder',
  maxBytes: 1100,
  guide: GUIDE,
  seeds: texts("5,2='10.3',7,0='https://www.oma.org',1", '0', "3=''", ''),
  tokens: ["='", "',", '0', '9', ','],
  run(input) {
    const text = textOf(input);
    const found = parseArguments(text);
    demand(encodeArguments(found) === text, 'written again it is another text');
    return found;
  },
};

const paths: Target = {
  name: 'paths',
  kind: 'decoder',
  maxBytes: 40,
  guide: GUIDE,
  seeds: texts('/', '/5', '/5/0/3', '/65534/65534/65534/65534'),
  tokens: ['/', '65534', '65535', '0'],
  run(input) {
    const text = textOf(input);
    const ids = idsOf(text);
    demand(isDeepStrictEqual(idsOf(formatPath(...ids)), ids), 'written and read again it is another path');
    demand(Object.values(parsePath(text)).filter((id) => id !== undefined).length === ids.length, 'parsePath and idsOf disagree');
    return ids;
  },
};

const XML = `<?xml version="1.0" encoding="UTF-8"?>
<LWM2M><Object ObjectType="MODefinition"><Name>Pump</Name><Description1><![CDATA[x]]></Description1><ObjectID>26241</ObjectID>
<ObjectURN>urn:oma:lwm2m:x:26241:1.1</ObjectURN><LWM2MVersion>1.1</LWM2MVersion><ObjectVersion>1.1</ObjectVersion>
<MultipleInstances>Multiple</MultipleInstances><Mandatory>Optional</Mandatory><Resources><Item ID="1"><Name>Flow</Name>
<Operations>RW</Operations><MultipleInstances>Single</MultipleInstances><Mandatory>Mandatory</Mandatory><Type>Float</Type>
<RangeEnumeration>0.1..99.5</RangeEnumeration><Units>m3/h</Units><Description>&lt;x&gt;</Description></Item></Resources></Object></LWM2M>`;

const word = fc.stringMatching(/^[A-Za-z0-9 ]{1,12}$/);
const item = fc
  .record({
    id: fc.nat(65_535),
    name: word,
    operations: fc.constantFrom('R', 'W', 'RW', 'E', '', 'X'),
    type: fc.constantFrom('String', 'integer', 'Unsigned Integer', 'Float', 'ObjLnk', 'None', ''),
    range: fc.constantFrom('', '0..5', '1,2', '3-4', '1..255 bytes'),
  })
  .map(
    ({ id, name, operations, type, range }) =>
      `<Item ID="${id}"><Name>${name}</Name><Operations>${operations}</Operations><MultipleInstances>Single</MultipleInstances><Mandatory>Optional</Mandatory><Type>${type}</Type><RangeEnumeration>${range}</RangeEnumeration></Item>`,
  );
const aModel = sampler(
  fc.record({ id: fc.nat(70_000), name: word, version: fc.constantFrom('', '1.0', '2.13', 'x'), items: fc.array(item, { maxLength: 6 }) }),
  ({ id, name, version, items }) =>
    utf8(
      `<LWM2M><Object><Name>${name}</Name><ObjectID>${id}</ObjectID><ObjectVersion>${version}</ObjectVersion><MultipleInstances>Multiple</MultipleInstances><Mandatory>Mandatory</Mandatory><Resources>${items.join('')}</Resources></Object></LWM2M>`,
    ),
);

const objectXml: Target = {
  name: 'object-xml',
  kind: 'decoder',
  maxBytes: 3000,
  guide: [...GUIDE, '/node_modules/saxes/'],
  generate: aModel,
  seeds: texts(XML, '<LWM2M/>', '<LWM2M><Object/></LWM2M>'),
  tokens: [
    '<!DOCTYPE x [',
    '<!ENTITY a "b">',
    ']>',
    '&a;',
    '&#0;',
    '&#x10ffff;',
    '<![CDATA[',
    ']]>',
    '<!--',
    '-->',
    '<?',
    '?>',
    '</',
    '/>',
    '<Item ID="',
    '"',
    'Single',
    'Multiple',
    '<a>',
    '1..5',
    '0,1,2',
  ],
  run(input, thorough) {
    const text = textOf(input);
    const models = parseObjectXml(text);
    for (const { id, name, resources } of models) {
      demand(id >= 0 && id <= 65_534 && name !== '', 'an object without a name, or an id out of range');
      demand(new Set(resources.map((resource) => resource.id)).size === resources.length, 'a resource comes twice');
    }
    if (thorough) demand(isDeepStrictEqual(parseObjectXml(text), models), 'decoded twice it is another model');
    return models;
  },
};

const TYPES: readonly DataType[] = ['String', 'Integer', 'Unsigned', 'Float', 'Boolean', 'Opaque', 'Time', 'Objlnk', 'Corelnk'];

/** What a person types for a resource, and the range its definition gives. The first byte is the type, a line feed is between them. */
const typedValues: Target = {
  name: 'typed-values',
  kind: 'decoder',
  maxBytes: 200,
  guide: GUIDE,
  seeds: texts(
    '\u0003' + '3.5\n0..99',
    '\u00011\n1,2,4',
    '\u0006' + '2026-01-01T00:00:00Z\n',
    '\u0004true\n',
    '\u000566ff\n',
    '\u000710:0\n',
    '\u0000a\n1..255',
  ),
  tokens: ['..', ',', '-', '0x', '1e308', '9007199254740993', '-9223372036854775808', '18446744073709551615', 'bytes', 'true', '0', '\n'],
  run(input) {
    const type = TYPES[(input[0] ?? 0) % TYPES.length]!;
    const [text = '', range = ''] = textOf(input.subarray(1)).split('\n');
    const allowed = rangeOf(range, type);
    const value = valueOfText(text, type);
    return [value, allowed && isWithinRange(value, allowed)];
  },
};

export const LWM2M_WORDS: readonly Target[] = [links, registration, attributes, executeArguments, paths, objectXml, typedValues];
