import { randomBytes } from 'node:crypto';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { LocalKeyService, unpackMaterial } from '@drover/credentials';
import { DEFAULT_NAMESPACE, Endpoint, Namespace } from '@drover/kernel';
import { SystemEntropy } from '@drover/platform';
import { aDeviceRecord, aRegistration } from '@drover/testkit';
import { ANN, TestEngine } from '../../../../test/support/engine.ts';
import { KeyShelf } from '../keys/key-shelf.ts';
import { CredentialDesk, type CredentialEntry } from './credential-desk.ts';
import { DeviceStepper } from './device-stepper.ts';
import { recover } from './recovery.ts';
import { SessionKeeper } from './session-keeper.ts';
import { TrustDesk } from './trust-desk.ts';

let test: TestEngine;
let desk: CredentialDesk;
let keeper: SessionKeeper;
let keys: KeyShelf;

beforeEach(async () => {
  test = new TestEngine();
  keys = new KeyShelf(new LocalKeyService(randomBytes(32), new SystemEntropy()), new SystemEntropy());
  await keys.makeMissing();
  desk = new CredentialDesk(test.engine, keys);
  keeper = new SessionKeeper(test.engine);
});

const entry = (endpoint: string, change: Partial<CredentialEntry> = {}): CredentialEntry => ({
  endpoint,
  kind: 'psk',
  key: randomBytes(16),
  ...change,
});
const statesOf = (endpoint: string): string[] =>
  test.state.credentials.of(Endpoint(endpoint)).map(({ identity, state }) => `${identity} ${state}`);
const told = (type: string): object[] => test.link.sent.filter((message) => message.type === type);

describe('what is added', () => {
  it('is on the disk, audited, and then told to the gateway, sealed', async () => {
    const key = randomBytes(16);
    test.writer.hold();
    const done = desk.add(DEFAULT_NAMESPACE, [entry('d', { key })], ANN);
    await new Promise((resolve) => setImmediate(resolve));
    expect(told('credentials')).toEqual([]);
    test.writer.release();
    expect(await done).toEqual({ added: 1, unchanged: 0 });
    expect(test.writer.audited).toEqual(['credentials-added']);
    const [{ changes }] = test.writer.commits as [(typeof test.writer.commits)[number]];
    const [stored] = changes.credentials!;
    expect(keys.ring.open(stored!.secret!, stored!)).toEqual(key);
    const sent = JSON.stringify(test.link.sent);
    expect(sent).toContain('"identity":"d"');
    for (const leak of [key.toString('hex'), key.toString('base64'), stored!.fingerprint!]) expect(sent).not.toContain(leak);
  });

  it('is all or nothing, in memory as in the file', async () => {
    const twin = randomBytes(16);
    const entries = [entry('a'), entry('b', { key: twin }), entry('c', { key: twin }), entry('d', { key: randomBytes(8) })];
    await expect(desk.add(DEFAULT_NAMESPACE, entries, ANN)).rejects.toMatchObject({
      code: 'CREDENTIAL_INVALID',
      details: [
        { index: 2, endpoint: 'c', code: 'KEY_SHARED' },
        { index: 3, endpoint: 'd', code: 'KEY_TOO_SHORT' },
      ],
    });
    expect([test.state.credentials.size, test.writer.commits, test.link.sent]).toEqual([0, [], []]);
  });

  describe('as an OSCORE context', () => {
    const [senderId, recipientId] = [Uint8Array.of(0xd1), Uint8Array.of(0x5e)];
    const key = randomBytes(16);
    const context = (change: Partial<CredentialEntry['oscore']> = {}, more: Partial<CredentialEntry> = {}): CredentialEntry =>
      entry('d', { kind: 'oscore', key, oscore: { senderId, recipientId, ...change }, ...more });

    it('names itself, and its secret is sealed whole', async () => {
      await desk.add(DEFAULT_NAMESPACE, [context({ masterSalt: Uint8Array.of(7), idContext: Uint8Array.of(1, 2) })], ANN);
      const stored = test.state.credentials.of(Endpoint('d'))[0]!;
      expect([stored.kind, stored.identity]).toEqual(['oscore', 'kid:d1/0102']);
      expect(unpackMaterial(keys.ring.open(stored.secret!, stored))).toMatchObject({ masterSecret: Uint8Array.from(key), recipientId });
      const sent = JSON.stringify([test.link.sent, test.writer.commits]);
      for (const leak of [key.toString('hex'), key.toString('base64')]) expect(sent).not.toContain(leak);
    });

    it.each<[string, Partial<CredentialEntry>, string]>([
      ['without IDs', { oscore: undefined }, 'CREDENTIAL_INVALID'],
      ['without a Master Secret', { key: undefined }, 'KEY_MISSING'],
      ['with a name that is not its own', { identity: 'kid:ff' }, 'IDENTITY_INVALID'],
      ['with a short Master Secret', { key: randomBytes(15) }, 'KEY_TOO_SHORT'],
      ['with a long Master Secret', { key: randomBytes(300) }, 'KEY_TOO_LONG'],
      ['with a Master Secret made of its name', { key: Buffer.from('d'.repeat(16)) }, 'KEY_REPETITIVE'],
      ['with another AEAD', { oscore: { senderId, recipientId, aead: '12' } }, 'ALGORITHM_UNSUPPORTED'],
      ['of another kind', { kind: 'psk' }, 'CREDENTIAL_INVALID'],
    ])('%s is refused', async (_what, change, code) => {
      await expect(desk.add(DEFAULT_NAMESPACE, [context({}, change)], ANN)).rejects.toMatchObject({ code });
    });

    it('again is known, and not with another salt or Recipient ID', async () => {
      await desk.add(DEFAULT_NAMESPACE, [context()], ANN);
      expect(await desk.add(DEFAULT_NAMESPACE, [context()], ANN)).toEqual({ added: 0, unchanged: 1 });
      for (const change of [{ masterSalt: Uint8Array.of(1) }, { recipientId: Uint8Array.of(9) }])
        await expect(desk.add(DEFAULT_NAMESPACE, [context(change)], ANN)).rejects.toMatchObject({ code: 'IDENTITY_TAKEN' });
    });

    it('has no twin: neither its Sender ID nor its Master Secret, not as a pre-shared key either', async () => {
      await desk.add(DEFAULT_NAMESPACE, [context()], ANN);
      const other = { endpoint: 'other', key: randomBytes(16) };
      await expect(desk.add(DEFAULT_NAMESPACE, [context({}, other)], ANN)).rejects.toMatchObject({ code: 'IDENTITY_TAKEN' });
      const shared = context({ senderId: Uint8Array.of(2) }, { endpoint: 'other' });
      await expect(desk.add(DEFAULT_NAMESPACE, [shared], ANN)).rejects.toMatchObject({ code: 'KEY_SHARED' });
      await expect(desk.add(DEFAULT_NAMESPACE, [entry('other', { key })], ANN)).rejects.toMatchObject({ code: 'KEY_SHARED' });
      expect(await desk.add(DEFAULT_NAMESPACE, [context({ idContext: Uint8Array.of() }, other)], ANN)).toMatchObject({ added: 1 });
    });

    it('is checked by its Master Secret', async () => {
      await desk.add(DEFAULT_NAMESPACE, [context()], ANN);
      expect(await desk.check(DEFAULT_NAMESPACE, 1000)).toEqual({ checked: 1, findings: [] });
    });
  });

  it('belongs to its namespace: another neither sees nor revokes it', async () => {
    await desk.add(Namespace('north'), [entry('d')], ANN);
    expect(desk.list(DEFAULT_NAMESPACE, { limit: 10, offset: 0 })).toEqual([]);
    await expect(desk.revoke(DEFAULT_NAMESPACE, { endpoint: 'd', reason: 'x' }, ANN)).rejects.toMatchObject({
      code: 'CREDENTIAL_NOT_FOUND',
    });
    await expect(desk.add(DEFAULT_NAMESPACE, [entry('d', { identity: 'other' })], ANN)).rejects.toMatchObject({
      code: 'CREDENTIAL_EXISTS',
    });
    await test.contact('register', 'd');
    expect(test.device('d').namespace).toBe('north');
  });

  it('gets a new data key when the old one has sealed enough; the key is stored first', async () => {
    for (let used = 0; used < 65_536; used++) keys.ring.noteUse({ key: [...idsOf(test, keys)][0]!, box: '' });
    await desk.add(DEFAULT_NAMESPACE, [entry('d')], ANN);
    expect(test.writer.audited).toEqual(['data-key-made', 'credentials-added']);
    expect(test.link.types).toEqual(['data-keys', 'credentials']);
  });
});

/** Of the key that secrets are sealed under now. */
function* idsOf(_: TestEngine, { ring }: KeyShelf): Generator<string> {
  yield ring.seal(Buffer.alloc(1), { namespace: DEFAULT_NAMESPACE, endpoint: Endpoint('x'), kind: 'psk', identity: 'x' }).key;
}

describe('rotation', () => {
  it('is begun by hand and ended by the device', async () => {
    await desk.add(DEFAULT_NAMESPACE, [entry('d')], ANN);
    await desk.rotate(DEFAULT_NAMESPACE, entry('d', { identity: 'd2' }), ANN);
    expect(statesOf('d')).toEqual(['d active', 'd2 next']);
    const used = { type: 'credential-used', kind: 'psk', at: test.clock.at } as const;
    await keeper.on({ ...used, identity: 'd' });
    expect(statesOf('d').sort()).toEqual(['d active', 'd2 next']);
    await keeper.on({ ...used, identity: 'd2' });
    expect(statesOf('d').sort()).toEqual(['d revoked', 'd2 active']);
    expect(test.writer.audited).toEqual(['credentials-added', 'credential-rotation-begun', 'credential-revoked', 'credential-activated']);
    expect(test.state.credentials.with('psk', 'd')).not.toHaveProperty('secret');
  });

  it('a use is noted without a commit of its own, and of what is gone not at all', async () => {
    await desk.add(DEFAULT_NAMESPACE, [entry('d')], ANN);
    await keeper.on({ type: 'credential-used', kind: 'psk', identity: 'nobody', at: test.clock.at });
    expect(test.writer.commits).toHaveLength(1);
    await keeper.on({ type: 'credential-used', kind: 'psk', identity: 'd', at: test.clock.at });
    expect(test.state.credentials.with('psk', 'd')?.usedAt).toBe(test.clock.at);
  });
});

describe('sessions', () => {
  const state = { key: 'k', box: 'AAAA' };

  it('are confirmed when they are on the disk, and not before', async () => {
    test.writer.hold();
    const done = keeper.on({ type: 'session-save', name: 'dtls:1', number: 3, state });
    await new Promise((resolve) => setImmediate(resolve));
    expect(test.link.sent).toEqual([]);
    test.writer.release();
    await done;
    expect(test.link.sent).toEqual([{ type: 'session-saved', name: 'dtls:1', number: 3 }]);
    expect(test.writer.commits[0]).toMatchObject({ urgency: 'lazy', changes: { sessions: [{ name: 'dtls:1', state }] } });
  });

  it('that have ended are dropped', async () => {
    await keeper.on({ type: 'session-gone', name: 'dtls:1' });
    expect(test.writer.commits[0]).toMatchObject({ changes: { dropSessions: ['dtls:1'] } });
  });
});

it('who spoke for whom in vain is in the log, in the namespace of the one', async () => {
  await desk.add(Namespace('north'), [entry('d')], ANN);
  await keeper.on({
    type: 'identity-refused',
    at: test.clock.at,
    code: 'ENDPOINT_NOT_YOURS',
    endpoint: 'd',
    identity: 'thief',
    from: 'dtls:1',
    count: 4,
  });
  expect(test.writer.commits.at(-1)!.events).toMatchObject([
    {
      type: 'identity-refused',
      namespace: 'north',
      endpoint: 'd',
      result: 'failure',
      details: { code: 'ENDPOINT_NOT_YOURS', identity: 'thief', count: 4 },
    },
  ]);
});

it('after a start the gateway gets keys, what is sealed under them, and no registration that needs a credential and has none', async () => {
  await desk.add(DEFAULT_NAMESPACE, [entry('plain'), entry('secured')], ANN);
  for (const [name, address] of [
    ['plain', '192.0.2.1:5683'],
    ['secured', 'dtls:0011'],
    ['free', '192.0.2.2:5683'],
  ] as const)
    test.putDevice(aDeviceRecord(name, {}, { registration: aRegistration({ address }) }));
  test.link.sent.length = 0;
  const sessions = [{ name: 'dtls:0011', state: { key: 'k', box: '' } }];
  const dataKeys = [{ id: 'k', purpose: 'sessions', wrapped: '', under: 'u', createdAt: test.clock.at }] as const;
  await recover(test.engine, new DeviceStepper(test.engine, new TrustDesk(test.state)), { dataKeys, sessions });
  const order = test.link.types.filter((type) => ['data-keys', 'credentials', 'restore-sessions', 'open'].includes(type));
  expect(order).toEqual(['data-keys', 'credentials', 'restore-sessions', 'open']);
  expect(told('restore-sessions')).toMatchObject([{ sessions }]);
  const restored = test.link.sent.flatMap((message) =>
    message.type === 'restore' ? message.registrations.map(({ endpoint }) => endpoint) : [],
  );
  expect(restored.sort()).toEqual(['free', 'secured']);
});
