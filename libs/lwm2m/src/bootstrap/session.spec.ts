import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { CONTENT_FORMAT, decodeContent } from '../content.ts';
import { idsOf } from '../paths.ts';
import type { ResourceValue, Value } from '../values.ts';
import type { BootstrapConfiguration, ServerAccount } from './account.ts';
import { beginBootstrap, bootstrapPack, nextBootstrap, type BootstrapAnswer, type BootstrapStep, type BootstrapTurn } from './session.ts';

const { TLV, SENML_CBOR, SENML_JSON, LWM2M_CBOR } = CONTENT_FORMAT;
const bytes = (...list: number[]): Uint8Array => Uint8Array.from(list);
const KEY = Uint8Array.from({ length: 16 }, (_, at) => 17 * at + 3);
const METERS: ServerAccount = {
  uri: 'coaps://meters.example:5684',
  shortServerId: 101,
  lifetimeS: 86_400,
  binding: 'U',
  security: { mode: 'PSK', identity: Buffer.from('urn:dev:ops:1-2-3'), key: KEY },
};
const OTHER: ServerAccount = {
  uri: 'coap://other.example',
  shortServerId: 102,
  lifetimeS: 3600,
  binding: 'UT',
  security: { mode: 'NoSec' },
  oscore: { masterSecret: KEY, senderId: bytes(1), recipientId: bytes(2), masterSalt: bytes(9) },
};
const TWO: BootstrapConfiguration = {
  accounts: [METERS, OTHER],
  access: [
    {
      object: 5,
      instance: 0,
      owner: 101,
      rights: [
        { server: 101, may: 7 },
        { server: 0, may: 1 },
      ],
    },
  ],
};

interface Habits {
  /** Where its bootstrap account is. */
  readonly bootstrapAt?: number;
  readonly discovers?: boolean;
  readonly formats?: readonly number[];
  /** Steps that it answers otherwise. */
  readonly answers?: Readonly<Record<string, string>>;
  /** Steps after which it is silent. */
  readonly diesAfter?: number;
  /** Old accounts and objects. */
  readonly holds?: readonly string[];
}

/** A device in a bootstrap session: it does what it is told, and keeps its own bootstrap account. */
class Client {
  readonly values = new Map<string, Value>();
  readonly steps: string[] = [];
  readonly #habits: Habits;

  constructor(habits: Habits) {
    this.#habits = habits;
    const { bootstrapAt = 0, holds = [] } = habits;
    this.values.set(`/0/${bootstrapAt}/0`, 'coaps://bootstrap.example');
    this.values.set(`/0/${bootstrapAt}/1`, true);
    for (const instance of holds) this.values.set(`${instance}/0`, 'old');
  }

  get instances(): string[] {
    return [...new Set([...this.values.keys()].map((path) => path.split('/').slice(0, 3).join('/')))];
  }

  take(step: BootstrapStep): BootstrapAnswer {
    const name = `${step.method} ${step.path}`;
    this.steps.push(name);
    const { answers = {}, diesAfter = Infinity } = this.#habits;
    if (this.steps.length > diesAfter) return { type: 'no-answer' };
    const code = answers[name] ?? this.#do(step);
    return { type: 'answer', code, payload: step.method === 'GET' ? this.#links() : bytes() };
  }

  #links(): Uint8Array {
    const { bootstrapAt = 0 } = this.#habits;
    const ofServer = (instance: string): string => (/^\/[01]\//.test(instance) && instance !== `/0/${bootstrapAt}` ? ';ssid=7' : '');
    return Buffer.from(['</>;lwm2m=1.1', ...this.instances.map((instance) => `<${instance}>${ofServer(instance)}`)].join(','));
  }

  #do({ method, path, contentFormat = -1, payload = bytes() }: BootstrapStep): string {
    const { bootstrapAt = 0, discovers = true, formats = [TLV] } = this.#habits;
    if (method === 'GET') return discovers ? '2.05' : '4.05';
    if (method === 'POST') return '2.04';
    if (method === 'PUT') {
      if (!formats.includes(contentFormat)) return '4.15';
      for (const { path: at, value } of decodeContent(contentFormat, payload, path)) this.values.set(at, value);
      return '2.04';
    }
    for (const at of this.values.keys()) if (at.startsWith(`${path}/`) && !at.startsWith(`/0/${bootstrapAt}/`)) this.values.delete(at);
    return '2.02';
  }
}

function run(configuration: BootstrapConfiguration, habits: Habits = {}, preferred?: number): { client: Client; end: BootstrapTurn } {
  const client = new Client(habits);
  let { session, turn } = beginBootstrap(configuration, preferred);
  while (turn.type === 'send') ({ session, turn } = nextBootstrap(session, client.take(turn.step)));
  return { client, end: turn };
}

const accountsIn = ({ values }: Client): string[] =>
  [...values]
    .filter(([path]) => /^\/0\/\d+\/0$/.test(path))
    .map(([, uri]) => String(uri))
    .sort();
const WANTED = ['coap://other.example', 'coaps://bootstrap.example', 'coaps://meters.example:5684'];

describe('a session', () => {
  it('empties what else it is told to, as far as the device has it, and goes on where that is refused', () => {
    const configuration = { ...TWO, deleteFirst: ['/9', '/19/0', '/4'] };
    const { client, end } = run(configuration, { holds: ['/9/0', '/19/0'], answers: { 'DELETE /9': '4.05' } });
    expect(end).toEqual({ type: 'finished' });
    expect(client.steps.filter((step) => step.startsWith('DELETE'))).toEqual(['DELETE /9', 'DELETE /19/0']);
    expect(client.instances).not.toContain('/19/0');
  });

  it('asks what is there, empties it, writes everything, and ends', () => {
    const { client, end } = run(TWO, { holds: ['/0/1', '/1/0', '/3/0'] });
    expect(end).toEqual({ type: 'finished' });
    expect(client.steps).toEqual([
      'GET /',
      'DELETE /0',
      'DELETE /1',
      'PUT /21/1',
      'PUT /0/1',
      'PUT /0/2',
      'PUT /1/0',
      'PUT /1/1',
      'PUT /2/0',
      'POST /bs',
    ]);
    expect(accountsIn(client)).toEqual(WANTED);
  });

  it.each<[string, Value | undefined]>([
    ['/0/1/1', false],
    ['/0/1/2', 0],
    ['/0/1/3', Buffer.from('urn:dev:ops:1-2-3')],
    ['/0/1/4', Buffer.alloc(0)],
    ['/0/1/5', Buffer.from(KEY)],
    ['/0/1/10', 101],
    ['/0/1/17', undefined],
    ['/0/2/2', 3],
    ['/0/2/17', { object: 21, instance: 1 }],
    ['/1/0/0', 101],
    ['/1/0/1', 86_400],
    ['/1/0/6', true],
    ['/1/1/7', 'UT'],
    ['/2/0/0', 5],
    ['/2/0/2/101', 7],
    ['/2/0/2/0', 1],
    ['/2/0/3', 101],
    ['/21/1/0', Buffer.from(KEY)],
    ['/21/1/5', Buffer.of(9)],
  ])('writes %s', (path, value) => {
    const found = run(TWO).client.values.get(path);
    expect(found instanceof Uint8Array ? Buffer.from(found) : found).toEqual(value);
  });

  it.each([0, 1, 2, 9])('leaves the bootstrap account alone, at /0/%d', (bootstrapAt) => {
    const { client } = run(TWO, { bootstrapAt });
    expect(client.values.get(`/0/${bootstrapAt}/0`)).toBe('coaps://bootstrap.example');
    expect(accountsIn(client)).toEqual(WANTED);
  });

  it('empties everything that is ours where the device does not tell what it holds', () => {
    const { client, end } = run({ ...TWO, accounts: [METERS] }, { discovers: false, holds: ['/0/1', '/1/4'] });
    expect(end.type).toBe('finished');
    expect(client.steps.slice(0, 5)).toEqual(['GET /', 'DELETE /0', 'DELETE /1', 'DELETE /2', 'DELETE /21']);
    expect(client.instances).not.toContain('/1/4');
  });

  it.each([TLV, SENML_CBOR, SENML_JSON, LWM2M_CBOR])('finds the one format that the device takes: %d', (format) => {
    const { client, end } = run(TWO, { formats: [format] });
    expect(end.type).toBe('finished');
    expect(accountsIn(client)).toEqual(WANTED);
  });

  it.each([
    ['that the device would rather have', undefined, SENML_CBOR, 1],
    ['that the configuration says, before that', LWM2M_CBOR, LWM2M_CBOR, 1],
    ['that the configuration says, and goes on where it is refused', LWM2M_CBOR, SENML_CBOR, 3],
  ])('begins with the format %s', (_what, contentFormat, taken, tries) => {
    const { client } = run({ ...TWO, contentFormat }, { formats: [taken] }, SENML_CBOR);
    expect(client.steps.filter((step) => step === 'PUT /21/1')).toHaveLength(tries);
  });

  it.each<[string, Habits, string, string]>([
    ['a device that refuses a write', { answers: { 'PUT /0/1': '4.00' } }, 'PUT /0/1', 'answered 4.00'],
    ['one that takes no format', { formats: [] }, 'PUT /21/1', 'answered 4.15'],
    ['one that keeps its old accounts', { holds: ['/0/1'], answers: { 'DELETE /0': '4.05' } }, 'DELETE /0', 'answered 4.05'],
    [
      'one that finds it inconsistent',
      { answers: { 'POST /bs': '4.06' } },
      'POST /bs',
      'the device finds its configuration inconsistent (4.06)',
    ],
    ['one that falls silent', { diesAfter: 4 }, 'PUT /1/0', 'no answer'],
    ['one that is silent from the start', { diesAfter: 0 }, 'GET /', 'no answer'],
  ])('fails with %s, and says where', (_who, habits, at, why) => {
    expect(run(TWO, habits).end).toEqual({ type: 'failed', at, why });
  });

  it('goes on where an object that need not be deleted is not there', () => {
    const answers = { 'DELETE /21': '4.05', 'DELETE /2': '4.04', 'DELETE /1': '4.04' };
    expect(run(TWO, { discovers: false, answers }).end.type).toBe('finished');
  });

  it('stays over', () => {
    const { session } = beginBootstrap(TWO);
    const ended = nextBootstrap(session, { type: 'no-answer' }).session;
    expect(nextBootstrap(ended, { type: 'answer', code: '2.04', payload: bytes() }).turn.type).toBe('failed');
  });
});

it('whatever a device answers, the session ends: finished with every account in the device, or failed with a place', () => {
  const code = fc.constantFrom('2.04', '2.02', '4.00', '4.04', '4.15', '5.00');
  const steps = ['GET /', 'DELETE /0', 'DELETE /1', 'DELETE /2', 'DELETE /21', 'PUT /21/1', 'PUT /0/1', 'PUT /0/2', 'PUT /1/0', 'POST /bs'];
  const habits: fc.Arbitrary<Habits> = fc.record({
    bootstrapAt: fc.nat({ max: 4 }),
    discovers: fc.boolean(),
    formats: fc.subarray([TLV, SENML_CBOR, SENML_JSON, LWM2M_CBOR]),
    answers: fc.dictionary(fc.constantFrom(...steps), code, { maxKeys: 1 }),
    diesAfter: fc.option(fc.nat({ max: 15 }), { nil: 99 }),
  });
  fc.assert(
    fc.property(habits, (habit) => {
      // An account that nobody knows of might be written over: what does not discover has its account at 0.
      const tells = habit.discovers === true && (habit.answers?.['GET /'] ?? '2.05') === '2.05';
      const bootstrapAt = tells ? (habit.bootstrapAt ?? 0) : 0;
      const { client, end } = run(TWO, { ...habit, bootstrapAt });
      expect(client.values.get(`/0/${bootstrapAt}/0`)).toBe('coaps://bootstrap.example');
      const isAnsweredFalsely = Object.entries(habit.answers ?? {}).some(([step, told]) => step.startsWith('PUT') && told.startsWith('2.'));
      if (end.type === 'finished' && !isAnsweredFalsely) expect(accountsIn(client)).toEqual(WANTED);
      if (end.type === 'failed') expect([end.at, end.why].every((text) => text.length > 0)).toBe(true);
      expect(client.steps.length).toBeLessThan(20);
    }),
  );
});

it.each([SENML_CBOR, SENML_JSON, LWM2M_CBOR])('a pack in format %d holds what a session would write', (format) => {
  const sorted = (values: Iterable<readonly [string, Value]>): unknown[] =>
    [...values]
      .map(([path, value]) => [path, value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value])
      .sort(([a], [b]) => (String(a) < String(b) ? -1 : 1));
  const packed = decodeContent(format, bootstrapPack(TWO, format), '/').map(({ path, value }: ResourceValue) => [path, value] as const);
  const written = [...run(TWO).client.values].filter(([path]) => idsOf(path)[0] !== 0 || idsOf(path)[1] !== 0);
  expect(sorted(packed)).toEqual(sorted(written));
});
