import { createPublicKey, generateKeyPairSync, randomBytes, X509Certificate } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { DeviceView, OperationView } from '@drover/contracts';
import { CONTENT_FORMAT, encodeContent } from '@drover/lwm2m';
import { certificateDer, privateKeyOf, scratchFolder, type CertificateName, type KeyName } from '@drover/testkit';
import { SecuredDevice, type DeviceCredential, type Respond } from '../support/secured-device.ts';
import { api, startServer, untilKnown, type TestServer } from '../support/server.ts';

// The lines of docs/conformance.md about security: each way in which a device may show who it is, and what it may do then.

jest.setTimeout(60_000);

const scratch = scratchFolder();
const devices: SecuredDevice[] = [];
let server: TestServer;

const spkiOf = (name: KeyName): Buffer =>
  createPublicKey(privateKeyOf(name).export({ format: 'pem', type: 'pkcs8' })).export({ type: 'spki', format: 'der' });
const pem = (name: CertificateName): string =>
  `-----BEGIN CERTIFICATE-----\n${certificateDer(name).toString('base64')}\n-----END CERTIFICATE-----\n`;

function written(name: string, content: string): string {
  writeFileSync(scratch.file(name), content, { mode: 0o600 });
  return scratch.file(name);
}

function serverWith(key: KeyName, ...chain: CertificateName[]): Promise<TestServer> {
  const keyFile = written(`${key}.key`, privateKeyOf(key).export({ format: 'pem', type: 'pkcs8' }) as string);
  const args = ['--dtls-key', keyFile, '--dtls-certificate', written(`${chain.join('-')}.pem`, chain.map(pem).join(''))];
  return startServer({ isSecured: true, args: [...args, '--dtls-client-ca', written('ca.pem', pem('root'))] });
}

beforeAll(async () => {
  server = await serverWith('server', 'server', 'intermediate');
});
afterEach(() => devices.splice(0).forEach((device) => device.close()));
afterAll(async () => {
  await server.stop();
  scratch.remove();
});

type Mode = 'psk' | 'rpk' | 'x509';
let count = 0;

interface Known {
  readonly endpoint: string;
  readonly credential: DeviceCredential;
}

const CERTIFIED = { privateKey: privateKeyOf('device'), chain: [certificateDer('device'), certificateDer('intermediate')] };

/** A device that the server knows, with a key that nobody else has; there is one certificate. */
async function aKnown(mode: Mode): Promise<Known> {
  const endpoint = mode === 'x509' ? 'urn:dev:1' : `urn:dev:${mode}-${++count}`;
  const [entry, credential] = materialOf(mode, endpoint);
  await api(server, 'POST', '/credentials', { credentials: [{ endpoint, kind: mode, ...entry }] });
  return { endpoint, credential };
}

function materialOf(mode: Mode, endpoint: string): [object, DeviceCredential] {
  if (mode === 'x509') return [{ identity: endpoint, issuer: 'CN=Intermediate' }, { own: CERTIFIED }];
  if (mode === 'psk') {
    const key = randomBytes(16);
    return [{ key: key.toString('base64') }, { psk: { identity: endpoint, key } }];
  }
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const rawKey = publicKey.export({ type: 'spki', format: 'der' });
  return [{ key: rawKey.toString('base64') }, { own: { privateKey, rawKey } }];
}

async function aDevice(credential: DeviceCredential, respond?: Respond, at = server): Promise<SecuredDevice> {
  const device = await SecuredDevice.start(at.coaps, credential, respond);
  devices.push(device);
  return device;
}

async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = performance.now() + 5000; performance.now() < end;) {
    if (await isSo()) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new TypeError('it did not come to that');
}

const valued = (value: number) => ({
  options: { contentFormat: CONTENT_FORMAT.SENML_CBOR },
  payload: encodeContent(CONTENT_FORMAT.SENML_CBOR, [{ path: '/5/0/3', value }], '/5/0/3'),
});
const lastContact = async (endpoint: string): Promise<string | undefined> =>
  (await api<DeviceView>(server, 'GET', `/devices/${encodeURIComponent(endpoint)}`)).body.lastContactAt;

const subjectsOf = (names: readonly CertificateName[]): string[] => names.map((name) => new X509Certificate(certificateDer(name)).subject);

/** What a device has seen of a server, whatever it makes of it: what a certificate is worth is its own affair (Object 0, resource 15). */
async function shownTo(credential: DeviceCredential, at: TestServer): Promise<string | string[]> {
  const device = await aDevice(credential, undefined, at);
  await device.connect();
  const { shown } = device;
  return shown?.kind === 'rpk' ? shown.spki.toString('hex') : (shown?.chain ?? []).map(({ subject }) => subject);
}

describe('what the server shows', () => {
  it.each(['rpk', 'x509'] as const)(
    'to a device by %s: its raw key, or its certificate and all below the root, as that one asks',
    async (mode) => {
      const { credential } = await aKnown(mode);
      expect(await shownTo({ ...credential, serverType: 'rpk' }, server)).toBe(spkiOf('server').toString('hex'));
      expect(await shownTo({ ...credential, serverType: 'x509' }, server)).toEqual(subjectsOf(['server', 'intermediate']));
    },
  );

  it('one with a certificate that has signed itself shows that', async () => {
    const other = await serverWith('selfSigned', 'selfSigned');
    try {
      await api(other, 'POST', '/credentials', {
        credentials: [{ endpoint: 'urn:dev:1', kind: 'x509', identity: 'urn:dev:1', issuer: 'CN=Intermediate' }],
      });
      expect(await shownTo({ own: CERTIFIED, serverType: 'x509' }, other)).toEqual(subjectsOf(['selfSigned']));
    } finally {
      await other.stop();
    }
  });
});

describe('what is not taken', () => {
  it.each([
    ['with the private key of another', { privateKey: privateKeyOf('stranger'), chain: CERTIFIED.chain }, 'decrypt_error'],
    ['that has signed itself', { privateKey: privateKeyOf('selfSigned'), chain: [certificateDer('selfSigned')] }, 'unknown_ca'],
    ['of a root that is not ours', { privateKey: privateKeyOf('stranger'), chain: [certificateDer('stranger')] }, 'unknown_ca'],
    [
      'whose name is that of no device',
      { privateKey: privateKeyOf('revoked'), chain: [certificateDer('revoked'), CERTIFIED.chain[1]!] },
      'access_denied',
    ],
  ])('a certificate %s', async (_, own, alert) => {
    const device = await aDevice({ own });
    await expect(device.connect()).rejects.toThrow(alert);
  });
});

describe.each<Mode>(['psk', 'rpk', 'x509'])('by %s', (mode) => {
  it('registers, updates, takes its leave and registers again, in one session', async () => {
    const { endpoint, credential } = await aKnown(mode);
    const device = await aDevice(credential);
    await device.connect();
    const { code, location } = await device.register(endpoint);
    expect([code, await device.say('POST', location), await device.say('DELETE', location)]).toEqual(['2.01', '2.04', '2.02']);
    expect(await device.say('POST', location)).toBe('4.04');
    expect((await device.register(endpoint)).code).toBe('2.01');
    expect(device.handshakes).toBe(1);
  });

  it('registers, updates and registers anew, in a session of its own', async () => {
    const { endpoint, credential } = await aKnown(mode);
    const device = await aDevice(credential);
    await device.connect();
    const first = await device.register(endpoint);
    expect(await device.say('POST', first.location)).toBe('2.04');
    await device.connect();
    const second = await device.register(endpoint);
    expect([second.code, await device.say('POST', second.location)]).toEqual(['2.01', '2.04']);
    expect(await device.say('POST', first.location)).toBe('4.04');
  });

  it('without an endpoint name it is who its credential says', async () => {
    const { endpoint, credential } = await aKnown(mode);
    const device = await aDevice(credential);
    await device.connect();
    expect((await device.register(undefined)).code).toBe('2.01');
    await untilKnown(server, endpoint);
  });

  it('under the name of another it is refused', async () => {
    const { credential } = await aKnown(mode);
    const device = await aDevice(credential);
    await device.connect();
    expect(await device.register('urn:dev:somebody-else')).toMatchObject({ code: '4.00', why: 'ENDPOINT_NOT_YOURS' });
  });

  it('sends on its own from another address, and that is a sign of life', async () => {
    const { endpoint, credential } = await aKnown(mode);
    const device = await aDevice(credential);
    await device.connect();
    await device.register(endpoint);
    const before = await lastContact(endpoint);
    await device.move();
    const { options, payload } = valued(2);
    expect(await device.say('POST', ['dp'], { ...options, payload })).toBe('2.04');
    await until(async () => (await lastContact(endpoint)) !== before);
    expect(device.handshakes).toBe(1);
  });

  it('notifies from another address', async () => {
    const { endpoint, credential } = await aKnown(mode);
    const { options, payload } = valued(0);
    const device = await aDevice(credential, (text) =>
      text === 'GET /5/0/3' ? { code: '2.05', options: { ...options, observe: 1 }, payload } : { code: '4.04' },
    );
    await device.connect();
    await device.register(endpoint);
    const path = `/devices/${encodeURIComponent(endpoint)}`;
    await untilKnown(server, endpoint);
    const { body } = await api<OperationView>(server, 'POST', `${path}/inquiries`, { operation: 'observe', path: '/5/0/3' });
    const seen = async (): Promise<OperationView> => (await api<OperationView>(server, 'GET', `${path}/operations/${body.id}`)).body;
    await until(async () => (await seen()).state === 'observing');
    await device.move();
    device.notify('GET /5/0/3', 2, valued(2));
    await until(async () => (await seen()).notifications.length > 0);
    expect((await seen()).notifications[0]!.values).toMatchObject([{ path: '/5/0/3', value: 2 }]);
    expect(device.handshakes).toBe(1);
  });

  it('with the sleep of queue mode: the server begins no handshake and sends nothing to who has none', async () => {
    const { endpoint, credential } = await aKnown(mode);
    const device = await aDevice(credential);
    await device.connect();
    await device.register(endpoint, ['b=U', 'Q']);
    await untilKnown(server, endpoint);
    await api(server, 'POST', '/credentials/revoke', { endpoint, reason: 'test' });
    await until(() => device.ended.length > 0);
    const heard = device.wire.filter(({ from }) => from === 'server').length;
    const order = { operation: 'read', path: '/3/0', waitSeconds: 60 };
    const asked = await api<OperationView>(server, 'POST', `/devices/${encodeURIComponent(endpoint)}/inquiries`, order);
    expect(asked.body).toMatchObject({ state: 'waiting' });
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(device.wire.filter(({ from }) => from === 'server')).toHaveLength(heard);
    // Its certificate is the only one there is.
    if (mode === 'x509') return;
    await expect(device.connect()).rejects.toThrow(/bad_record_mac|access_denied|timeout/);
  });
});
