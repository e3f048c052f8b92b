import { createPublicKey, randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { writeFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, expect, it, jest } from '@jest/globals';
import { codeText } from '@drover/coap';
import { certificateDer, privateKeyOf, scratchFolder, type CertificateName } from '@drover/testkit';
import { AccountMemory } from '../support/bootstrapping-device.ts';
import type { DeviceCredential } from '../support/secured-device.ts';
import { api, startServer } from '../support/server.ts';
import { UdpDevice } from '../support/udp-device.ts';
import { account, aFactoryDevice, apply, bootstraps, comes, registers, statesOf, until, world } from './bootstrap-world.ts';

// Who devices are to the bootstrap server: by a shared key, a raw key, a certificate, or by nothing.

jest.setTimeout(60_000);

const scratch = scratchFolder();
const pem = (der: Uint8Array): string => `-----BEGIN CERTIFICATE-----\n${Buffer.from(der).toString('base64')}\n-----END CERTIFICATE-----\n`;
const certificates = (...names: CertificateName[]): string => names.map((name) => pem(certificateDer(name))).join('');
const privateKey = privateKeyOf('device');
const rawKey = createPublicKey(privateKey.export({ format: 'pem', type: 'pkcs8' })).export({ type: 'spki', format: 'der' });
const certified = { own: { privateKey, chain: [certificateDer('device'), certificateDer('intermediate')] } };

function written(name: string, content: string | Uint8Array): string {
  writeFileSync(scratch.file(name), content, { mode: 0o600 });
  return scratch.file(name);
}

beforeAll(async () => {
  const key = written('server.key', privateKeyOf('server').export({ format: 'pem', type: 'pkcs8' }));
  const own = ['--dtls-key', key, '--dtls-certificate', written('server.pem', certificates('server', 'intermediate'))];
  const ports = ['--bootstraps-port', '0', '--bootstrap-port', '0', '--bootstrap-no-sec', 'allowed'];
  world.server = await startServer({
    isSecured: true,
    args: [...own, '--dtls-client-ca', written('ca.pem', certificates('root')), ...ports],
  });
  await apply('psk', { match: { endpoint: ['*'] }, accounts: [account()] });
  await apply('rpk', { match: { endpoint: ['raw*'] }, precedence: 1, accounts: [account({ mode: 'RPK' })] });
});
afterEach(() => world.open.splice(0).forEach((each) => each.close()));
afterAll(async () => {
  await world.server.stop();
  scratch.remove();
});

async function known(endpoint: string, credential: object): Promise<void> {
  const { body } = await api(world.server, 'POST', '/credentials', { credentials: [{ endpoint, use: 'bootstrap', ...credential }] });
  expect(body).toMatchObject({ added: 1 });
}

it.each<[string, string, object, DeviceCredential]>([
  ['a raw public key', 'by-raw-key', { kind: 'rpk', key: rawKey.toString('base64') }, { own: { privateKey, rawKey } }],
  ['a certificate', 'by-certificate', { kind: 'x509', identity: 'urn:dev:1', issuer: 'CN=Intermediate' }, certified],
])('%s of the factory, with an endpoint name and without', async (_what, endpoint, credential, shown) => {
  await known(endpoint, credential);
  await registers(endpoint, await bootstraps(await comes(shown), [`ep=${endpoint}`]));
  await bootstraps(await comes(shown));
  expect(await (await comes(shown)).ask(['ep=somebody-else'])).toMatchObject({ code: '4.00' });
});

it('a certificate of the factory, from a device that says whom it means (SNI)', async () => {
  const device = await comes({ ...certified, serverName: 'server.example' });
  expect(device.device.session?.serverName).toBe('server.example');
  await registers('by-certificate', await bootstraps(device));
});

it('a wrong key opens nothing, and an unknown identity ends alike', async () => {
  const { factory } = await aFactoryDevice('wrong');
  const identity = factory.psk!.identity;
  const ends = await Promise.all(
    [identity, 'nobody'].map((name) => comes({ psk: { identity: name, key: randomBytes(16) } }).catch((error: Error) => error.message)),
  );
  expect(ends[0]).toMatch(/refused/);
  expect(ends[1]).toBe(ends[0]);
  expect(await statesOf('wrong')).toEqual([]);
});

it.each(['psk', 'raw'])('without security a new device is given its first key, and registers with that: %s', async (kind) => {
  const memory = new AccountMemory();
  const device = await UdpDevice.start(world.server.bootstrap, (question) => memory.respond(question.text, question));
  world.open.push(device);
  expect(codeText(await device.ask('POST', ['bs'], [`ep=${kind}-new`, 'et=1', 'vendor=x']))).toBe('2.04');
  await until(() => memory.isFinished, 'Finish');
  await registers(`${kind}-new`, memory.account!.credential);
  await until(async () => (await statesOf(`${kind}-new`)).join() === 'active', 'its key in force');
});

it('without security and without an endpoint name nobody is given anything', async () => {
  const device = await UdpDevice.start(world.server.bootstrap, () => ({ code: '4.04' }));
  world.open.push(device);
  expect(codeText(await device.ask('POST', ['bs']))).toBe('4.00');
});

it('in one answer without security nobody is given keys: whose address it is, is not known', async () => {
  const device = await UdpDevice.start(world.server.bootstrap, () => ({ code: '4.04' }));
  world.open.push(device);
  expect(codeText(await device.ask('GET', ['bspack'], ['ep=packed']))).toBe('4.00');
  expect(await statesOf('packed')).toEqual([]);
});

it('bytes by chance at both ports move nobody: a device is served behind them', async () => {
  const socket = createSocket('udp4');
  // Some look like CoAP, some like a hello of DTLS.
  const heads = [
    Buffer.alloc(0),
    Buffer.of(0x40, 2, 0, 1),
    Buffer.of(0x44, 1),
    Buffer.of(22, 0xfe, 0xfd, 0, 0),
    Buffer.of(25, 0xfe, 0xfd, 0, 1),
  ];
  for (let round = 0; round < 2000; round++)
    for (const uri of [world.server.bootstrap, world.server.bootstraps])
      socket.send(Buffer.concat([heads[round % heads.length]!, randomBytes(1 + (round % 90))]), Number(new URL(uri).port), '127.0.0.1');
  await new Promise((resolve) => setTimeout(resolve, 200));
  socket.close();
  const { endpoint, device } = await aFactoryDevice('behind-noise');
  await registers(endpoint, await bootstraps(device));
});
