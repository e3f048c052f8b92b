import { X509Certificate } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, expect, it, jest } from '@jest/globals';
import { certificateDer, privateKeyOf, scratchFolder, type CertificateName, type KeyName } from '@drover/testkit';
import { api, startServer } from '../support/server.ts';
import {
  account,
  aFactoryDevice,
  anEndpoint,
  apply,
  audited,
  bootstraps,
  comes,
  credentialsOf,
  registers,
  shown,
  statesOf,
  until,
  world,
} from './bootstrap-world.ts';

// Certificates that come with their private key, for devices that cannot make one: from the key of a factory to X.509.

jest.setTimeout(60_000);

const scratch = scratchFolder();
const certificate = (name: CertificateName): string =>
  written(`${name}.pem`, `-----BEGIN CERTIFICATE-----\n${certificateDer(name).toString('base64')}\n-----END CERTIFICATE-----\n`);
const key = (name: KeyName): string => written(`${name}.key`, privateKeyOf(name).export({ format: 'pem', type: 'pkcs8' }) as string);

function written(name: string, content: string): string {
  writeFileSync(scratch.file(name), content, { mode: 0o600 });
  return scratch.file(name);
}

const AUTHORITY = (): string[] => [
  ...['--enrolment-key', key('enrolment'), '--enrolment-certificate', certificate('enrolment'), '--enrolment-days', '30'],
];
const ARGS = (): string[] => [
  ...['--dtls-key', key('server'), '--dtls-certificate', certificate('server')],
  ...['--bootstraps-port', '0', '--coap-tcp-port', 'off'],
];

beforeAll(async () => {
  world.server = await startServer({ isSecured: true, args: [...ARGS(), ...AUTHORITY()] });
  await apply('meters', { match: { endpoint: ['urn:dev:*'] }, accounts: [account({ mode: 'X509' })] });
});
afterEach(() => world.open.splice(0).forEach((each) => each.close()));
afterAll(async () => {
  await world.server.stop();
  scratch.remove();
});

const issuedTo = async (endpoint: string) => (await audited('certificate-issued')).filter((event) => event.endpoint === endpoint);

it('a device is given a key with its certificate, and registers with them', async () => {
  const { endpoint, device } = await aFactoryDevice();
  const own = await bootstraps(device, [`ep=${endpoint}`]);
  const { values } = device.memory;
  expect([values.get('/0/1/2'), Buffer.from(values.get('/0/1/4') as Uint8Array)]).toEqual([2, certificateDer('server')]);
  const given = new X509Certificate(own.own!.chain![0]!);
  expect([given.checkPrivateKey(own.own!.privateKey), given.ca, given.subject.includes(endpoint)]).toEqual([true, false, false]);
  expect(Math.round((given.validToDate.getTime() - Date.now()) / 86_400_000)).toBe(30);
  await until(async () => (await shown(endpoint)).state === 'finished');
  const { identity } = (await shown(endpoint)).accounts[0]!;
  expect(given.subject).toBe(`CN=${identity}`);
  expect(await issuedTo(endpoint)).toMatchObject([{ details: { serial: given.serialNumber, identity, issuer: 'O=Meters, CN=Enrolment' } }]);
  await registers(endpoint, own);
  await until(async () => (await statesOf(endpoint)).join() === 'active', 'its key in force');
  expect((await shown(endpoint)).accounts).toMatchObject([{ mode: 'X509', key: 'active' }]);
  expect((await credentialsOf(endpoint)).find(({ kind }) => kind === 'x509')).toMatchObject({
    identity,
    issuer: 'O=Meters, CN=Enrolment',
    pin: expect.stringMatching(/^sha256:/),
  });
});

it('a session that breaks off is followed by the same key under another certificate, and either of the two opens', async () => {
  const { endpoint, factory, device } = await aFactoryDevice(anEndpoint(), { diesAfter: 2 });
  await device.ask([`ep=${endpoint}`]);
  await until(() => device.memory.asked.length === 2, 'the account on its way');
  const first = device.memory.account!.credential;
  const again = await bootstraps(await comes(factory), [`ep=${endpoint}`]);
  const [one, two] = [first, again].map(({ own }) => new X509Certificate(own!.chain![0]!));
  expect([one!.serialNumber === two!.serialNumber, one!.publicKey.equals(two!.publicKey)]).toEqual([false, true]);
  expect((await issuedTo(endpoint)).map(({ details }) => details['serial'])).toEqual(
    expect.arrayContaining([one!.serialNumber, two!.serialNumber]),
  );
  await registers(endpoint, first);
  await registers(endpoint, again);
  expect(await statesOf(endpoint)).toEqual(['active']);
});

it('bootstraps again: another key, and the one before is good until the device has come with that', async () => {
  const { endpoint, factory, device } = await aFactoryDevice();
  const old = await bootstraps(device);
  await registers(endpoint, old);
  const next = await bootstraps(await comes(factory));
  expect(await statesOf(endpoint)).toEqual(['active', 'next']);
  await registers(endpoint, old);
  await registers(endpoint, next);
  await until(async () => (await statesOf(endpoint)).join() === 'revoked,active', 'the other key in force');
  await expect(registers(endpoint, old)).rejects.toThrow('access_denied');
});

it('from a pre-shared key to a certificate: the template changes, and the key before goes when the device has come', async () => {
  const { endpoint, factory, device } = await aFactoryDevice(anEndpoint('urn:moves'));
  await apply('moves', { match: { endpoint: ['urn:moves:*'] }, accounts: [account()] });
  const psk = await bootstraps(device);
  await registers(endpoint, psk);
  await apply('moves', { match: { endpoint: ['urn:moves:*'] }, accounts: [account({ mode: 'X509' })] });
  await registers(endpoint, await bootstraps(await comes(factory)));
  await until(async () => (await statesOf(endpoint)).join() === 'revoked,active', 'the certificate in force');
  await expect(registers(endpoint, psk)).rejects.toThrow(/refused|timeout/);
});

it('revoked before the device has come: what it was given opens nothing, and it is given another one', async () => {
  const { endpoint, factory, device } = await aFactoryDevice();
  const own = await bootstraps(device);
  const { identity } = (await credentialsOf(endpoint)).find(({ kind }) => kind === 'x509')!;
  await api(world.server, 'POST', '/credentials/revoke', { endpoint, identity, reason: 'lost' });
  await expect(registers(endpoint, own)).rejects.toThrow('access_denied');
  await registers(endpoint, await bootstraps(await comes(factory)));
});

it('a certificate of the authority for another key, or with the name of another device, opens nothing', async () => {
  const [one, two] = [await aFactoryDevice(), await aFactoryDevice()];
  const [own, other] = [await bootstraps(one.device), await bootstraps(two.device)];
  // Endpoint theft: who he is says his certificate.
  await expect(registers(one.endpoint, other)).rejects.toThrow();
  await expect(registers(one.endpoint, { own: { ...other.own!, chain: own.own!.chain! } })).rejects.toThrow(/refused/);
  await registers(one.endpoint, own);
});

it('without an authority a device is given nothing, and the log says why', async () => {
  const before = world.server;
  world.server = await startServer({ isSecured: true, args: ARGS() });
  try {
    await apply('meters', { match: { endpoint: ['urn:dev:*'] }, accounts: [account({ mode: 'X509' })] });
    const { endpoint, device } = await aFactoryDevice();
    expect(await device.ask([`ep=${endpoint}`])).toMatchObject({ code: '4.00', why: 'ENROLMENT_OFF' });
    await until(async () => (await shown(endpoint)).state === 'failed');
    expect((await shown(endpoint)).failure?.why).toContain('--enrolment-key');
  } finally {
    await world.server.stop();
    world.server = before;
  }
});
