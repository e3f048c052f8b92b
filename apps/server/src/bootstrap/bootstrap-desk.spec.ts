import { randomBytes } from 'node:crypto';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { LocalKeyService, oscoreIdentity, revoked, unpackMaterial, type Credential } from '@drover/credentials';
import { DEFAULT_NAMESPACE, Endpoint, must } from '@drover/kernel';
import { digestOf, readDocument } from '@drover/campaign';
import { SystemEntropy } from '@drover/platform';
import { aDeviceRecord, aRegistration } from '@drover/testkit';
import { ANN, TestEngine } from '../../../../test/support/engine.ts';
import { KeyShelf } from '../keys/key-shelf.ts';
import type { BootstrapCommand } from '../link/bootstrap.ts';
import { BootstrapDesk } from './bootstrap-desk.ts';
import { BootstrapWishes } from './bootstrap-wishes.ts';
import { BOOTSTRAP_ACTOR, KEYS_PER_DAY, TAKEN_BACK } from './key-plan.ts';

const D = Endpoint('d');
const OSCORE = { uri: 'coap://drover.example', shortServerId: 101, security: { mode: 'OSCORE' } };
const PSK = { uri: 'coaps://drover.example', shortServerId: 101, security: { mode: 'PSK' } };
let test: TestEngine;
let keys: KeyShelf;
let desk: BootstrapDesk;
let wishes: BootstrapWishes;
let asked = 0;

beforeEach(async () => {
  test = new TestEngine();
  keys = new KeyShelf(new LocalKeyService(randomBytes(32), new SystemEntropy()), new SystemEntropy());
  await keys.makeMissing();
  desk = new BootstrapDesk(test.engine, keys, new SystemEntropy());
  wishes = new BootstrapWishes(test.engine);
  template({});
});

function template(spec: object, name = 'all'): void {
  const source = {
    apiVersion: 'drover/v1',
    kind: 'BootstrapTemplate',
    metadata: { name },
    spec: { match: { endpoint: ['*'] }, accounts: [PSK], ...spec },
  };
  expect(readDocument(source).faults).toEqual([]);
  const common = { namespace: DEFAULT_NAMESPACE, kind: 'BootstrapTemplate', name, generation: 3, digest: digestOf(source) } as const;
  test.state.putDocument({ ...common, source, appliedAt: test.clock.now(), appliedBy: 'ann' });
}

function aCredential(change: Partial<Credential> = {}): Credential {
  const own = { namespace: DEFAULT_NAMESPACE, endpoint: D, kind: 'psk', identity: 'own', ...change } as const;
  const secret = keys.ring.seal(randomBytes(16), own);
  const credential: Credential = { ...own, secret, state: 'active', createdAt: test.clock.now(), createdBy: 'ann', ...change };
  test.state.credentials.put(credential);
  return credential;
}

const factory = (): Credential => aCredential({ identity: 'factory', use: 'bootstrap' });
const own = (): string[] =>
  test.state.credentials.of(D).map(({ identity, state }) => `${identity.length > 9 ? 'made' : identity} ${state}`);
const answers = (): BootstrapCommand[] =>
  test.link.sent.filter((message): message is BootstrapCommand => message.type.startsWith('bootstrap-'));

/** Answers what the gateway is told. */
async function ask(by?: Credential): Promise<BootstrapCommand> {
  const identity = by && { by: { kind: by.kind, identity: by.identity } };
  await desk.on({ type: 'bootstrap-asked', id: ++asked, at: test.clock.now(), endpoint: D, via: 'session', ...identity });
  return must(answers().at(-1), 'an answer');
}
const codeOf = (command: BootstrapCommand): string => (command.type === 'bootstrap-deny' ? command.code : 'given');
const identityOf = (command: BootstrapCommand): string => {
  const security = command.type === 'bootstrap-give' ? command.order.accounts[0]?.security : undefined;
  return security !== undefined && 'credential' in security ? security.credential.identity : 'none';
};

describe('what a device is given', () => {
  it('is on the disk and audited, and was told to the gateway, before the order leaves', async () => {
    test.writer.hold();
    const done = ask(factory());
    await new Promise((resolve) => setImmediate(resolve));
    expect(test.link.types).toEqual([]);
    test.writer.release();
    await done;
    expect(test.link.types).toEqual(['credentials', 'bootstrap-give']);
    expect(test.writer.audited).toEqual(['credential-rotation-begun', 'bootstrap-begun']);
    expect(own()).toEqual(['factory active', 'made next']);
    expect(test.state.bootstraps.get(D)).toMatchObject({ state: 'writing', template: { name: 'all', generation: 3 }, by: 'factory' });
  });

  it('a disk that fails gives nothing', async () => {
    test.writer.fails = new TypeError('full');
    await expect(ask(factory())).rejects.toThrow('full');
    expect(answers()).toEqual([]);
  });

  it('is the same key until the device has shown it, and another one after that', async () => {
    const by = factory();
    const first = await ask(by);
    expect(identityOf(await ask(by))).toBe(identityOf(first));
    const made = must(test.state.credentials.with('psk', identityOf(first)), 'the key');
    test.state.credentials.put({ ...made, state: 'active' });
    expect(identityOf(await ask(by))).not.toBe(identityOf(first));
  });

  it('is the key that a person rotates to, where there is one', async () => {
    aCredential();
    aCredential({ identity: 'next', state: 'next' });
    expect(identityOf(await ask(factory()))).toBe('next');
    expect(own()).toEqual(['own active', 'next next', 'factory active']);
  });

  it('another kind of key takes the place of one that was made, and not of one that a person wants', async () => {
    const by = factory();
    await ask(by);
    template({ accounts: [{ ...PSK, security: { mode: 'RPK' } }] });
    expect(codeOf(await ask(by))).toBe('given');
    expect(own()).toEqual(['factory active', 'made revoked', 'made next']);
  });

  describe('with a certificate', () => {
    const made = (by: BootstrapCommand, issuer = 'CN=ca'): Promise<void> =>
      desk.on({
        type: 'certificate-made',
        id: asked,
        at: test.clock.now(),
        endpoint: D,
        credential: { kind: 'x509', identity: identityOf(by) },
        certificate: { serial: '4A', fingerprint: '00ff', pin: 'sha256:a', issuer, until: '2027-12-01T00:00:00.000Z' },
      });
    beforeEach(() => template({ accounts: [{ ...PSK, security: { mode: 'X509' } }] }));

    it('it is a key that is pinned, and is written when it is on the disk who certified it', async () => {
      const given = await ask(factory());
      const key = must(test.state.credentials.with('x509', identityOf(given)), 'its credential');
      expect(key).toMatchObject({ state: 'next', pin: expect.stringMatching(/^sha256:/), secret: expect.anything() });
      expect(key).not.toHaveProperty('issuer');
      await made(given);
      expect(test.state.credentials.with('x509', identityOf(given))).toMatchObject({ issuer: 'CN=ca', pin: key.pin });
      expect(test.link.types).toEqual(['credentials', 'bootstrap-give', 'credentials', 'bootstrap-write']);
      expect(test.writer.audited.at(-1)).toBe('certificate-issued');
    });

    it('it is the same key in the next session, by whoever certifies it then', async () => {
      const by = factory();
      const first = await ask(by);
      await made(first);
      const second = await ask(by);
      await made(second, 'CN=another');
      expect(identityOf(second)).toBe(identityOf(first));
      expect(test.state.credentials.with('x509', identityOf(first))).toMatchObject({ state: 'next', issuer: 'CN=another' });
    });

    it.each<[string, Partial<Credential>, string]>([
      ['a name that its device had certified, and did not use', { kind: 'x509', identity: 'd', secret: undefined }, TAKEN_BACK.other],
      ['a key of another kind', {}, TAKEN_BACK.kind],
    ])('it takes the place of %s', async (_what, change, why) => {
      const before = aCredential({ state: 'next', createdBy: BOOTSTRAP_ACTOR.id, ...change });
      expect(codeOf(await ask(factory()))).toBe('given');
      expect(test.state.credentials.with(before.kind, before.identity)).toMatchObject({ state: 'revoked', revokedWhy: why });
    });

    it('revoked while it was certified: it is not written', async () => {
      const given = await ask(factory());
      const key = must(test.state.credentials.with('x509', identityOf(given)), 'its credential');
      test.state.credentials.put({ ...key, state: 'revoked' });
      await made(given);
      expect(codeOf(must(answers().at(-1), 'an answer'))).toBe('CREDENTIAL_REVOKED');
      expect(test.writer.audited).not.toContain('certificate-issued');
    });
  });

  describe('with OSCORE', () => {
    beforeEach(() => template({ accounts: [OSCORE] }));
    const stored = (change: Partial<Credential> = {}): Credential => aCredential({ kind: 'oscore', identity: 'kid:0a', ...change });

    it('it is a context whose secret is sealed, under an identity that is its Sender ID', async () => {
      const identity = identityOf(await ask(factory()));
      const context = must(test.state.credentials.with('oscore', identity), 'its credential');
      expect(context).toMatchObject({
        state: 'next',
        identity: expect.stringMatching(/^kid:[0-9a-f]{8}$/),
        fingerprint: expect.anything(),
      });
      const material = unpackMaterial(keys.ring.open(must(context.secret, 'a secret'), context));
      expect(oscoreIdentity(material)).toBe(identity);
      expect([material.masterSecret, material.masterSalt, material.recipientId].map((bytes) => bytes?.length)).toEqual([16, 8, 1]);
      expect(keys.ring.fingerprint(material.masterSecret)).toBe(context.fingerprint);
    });

    it('it is another one after a session that broke off: the same would begin its numbers again', async () => {
      const by = factory();
      const [first, second] = [identityOf(await ask(by)), identityOf(await ask(by))];
      expect(second).not.toBe(first);
      expect(own()).toEqual(['factory active', 'made revoked', 'made next']);
      expect(test.state.credentials.with('oscore', first)).toMatchObject({ revokedWhy: TAKEN_BACK.context });
      expect(test.state.bootstraps.get(D)?.context).toBe(second);
    });

    it.each<[string, () => void, object, string]>([
      ['one that was imported, and never used', () => void stored(), { key: 'Stored' }, 'given'],
      ['one that the device has used', () => void stored({ usedAt: test.clock.now() }), { key: 'Stored' }, 'CONTEXT_GIVEN'],
      ['nothing: there is none', () => undefined, { key: 'Stored' }, 'KEY_MISSING'],
      ['a key of another kind', () => void aCredential(), { key: 'Stored' }, 'KEY_MISSING'],
      ['one that a person rotates to', () => void stored({ state: 'next' }), {}, 'given'],
      ['a pre-shared key that a person rotates to', () => void aCredential({ state: 'next' }), {}, 'ROTATION_UNDER_WAY'],
    ])('it may be %s', async (_what, has, security, code) => {
      has();
      template({ accounts: [{ ...OSCORE, security: { mode: 'OSCORE', ...security } }] });
      expect(codeOf(await ask(factory()))).toBe(code);
    });

    it.each([
      ['that was imported', 'active', { key: 'Stored' }],
      ['that a person rotates to', 'next', {}],
    ] as const)('one %s is given once, also with another template in between', async (_which, state, security) => {
      stored({ state });
      const by = factory();
      const before = { accounts: [{ ...OSCORE, security: { mode: 'OSCORE', ...security } }] };
      template(before);
      expect(identityOf(await ask(by))).toBe('kid:0a');
      template({ accounts: [{ ...OSCORE, security: { mode: 'NoSec', noSec: 'Allowed' } }] });
      expect(codeOf(await ask(by))).toBe('given');
      template(before);
      expect(codeOf(await ask(by))).toBe('CONTEXT_GIVEN');
    });

    it('without security it is given anew to a device that has shown none, and not where a person has revoked one', async () => {
      const first = identityOf(await ask());
      const second = identityOf(await ask());
      expect(second).not.toBe(first);
      const context = must(test.state.credentials.with('oscore', second), 'its credential');
      test.state.credentials.put(revoked(context, test.clock.now(), 'stolen'));
      expect(codeOf(await ask())).toBe('ENDPOINT_NEEDS_DTLS');
    });

    it('without security it is not given to a device that has used one', async () => {
      const context = must(test.state.credentials.with('oscore', identityOf(await ask())), 'its credential');
      test.state.credentials.put({ ...revoked(context, test.clock.now(), TAKEN_BACK.context), usedAt: test.clock.now() });
      expect(codeOf(await ask())).toBe('ENDPOINT_NEEDS_DTLS');
    });
  });

  it.each<[string, () => Credential | undefined, string]>([
    ['a factory key that is not known', () => ({ ...factory(), identity: 'stranger' }), 'IDENTITY_UNKNOWN'],
    [
      'a factory key that was revoked meanwhile',
      () => aCredential({ identity: 'factory', use: 'bootstrap', state: 'revoked' }),
      'CREDENTIAL_REVOKED',
    ],
    ['a key for registrations', () => aCredential(), 'CREDENTIAL_OTHER_USE'],
    [
      'the factory key of another',
      () => aCredential({ identity: 'factory', use: 'bootstrap', endpoint: Endpoint('e') }),
      'ENDPOINT_NOT_YOURS',
    ],
    ['nothing, of a device with a factory key', () => void factory(), 'ENDPOINT_NEEDS_DTLS'],
    ['nothing, of a device that has shown a key', () => void aCredential(), 'ENDPOINT_NEEDS_DTLS'],
    ['nothing, of a device that is new', () => undefined, 'given'],
  ])('who shows %s: %s', async (_who, by, code) => {
    expect(codeOf(await ask(by()))).toBe(code);
  });

  it('no template, no key', async () => {
    template({ match: { endpoint: ['x*'] } });
    expect(codeOf(await ask(factory()))).toBe('NO_TEMPLATE');
    expect(own()).toEqual(['factory active']);
  });

  it('keys are not made without end', async () => {
    const by = factory();
    for (let made = 0; made < KEYS_PER_DAY; made++) {
      const key = must(test.state.credentials.with('psk', identityOf(await ask(by))), 'the key');
      test.state.credentials.put({ ...key, state: 'revoked' });
    }
    expect(codeOf(await ask(by))).toBe('KEYS_TOO_OFTEN');
    test.clock.pass(86_400_000);
    expect(codeOf(await ask(by))).toBe('given');
  });
});

describe('how it ends', () => {
  const end = (id: number, failure?: { at: string; why: string }): Promise<void> =>
    desk.on({ type: 'bootstrap-ended', id, at: test.clock.now(), endpoint: D, ...(failure && { failure }) });

  it('well, or not', async () => {
    await ask(factory());
    await end(asked, { at: 'PUT /0/1', why: 'no answer' });
    expect(test.state.bootstraps.get(D)).toMatchObject({ state: 'failed', failure: { at: 'PUT /0/1' } });
    await ask(must(test.state.credentials.with('psk', 'factory'), 'the key'));
    await end(asked);
    expect(test.state.bootstraps.get(D)).toEqual(expect.not.objectContaining({ failure: expect.anything() }));
    expect(test.state.bootstraps.get(D)).toMatchObject({ state: 'finished', sessions: 2 });
    expect(test.writer.audited.slice(-3)).toEqual(['bootstrap-failed', 'bootstrap-begun', 'bootstrap-finished']);
  });

  it('the end of a session that its device has left says nothing of the next', async () => {
    const by = factory();
    await ask(by);
    await ask(by);
    await end(asked - 1, { at: 'writing', why: 'the device began anew' });
    expect(test.state.bootstraps.get(D)?.state).toBe('writing');
  });
});

describe('a wish', () => {
  const device = (change: Parameters<typeof aRegistration>[0] | undefined): void =>
    test.state.putDevice({ ...aDeviceRecord('d'), endpoint: D, registration: change && aRegistration(change) });
  const waits = (): string | undefined => test.state.bootstraps.get(D)?.wish?.waits;
  const executes = (): unknown[] => test.link.sent.filter(({ type }) => type === 'operate');
  const want = () => wishes.want(DEFAULT_NAMESPACE, [D], { reason: 'yearly', actor: ANN });

  it.each<[string, Parameters<typeof aRegistration>[0] | undefined, string, number]>([
    ['is not registered', undefined, 'NOT_REGISTERED', 0],
    ['listens', {}, 'ASKED', 1],
    ['sleeps', { queueMode: true }, 'ASLEEP', 0],
    ['speaks 1.0', { lwm2mVersion: '1.0' }, 'OWN_REQUEST', 0],
    ['has two accounts', { links: '</1/0>,</1/1>,</5/0>' }, 'OWN_REQUEST', 0],
  ])('of a device that %s', async (_how, registration, code, sent) => {
    device(registration);
    await want();
    expect(waits()).toBe(code);
    expect(executes()).toHaveLength(sent);
    expect(test.writer.audited).toEqual(['bootstrap-wanted']);
  });

  it('a sleeper is asked when it wakes up, and once', async () => {
    device({ queueMode: true });
    await want();
    test.state.awakeUntil.set(D, test.clock.now());
    await wishes.onContact(D);
    expect(executes()).toMatchObject([{ order: { operation: 'execute', path: '/1/0/9' } }]);
    expect(waits()).toBe('ASKED');
  });

  it.each([
    [{ type: 'done', code: '2.04', values: [] } as const, 'REQUEST', 1],
    [{ type: 'no-answer' } as const, 'NO_ANSWER', 2],
    [{ type: 'failed', failure: 'NOT_ALLOWED', kind: 'conflict', message: '', answer: '4.05' } as const, 'OWN_REQUEST', 1],
    [{ type: 'failed', failure: 'DEVICE_UNREGISTERED', kind: 'transport', message: '' } as const, 'NOT_REGISTERED', 2],
  ])('an answer %j: waits for %s, and its next contact makes %d Executes', async (result, code, sent) => {
    device({});
    await want();
    const [{ id }] = executes() as [{ id: string }];
    await wishes.onOperated({ type: 'operated', id, endpoint: D, at: test.clock.now(), result });
    expect(waits()).toBe(code);
    await wishes.onContact(D);
    expect(executes()).toHaveLength(sent);
  });

  it('who has taken the order and has not come is asked again when it is heard, but not at once', async () => {
    device({});
    await want();
    const [{ id }] = executes() as [{ id: string }];
    await wishes.onOperated({
      type: 'operated',
      id,
      endpoint: D,
      at: test.clock.now(),
      result: { type: 'done', code: '2.04', values: [] },
    });
    test.clock.pass(599_000);
    await wishes.onContact(D);
    expect(executes()).toHaveLength(1);
    test.clock.pass(1000);
    await wishes.onContact(D);
    expect(executes()).toHaveLength(2);
  });

  it('is over when the device has come', async () => {
    factory();
    await want();
    await ask(must(test.state.credentials.with('psk', 'factory'), 'the key'));
    expect(test.state.bootstraps.isWished(D)).toBe(true);
    await desk.on({ type: 'bootstrap-ended', id: asked, at: test.clock.now(), endpoint: D });
    expect(test.state.bootstraps.isWished(D)).toBe(false);
  });

  it('is taken back once', async () => {
    device({});
    await want();
    await wishes.cancel(DEFAULT_NAMESPACE, D, { reason: 'not now', actor: ANN });
    expect(waits()).toBeUndefined();
    await expect(wishes.cancel(DEFAULT_NAMESPACE, D, { reason: 'x', actor: ANN })).rejects.toThrow('nobody waits');
  });

  it('all or none: one that nobody knows spoils it', async () => {
    device({});
    await expect(wishes.want(DEFAULT_NAMESPACE, [D, 'stranger'], { reason: 'x', actor: ANN })).rejects.toThrow('stranger');
    expect(waits()).toBeUndefined();
    expect(executes()).toEqual([]);
  });
});
