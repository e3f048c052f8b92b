import { randomBytes } from 'node:crypto';
import { beforeEach, expect, it } from '@jest/globals';
import { LocalKeyService, type Credential } from '@drover/credentials';
import { DAY, DEFAULT_NAMESPACE, Endpoint, must } from '@drover/kernel';
import { digestOf, readDocument } from '@drover/campaign';
import { SystemEntropy } from '@drover/platform';
import { TestEngine } from '../../../../test/support/engine.ts';
import { SessionKeeper } from '../engine/session-keeper.ts';
import { KeyShelf } from '../keys/key-shelf.ts';
import { BootstrapDesk } from './bootstrap-desk.ts';
import { KEYS_PER_DAY, TAKEN_BACK } from './key-plan.ts';

// Keys that devices make themselves and have certified (EST, RFC 9148): what becomes of their credentials.

const D = Endpoint('d');
const BY = { kind: 'psk', identity: 'factory' } as const;
let test: TestEngine;
let desk: BootstrapDesk;
let questions = 0;

beforeEach(() => {
  test = new TestEngine();
  const shelf = new KeyShelf(new LocalKeyService(randomBytes(32), new SystemEntropy()), new SystemEntropy());
  desk = new BootstrapDesk(test.engine, shelf, new SystemEntropy());
  aCredential({ ...BY, use: 'bootstrap' });
  template('EST');
});

function template(mode: string): void {
  const accounts = [{ uri: 'coaps://drover.example', shortServerId: 101, security: { mode } }];
  const spec = { match: { endpoint: ['*'] }, accounts };
  const source = { apiVersion: 'drover/v1', kind: 'BootstrapTemplate', metadata: { name: 'all' }, spec };
  expect(readDocument(source).faults).toEqual([]);
  const common = { namespace: DEFAULT_NAMESPACE, kind: 'BootstrapTemplate', name: 'all', generation: 1, digest: digestOf(source) } as const;
  test.state.putDocument({ ...common, source, appliedAt: test.clock.now(), appliedBy: 'ann' });
}

function aCredential(change: Partial<Credential> = {}): void {
  const common = { namespace: DEFAULT_NAMESPACE, endpoint: D, kind: 'psk', identity: 'own', state: 'active' } as const;
  test.state.credentials.put({ ...common, createdAt: test.clock.now(), createdBy: 'ann', ...change });
}

/** Of a key that is called so; answers what the gateway is told. */
async function enrols(pin: string, issuer = 'CN=ca'): Promise<string> {
  const certificate = { serial: '4A', fingerprint: '00ff', issuer, pin, until: '2027-12-01T00:00:00.000Z' };
  await desk.on({ type: 'enrolment-asked', id: ++questions, at: test.clock.now(), endpoint: D, by: BY, certificate });
  const answer = must(test.link.sent.at(-1), 'an answer');
  return answer.type === 'enrolment-deny' ? answer.code : answer.type;
}

const shows = (identity: string, kind: Credential['kind'] = 'x509'): Promise<void> =>
  new SessionKeeper(test.engine).on({ type: 'credential-used', kind, identity, at: test.clock.now() });
const known = (pin: string): Credential | undefined => test.state.credentials.with('x509', pin);
const states = (...pins: string[]): unknown[] => pins.map((pin) => known(pin)?.state);

it('its key is the credential, good with that issuer alone, and replaces the one before when it is shown', async () => {
  aCredential();
  expect(await enrols('sha256:a')).toBe('enrolment-allow');
  expect(known('sha256:a')).toMatchObject({ state: 'next', pin: 'sha256:a', issuer: 'CN=ca', endpoint: D });
  expect(test.state.credentials.with('psk', 'own')?.state).toBe('active');
  await shows('sha256:a');
  expect(test.state.credentials.with('psk', 'own')?.state).toBe('revoked');
  await enrols('sha256:b');
  expect(states('sha256:a', 'sha256:b')).toEqual(['active', 'next']);
  await shows('sha256:b');
  expect(states('sha256:a', 'sha256:b')).toEqual(['revoked', 'active']);
});

it('is on the disk, and audited, before its certificate leaves', async () => {
  test.writer.hold();
  const done = enrols('sha256:a');
  await new Promise((resolve) => setImmediate(resolve));
  expect(test.link.types).not.toContain('enrolment-allow');
  test.writer.release();
  await done;
  expect(test.writer.audited).toEqual(['certificate-enrolled']);
});

it('the same key again is a renewal, by whoever certifies it then', async () => {
  await enrols('sha256:a');
  await shows('sha256:a');
  expect(await enrols('sha256:a', 'CN=another')).toBe('enrolment-allow');
  expect(known('sha256:a')).toMatchObject({ state: 'active', issuer: 'CN=another' });
});

it('who has lost the answer enrols again: what was not shown is taken back', async () => {
  await enrols('sha256:a');
  expect(await enrols('sha256:b')).toBe('enrolment-allow');
  expect(known('sha256:a')).toMatchObject({ state: 'revoked', revokedWhy: TAKEN_BACK.certificate });
  expect(await enrols('sha256:a')).toBe('CREDENTIAL_REVOKED');
});

it('from certificates to a pre-shared key, and back', async () => {
  await enrols('sha256:a');
  await shows('sha256:a');
  aCredential({ identity: 'delivered', state: 'next' });
  await shows('delivered', 'psk');
  expect(states('sha256:a')).toEqual(['revoked']);
  expect(await enrols('sha256:b')).toBe('enrolment-allow');
});

it.each<[string, () => void, string]>([
  ['one whom a person has shut out', () => aCredential({ state: 'revoked' }), 'CREDENTIAL_REVOKED'],
  ['one whose key a person wants to be another', () => aCredential({ state: 'next' }), 'ROTATION_UNDER_WAY'],
  ['the key of another', () => aCredential({ kind: 'x509', identity: 'sha256:a', endpoint: Endpoint('e') }), 'IDENTITY_TAKEN'],
  ['one whose template does not say so', () => template('PSK'), 'NO_ENROLMENT'],
])('nothing for %s', async (_what, before, code) => {
  before();
  expect(await enrols('sha256:a')).toBe(code);
  expect(test.writer.audited).not.toContain('certificate-enrolled');
});

it('so many keys a day, and no more', async () => {
  for (let count = 0; count < KEYS_PER_DAY; count++) expect(await enrols(`sha256:${count}`)).toBe('enrolment-allow');
  expect(await enrols('sha256:more')).toBe('KEYS_TOO_OFTEN');
  test.clock.pass(DAY);
  expect(await enrols('sha256:more')).toBe('enrolment-allow');
});
