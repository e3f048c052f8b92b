import { describe, expect, it } from '@jest/globals';
import { CODE, codeText, type CoapOptions, type IncomingRequest, type Method } from '@drover/coap';
import { Endpoint, Instant, plus } from '@drover/kernel';
import { SeededEntropy } from '@drover/testkit';
import { contactMessage, RegistrationHandler, type Handled, type Takeover } from './registration-handler.ts';
import { Registry, type RegistryLimits } from './registry.ts';

const LINKS = '</>;rt="oma.lwm2m";ct=112,</1/0>,</3/0>,</5>;ver=1.1,</5/0>';
const HOME = '192.0.2.1:5683';
const ELSEWHERE = '203.0.113.9:40001';

class Bench {
  clock = Instant(1_000_000);
  now = 0;
  readonly registry: Registry;
  readonly handler: RegistrationHandler;

  constructor(takeover: Takeover = 'accept', limits: Partial<RegistryLimits> = {}) {
    this.registry = new Registry(this.clock, limits);
    this.handler = new RegistrationHandler(this.registry, new SeededEntropy(), { takeover });
  }

  ask(
    method: Method,
    path: readonly string[],
    more: { peer?: string; query?: string; payload?: string; options?: Partial<CoapOptions> } = {},
  ): Handled {
    const { peer = HOME, query = '', payload = '', options = {} } = more;
    const request: IncomingRequest = {
      method,
      confirmable: true,
      options: { uriPath: path, uriQuery: query === '' ? [] : query.split('&'), locationPath: [], ...options },
      payload: Buffer.from(payload),
    };
    return this.handler.handle(peer, request, { now: this.now, clock: this.clock });
  }

  register(ep = 'meter-1', peer = HOME, payload = LINKS): Handled {
    return this.ask('POST', ['rd'], { peer, query: `ep=${ep}&lt=300&lwm2m=1.1&b=U`, payload });
  }
}

const codeOf = ({ response }: Handled): string => codeText(response.code);
const locationOf = ({ response }: Handled): readonly string[] => response.options?.locationPath ?? [];
const METER = Endpoint('meter-1');

describe('the registration interface', () => {
  it.each<[string, (bench: Bench, location: readonly string[]) => Handled, string]>([
    ['Update', (bench, location) => bench.ask('POST', location), '2.04'],
    ['Update by PUT, as some stacks do', (bench, location) => bench.ask('PUT', location), '2.04'],
    ['Update with an empty path segment behind', (bench, location) => bench.ask('POST', [...location, '']), '2.04'],
    ['Update at a location nobody has', (bench) => bench.ask('POST', ['rd', 'gone']), '4.04'],
    ['Update with a malformed lifetime', (bench, location) => bench.ask('POST', location, { query: 'lt=soon' }), '4.00'],
    ['Update with a broken object list', (bench, location) => bench.ask('POST', location, { payload: '<<' }), '4.00'],
    ['Deregister', (bench, location) => bench.ask('DELETE', location), '2.02'],
    ['GET of a location', (bench, location) => bench.ask('GET', location), '4.05'],
    ['GET of /rd', (bench) => bench.ask('GET', ['rd']), '4.05'],
    ['a deeper path', (bench, location) => bench.ask('POST', [...location, 'more']), '4.04'],
    ['another root', (bench) => bench.ask('POST', ['rds']), '4.04'],
    ['an unsupported version', (bench) => bench.ask('POST', ['rd'], { query: 'ep=a&lwm2m=2.0', payload: LINKS }), '4.12'],
  ])('%s', (_name, ask, expected) => {
    const bench = new Bench();
    const location = locationOf(bench.register());
    expect(codeOf(ask(bench, location))).toBe(expected);
  });

  it('gives a location of two segments, short, and another for each Register', () => {
    const bench = new Bench();
    const [first, second] = [locationOf(bench.register()), locationOf(bench.register())];
    expect(first).toEqual(['rd', expect.stringMatching(/^[\w-]{8}$/)]);
    expect(second[1]).not.toBe(first[1]);
    expect(codeOf(bench.ask('POST', first))).toBe('4.04');
    expect(codeOf(bench.ask('POST', second))).toBe('2.04');
  });

  it.each(['register', 'update'])('takes a large object list by Block1: %s', (kind) => {
    const bench = new Bench();
    const location = kind === 'update' ? locationOf(bench.register()) : ['rd'];
    const list = `${LINKS},${Array.from({ length: 40 }, (_, i) => `</19/${i}>`).join()}`;
    const codes: string[] = [];
    for (let at = 0, num = 0; at < list.length; at += 64, num++) {
      const block1 = { num, more: at + 64 < list.length, szx: 2 };
      codes.push(
        codeOf(
          bench.ask('POST', location, {
            query: kind === 'update' ? '' : 'ep=meter-1',
            payload: list.slice(at, at + 64),
            options: { block1 },
          }),
        ),
      );
    }
    expect(new Set(codes.slice(0, -1))).toEqual(new Set(['2.31']));
    expect(codes.at(-1)).toBe(kind === 'update' ? '2.04' : '2.01');
    expect(bench.registry.of(METER, bench.clock)?.objects.find(({ object }) => object === 19)?.instances).toHaveLength(40);
  });

  it('lets a device update from a new address by its location, which nobody else knows', () => {
    const bench = new Bench();
    const location = locationOf(bench.register());
    expect(codeOf(bench.ask('POST', location, { peer: ELSEWHERE }))).toBe('2.04');
    expect(bench.registry.of(METER, bench.clock)?.peer).toBe(ELSEWHERE);
    expect(bench.registry.endpointsAt(HOME)).toEqual([]);
    expect(bench.registry.isConfirmed(METER)).toBe(false);
  });

  it('comes back after a restart with what the engine kept', () => {
    const [before, after] = [new Bench(), new Bench()];
    const { contact } = before.register();
    const message = contactMessage(contact!, before.clock);
    if (message.type !== 'contact' || !message.registration) throw new Error('no registration was told');
    after.handler.restore(structuredClone(message.registration));
    expect(after.registry.of(METER, after.clock)).toEqual(before.registry.of(METER, before.clock));
    expect(codeOf(after.ask('POST', ['rd', message.registration.location]))).toBe('2.04');
  });
});

describe('a Register for an endpoint that is alive elsewhere', () => {
  it('replaces it, by default, and says so', () => {
    const bench = new Bench();
    const old = locationOf(bench.register());
    const taken = bench.register('meter-1', ELSEWHERE);
    expect([codeOf(taken), taken.contact?.replaced]).toEqual(['2.01', HOME]);
    expect(codeOf(bench.ask('POST', old))).toBe('4.04');
  });

  it('is no replacement from the same address, or after the old one lapsed', () => {
    const bench = new Bench();
    bench.register();
    expect(bench.register().contact?.replaced).toBeUndefined();
    bench.clock = plus(bench.clock, 394_000);
    expect(bench.register('meter-1', ELSEWHERE).contact?.replaced).toBeUndefined();
  });

  it('is refused under refuse-while-alive, until the old one has lapsed', () => {
    const bench = new Bench('refuse-while-alive');
    const old = locationOf(bench.register());
    expect(codeOf(bench.register('meter-1', ELSEWHERE))).toBe('4.03');
    expect(codeOf(bench.register())).toBe('2.01');
    expect(codeOf(bench.ask('POST', old))).toBe('4.04');
    bench.clock = plus(bench.clock, 394_000);
    expect(codeOf(bench.register('meter-1', ELSEWHERE))).toBe('2.01');
  });
});

describe('limits', () => {
  it.each<[string, Partial<RegistryLimits>, (i: number) => [string, string, string], number]>([
    ['registrations in all', { registrations: 10 }, (i) => [`m${i}`, `192.0.2.${i}:1`, LINKS], 10],
    ['registrations at one address', { perAddress: 5 }, (i) => [`m${i}`, HOME, LINKS], 5],
    ['bytes of different object lists', { listBytes: 200 }, (i) => [`m${i}`, `192.0.2.${i}:1`, `${LINKS},</19/${i}>`], 2],
  ])('%s: 5.03 with Max-Age past it, and whoever is in stays in', (_name, limits, device, fits) => {
    const bench = new Bench('accept', limits);
    const codes = Array.from({ length: 12 }, (_, i) => codeOf(bench.register(...device(i))));
    expect(codes.filter((code) => code === '2.01')).toHaveLength(fits);
    expect(bench.registry.size).toBe(fits);
    const late = bench.register(...device(99));
    expect(late.response).toMatchObject({ code: CODE.SERVICE_UNAVAILABLE, options: { maxAge: 300 } });
    expect(codeOf(bench.register(...device(0)))).toBe('2.01');
  });

  it('a host that makes up endpoints is slowed down; known ones and other hosts are not', () => {
    const bench = new Bench();
    for (let i = 0; i < 20_000; i++) bench.register(`m${i}`, `203.0.113.1:${i}`);
    expect(codeOf(bench.register('one-more', '203.0.113.1:1'))).toBe('5.03');
    expect(codeOf(bench.register('m7', '203.0.113.1:7'))).toBe('2.01');
    expect(codeOf(bench.register('other', '192.0.2.1:1'))).toBe('2.01');
    bench.now = 1000;
    expect(codeOf(bench.register('one-more', '203.0.113.1:1'))).toBe('2.01');
  });

  it('a list that all share is counted once', () => {
    const bench = new Bench('accept', { listBytes: LINKS.length });
    for (let i = 0; i < 50; i++) expect(codeOf(bench.register(`m${i}`, `192.0.2.1:${i}`))).toBe('2.01');
    for (let i = 0; i < 50; i++) bench.registry.remove(Endpoint(`m${i}`));
    expect(codeOf(bench.register('new', HOME, `${LINKS},</19/1>`))).toBe('5.03');
    expect(codeOf(bench.register('new', HOME, '</3/0>'))).toBe('2.01');
  });
});

it('registrations lapse after lifetime and grace, are told once, and leave nothing behind', () => {
  const bench = new Bench();
  const location = locationOf(bench.register());
  bench.register('meter-2', ELSEWHERE);
  const lapsed: string[] = [];
  const sweep = (afterMs: number) =>
    bench.registry.expire((bench.clock = plus(bench.clock, afterMs)), ({ endpoint }) => lapsed.push(endpoint));
  sweep(290_000);
  expect(codeOf(bench.ask('POST', location))).toBe('2.04');
  sweep(200_000);
  expect(lapsed).toEqual(['meter-2']);
  sweep(1_000_000);
  expect(lapsed).toEqual(['meter-2', 'meter-1']);
  expect([bench.registry.size, bench.registry.endpointsAt(HOME), bench.registry.endpointsAt(ELSEWHERE)]).toEqual([0, [], []]);
  expect(codeOf(bench.ask('POST', location))).toBe('4.04');
});
