import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import type { BootstrapView, CredentialView } from '@drover/contracts';
import type { Report } from '@drover/simulator';
import { readFileSync, writeFileSync } from 'node:fs';
import { certificateDer, privateKeyOf, scratchFolder, type CertificateName } from '@drover/testkit';
import { messageOf } from '../support/process-message.ts';
import { api, startServer } from '../support/server.ts';
import { account, apply, until, world } from './bootstrap-world.ts';

// A fleet fresh from its factory, on a power supply that is none; then all of it is given other keys.

jest.setTimeout(120_000);

const FLEET = join(import.meta.dirname, '..', '..', 'apps', 'simulator', 'dist', 'main.js');
const DEVICES = 8;
const SCALE = 900;
const scratch = scratchFolder();
let fleet: ChildProcess | undefined;

/** Of the server, and of the authority that certifies devices. */
function files(name: CertificateName & ('server' | 'enrolment')): { key: string; certificate: string } {
  const [key, certificate] = [scratch.file(`${name}.key`), scratch.file(`${name}.pem`)];
  writeFileSync(key, privateKeyOf(name).export({ format: 'pem', type: 'pkcs8' }), { mode: 0o600 });
  writeFileSync(certificate, `-----BEGIN CERTIFICATE-----\n${certificateDer(name).toString('base64')}\n-----END CERTIFICATE-----\n`);
  return { key, certificate };
}

beforeAll(async () => {
  const clock = { campaignOrigin: Date.parse('2026-12-01T12:00:00Z'), wallOrigin: Date.now(), scale: SCALE };
  const time = ['--time-scale', String(SCALE), '--time-origin', '2026-12-01T12:00:00Z', '--wall-origin', String(clock.wallOrigin)];
  const [own, authority] = [files('server'), files('enrolment')];
  const certificates = [
    ...['--dtls-key', own.key, '--dtls-certificate', own.certificate],
    ...['--enrolment-key', authority.key, '--enrolment-certificate', authority.certificate],
  ];
  world.server = await startServer({ isSecured: true, args: ['--bootstraps-port', '0', '--oscore', 'on', ...certificates, ...time] });
  await apply('all', { match: { endpoint: ['*'] }, accounts: [account({ mode: 'PSK', keyBytes: 16 })] });
  const keys = scratch.file('factory.csv');
  const common = ['--devices', String(DEVICES), '--seed', '11', '--mix', '{"pull": 1}'];
  await once(fork(FLEET, [...common, '--make-keys', keys], { execArgv: [] }), 'exit');
  const [, ...rows] = readFileSync(keys, 'utf8').trimEnd().split('\r\n');
  const credentials = rows.map((row) => {
    const [endpoint = '', identity, key = ''] = row.split(',');
    return { endpoint, identity, kind: 'psk', use: 'bootstrap', key: Buffer.from(key, 'hex').toString('base64') };
  });
  expect((await api(world.server, 'POST', '/credentials', { credentials })).body).toMatchObject({ added: DEVICES });
  const way = ['--server', 'coaps://127.0.0.1:1', '--bootstrap', world.server.bootstraps, '--keys', keys];
  const trouble = ['--clock', JSON.stringify(clock), '--chaos', '{"powerLossAtBootstrap": 0.1}'];
  fleet = fork(FLEET, [...way, ...common, ...trouble], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'], execArgv: [] });
  await messageOf(fleet, 'ready');
});

afterAll(async () => {
  fleet?.kill('SIGKILL');
  await world.server.stop();
  scratch.remove();
});

const views = async (): Promise<BootstrapView[]> => (await api<BootstrapView[]>(world.server, 'GET', '/bootstraps')).body;
const inForce = async (): Promise<CredentialView[]> =>
  (await api<CredentialView[]>(world.server, 'GET', '/credentials?use=management&state=active')).body;

async function report(): Promise<Report> {
  const answer = messageOf(fleet!, 'report');
  fleet!.send({ type: 'report' });
  return ((await answer) as { report: Report }).report;
}

it('every device comes with the key of its factory, whatever breaks, and registers with one of its own', async () => {
  await until(async () => (await inForce()).length === DEVICES, 'every own key in force', 60_000);
  const all = await views();
  expect(all).toHaveLength(DEVICES);
  expect(all.every(({ state }) => state === 'finished')).toBe(true);
  // Some have lost their power in the middle.
  expect(all.reduce((sum, { sessions }) => sum + sessions, 0)).toBeGreaterThan(DEVICES);
  expect((await report()).devices.map(({ bootstraps }) => bootstraps)).toEqual(Array.from({ length: DEVICES }, () => 1));
  expect(new Set((await inForce()).map(({ fingerprint }) => fingerprint)).size).toBe(DEVICES);
});

it.each<[string, () => object, string]>([
  ['other keys', () => account({ mode: 'PSK', keyBytes: 16 }), 'psk'],
  ['certificates', () => account({ mode: 'X509' }), 'x509'],
  ['contexts of OSCORE', () => account({ mode: 'OSCORE' }, world.server.coap), 'oscore'],
  ['keys again', () => account({ mode: 'PSK' }), 'psk'],
])('all of them are sent for %s, and what they had before is revoked', async (_what, given, kind) => {
  await apply('all', { match: { endpoint: ['*'] }, accounts: [given()] });
  const before = (await inForce()).map(({ identity }) => identity);
  const endpoints = (await inForce()).map(({ endpoint }) => endpoint);
  await api(world.server, 'POST', '/bootstraps/trigger', { endpoints, reason: 'yearly' });
  const isOther = ({ identity }: CredentialView): boolean => !before.includes(identity);
  await until(async () => (await inForce()).filter(isOther).length === DEVICES, 'what is new in force', 60_000);
  expect((await inForce()).map((each) => each.kind)).toEqual(Array.from({ length: DEVICES }, () => kind));
  expect((await views()).filter(({ wish }) => wish)).toEqual([]);
});
