import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { formatLinks, Lwm2mError, ObjectLists, parseLinks, parseRegister, parseUpdate } from './index.ts';
import type { Registration, RegistrationRequest } from './index.ts';

const LINKS = '</>;rt="oma.lwm2m";ct="60 110 112 11542",</1/0>,</3/0>,</5>;ver=1.1,</5/0>,</33629>,</33629/0>';
const request = (query: string, payload: string = LINKS, contentFormat?: number): RegistrationRequest => ({
  query: query === '' ? [] : query.split('&'),
  payload: Buffer.from(payload),
  contentFormat,
});
const register = (query: string, payload?: string): Partial<Registration> => {
  const outcome = parseRegister(request(query, payload));
  if (outcome.type === 'refused') throw new TypeError(outcome.why);
  return outcome.registration;
};

it('reads a Register', () => {
  expect(register('ep=urn:imei:490154203237518&lt=300&lwm2m=1.1&b=U&Q&sms=491701234567')).toEqual({
    endpoint: 'urn:imei:490154203237518',
    lifetimeS: 300,
    lwm2mVersion: '1.1',
    binding: 'U',
    queueMode: true,
    sms: '491701234567',
    links: LINKS,
    rootPath: '/',
    contentFormats: [60, 110, 112, 11542],
    objects: [
      { object: 1, instances: [0], version: '1.1' },
      { object: 3, instances: [0], version: '1.1' },
      { object: 5, instances: [0], version: '1.1' },
      { object: 33629, instances: [0], version: '1.0' },
    ],
  });
});

it.each<[string, string, string | undefined, Partial<Registration>]>([
  ['no lifetime', 'ep=a&lwm2m=1.0', undefined, { lifetimeS: 86_400, lwm2mVersion: '1.0' }],
  ['no version', 'ep=a', undefined, { lwm2mVersion: '1.0' }],
  ['no binding', 'ep=a&lwm2m=1.1', undefined, { binding: 'U', queueMode: false }],
  ['Q in the binding, 1.0', 'ep=a&lwm2m=1.0&b=UQ', undefined, { binding: 'U', queueMode: true }],
  ['Q in the binding, 1.1', 'ep=a&lwm2m=1.1&b=UQS', undefined, { binding: 'US', queueMode: true }],
  ['another order, and quotes', 'lwm2m="1.2"&b="U"&ep=a&lt=60', undefined, { lwm2mVersion: '1.2', binding: 'U' }],
  ['a patch release', 'ep=a&lwm2m=1.1.1', undefined, { lwm2mVersion: '1.1' }],
  ['an unknown parameter', 'ep=a&lwm2m=1.1&vendor=x', undefined, { binding: 'U' }],
  ['an infinite lifetime', 'ep=a&lt=0', undefined, { lifetimeS: 4_294_967_295 }],
  ['a telephone number with +', 'ep=a&sms=+49170', undefined, { sms: '49170' }],
  [
    'no root link',
    'ep=a',
    '</1/1>,</3/0>',
    {
      contentFormats: [],
      objects: [
        { object: 1, instances: [1], version: '1.0' },
        { object: 3, instances: [0], version: '1.0' },
      ],
    },
  ],
  ['one content format without quotes', 'ep=a', '</>;ct=110,</3/0>', { contentFormats: [110] }],
  ['a quoted version', 'ep=a&lwm2m=1.1', '</5>;ver="1.1",</5/0>', { objects: [{ object: 5, instances: [0], version: '1.1' }] }],
  ['a version on the instance', 'ep=a&lwm2m=1.1', '</5/0>;ver=1.1', { objects: [{ object: 5, instances: [0], version: '1.1' }] }],
  ['the version that the enabler implies', 'ep=a&lwm2m=1.2', '</5/0>', { objects: [{ object: 5, instances: [0], version: '1.1' }] }],
  ['an object without instances', 'ep=a', '</10>', { objects: [{ object: 10, instances: [], version: '1.0' }] }],
  [
    'an alternate path',
    'ep=a',
    '</lwm2m>;rt="oma.lwm2m";ct=112,</lwm2m/3/0>',
    { rootPath: '/lwm2m', contentFormats: [112], objects: [{ object: 3, instances: [0], version: '1.0' }] },
  ],
  [
    'links that are no objects',
    'ep=a',
    '</3/0>,</3/0/1>,</config>,</65535/0>',
    { objects: [{ object: 3, instances: [0], version: '1.0' }] },
  ],
  [
    'white space and a comma at the end',
    'ep=a',
    ' </3/0> , </4/0>, ',
    {
      objects: [
        { object: 3, instances: [0], version: '1.0' },
        { object: 4, instances: [0], version: '1.0' },
      ],
    },
  ],
])('tolerates %s', (_, query, payload, expected) => {
  expect(register(query, payload)).toMatchObject(expected);
});

it.each<[string, string, string | undefined, string]>([
  ['no endpoint name', 'lwm2m=1.1', undefined, '4.00'],
  ['an empty endpoint name', 'ep=&lwm2m=1.1', undefined, '4.00'],
  ['two endpoint names', 'ep=a&ep=b', undefined, '4.00'],
  ['a line break in the name', 'ep=a\nb', undefined, '4.00'],
  ['a name of 256 bytes', `ep=${'a'.repeat(256)}`, undefined, '4.00'],
  ['version 1.3', 'ep=a&lwm2m=1.3', undefined, '4.12'],
  ['version 2.0', 'ep=a&lwm2m=2.0', undefined, '4.12'],
  ['a version that is none', 'ep=a&lwm2m=latest', undefined, '4.00'],
  ['a lifetime that is none', 'ep=a&lt=soon', undefined, '4.00'],
  ['a negative lifetime', 'ep=a&lt=-1', undefined, '4.00'],
  ['a lifetime of 2^32', 'ep=a&lt=4294967296', undefined, '4.00'],
  ['a binding that is none', 'ep=a&b=carrier-pigeon', undefined, '4.00'],
  ['no object list', 'ep=a', '', '4.00'],
  ['a profile we do not know', 'ep=a&lwm2m=1.2&pid=6:1234abcd', '', '4.09'],
  ['a payload that is no link list', 'ep=a', '{"objects":[3]}', '4.00'],
  ['an alternate path with a number', 'ep=a', '</lwm2m/5>;rt="oma.lwm2m",</lwm2m/5/3/0>', '4.00'],
])('refuses %s', (_, query, payload, code) => {
  expect(parseRegister(request(query, payload))).toMatchObject({ type: 'refused', code });
});

it('refuses an object list in another format', () => {
  expect(parseRegister(request('ep=a', LINKS, 0))).toMatchObject({ type: 'refused', code: '4.00' });
});

it('binds the name to the security identity', () => {
  expect(parseRegister(request('lwm2m=1.1'), { identity: 'psk-7' })).toMatchObject({ registration: { endpoint: 'psk-7' } });
  expect(parseRegister(request('ep=psk-8&lwm2m=1.1'), { identity: 'psk-7' })).toMatchObject({ type: 'refused', code: '4.00' });
});

describe('Update', () => {
  it.each<[string, string, object]>([
    ['', '', {}],
    ['lt=60', '', { lifetimeS: 60 }],
    ['b=UQ', '', { binding: 'U', queueMode: true }],
    ['b=U', '', { binding: 'U', queueMode: false }],
    ['Q', '', { queueMode: true }],
    ['', '</3/0>', { objects: [{ object: 3, instances: [0], version: '1.1' }], rootPath: '/', contentFormats: [] }],
  ])('%j %j', (query, payload, update) => {
    const links = payload === '' ? {} : { links: payload };
    expect(parseUpdate(request(query, payload), '1.1')).toEqual({ type: 'update', update: { ...update, ...links } });
  });
  it.each(['lt=x', 'b=?'])('refuses %s', (query) => {
    expect(parseUpdate(request(query, ''), '1.1')).toMatchObject({ type: 'refused', code: '4.00' });
  });
});

describe('link format', () => {
  it('keeps commas, semicolons and quotes in quoted values', () => {
    const text = '</a>;title="x, y; \\"z\\"";rt=t;obs,</b>';
    const links = parseLinks(text);
    expect(links.map(({ path, attributes }) => [path, Object.fromEntries(attributes)])).toEqual([
      ['/a', { title: 'x, y; "z"', rt: 't', obs: '' }],
      ['/b', {}],
    ]);
    expect(formatLinks(links)).toBe(text);
  });
  it.each(['a', '<', '</3/0', '</3/0>x', '</3/0>;', '</3/0>;ct="1', ',', '</1> </2>', '</>;=1'])('refuses %j', (text) => {
    expect(() => parseLinks(text)).toThrow(expect.objectContaining({ code: 'LINKS_MALFORMED' }));
  });
  it('refuses every prefix that cuts a link', () => {
    for (let length = 1; length < LINKS.length; length++) {
      const prefix = LINKS.slice(0, length);
      const isCut = prefix.lastIndexOf('<') > prefix.lastIndexOf('>') || prefix.split('"').length % 2 === 0 || prefix.endsWith(';');
      if (isCut) expect(() => parseLinks(prefix)).toThrow(Lwm2mError);
      else expect(parseLinks(prefix)).not.toHaveLength(0);
    }
  });
  it('is bounded in links and in time', () => {
    expect(() => parseLinks('</1>,'.repeat(2049))).toThrow(expect.objectContaining({ code: 'CONTENT_TOO_LARGE' }));
    const begin = process.hrtime.bigint();
    for (const hostile of [' '.repeat(65_000), `<${'/'.repeat(65_000)}`, `</>;a="${'\\\\'.repeat(32_000)}`, `</>;${'a'.repeat(65_000)}`]) {
      try {
        parseLinks(hostile);
      } catch {
        // Whatever it says, it says it soon.
      }
    }
    expect(Number(process.hrtime.bigint() - begin) / 1e6).toBeLessThan(1000);
  });
  it('takes any text', () => {
    const noise = fc.stringMatching(/^[<>;,="\\/ a1]{0,60}$/);
    fc.assert(
      fc.property(fc.oneof(fc.string(), noise), (text) => {
        const outcome = parseRegister(request('ep=a', text));
        if (outcome.type === 'refused') expect(outcome.code).toBe('4.00');
        else expect(outcome.registration.objects.length).toBeGreaterThan(0);
      }),
      { numRuns: 1000 },
    );
  });
});

it('object lists seen before are shared, for Register and Update, by version and bytes; the oldest goes first', () => {
  const lists = new ObjectLists();
  const one = parseRegister(request('ep=a&lwm2m=1.1', LINKS), { lists });
  const two = parseRegister(request('ep=b&lwm2m=1.1', LINKS), { lists });
  const objectsOf = (outcome: typeof one) => (outcome.type === 'registration' ? outcome.registration.objects : undefined);
  expect(objectsOf(one)).toBeDefined();
  expect(objectsOf(two)).toBe(objectsOf(one));
  const update = parseUpdate(request('', LINKS), '1.1', lists);
  expect(update.type === 'update' && update.update.objects).toBe(objectsOf(one));
  expect(objectsOf(parseRegister(request('ep=c&lwm2m=1.2', LINKS), { lists }))).not.toBe(objectsOf(one));
  for (let i = 0; i < 3000; i++) parseRegister(request('ep=d', `</3/${i}>`), { lists });
  expect(lists.size).toBe(1024);
  expect(parseRegister(request('ep=e', `</3/0>,${'</5/0>,'.repeat(900)}`), { lists }).type).toBe('registration');
  expect(lists.size).toBe(1024);
});
