import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { certificateDer, privateKeyOf, scratchFolder, type CertificateName } from '@drover/testkit';
import { SecuredDevice } from '../support/secured-device.ts';
import { api, startServer, type TestServer } from '../support/server.ts';
import { TlsDevice } from '../support/tls-device.ts';

const scratch = scratchFolder();
const pem = (label: string, der: Uint8Array): string =>
  `-----BEGIN ${label}-----\n${Buffer.from(der).toString('base64')}\n-----END ${label}-----\n`;
const certificates = (...names: CertificateName[]): string => names.map((name) => pem('CERTIFICATE', certificateDer(name))).join('');
const keyPem = (name: Parameters<typeof privateKeyOf>[0]): string => privateKeyOf(name).export({ format: 'pem', type: 'pkcs8' }).toString();

let server: TestServer;
const devices: { close(): void }[] = [];
let count = 0;

beforeAll(async () => {
  const written = (name: string, text: string): string => {
    const file = join(scratch.path, name);
    writeFileSync(file, text);
    return file;
  };
  const certificate = written('server.pem', certificates('server', 'intermediate'));
  const args = ['--dtls-key', written('server.key', keyPem('server')), '--dtls-certificate', certificate];
  server = await startServer({ isSecured: true, args: [...args, '--dtls-client-ca', written('ca.pem', certificates('root'))] });
}, 30_000);

afterEach(() => devices.splice(0).forEach((device) => device.close()));
afterAll(() => server.stop());

async function added(change: Record<string, unknown> = {}): Promise<{ endpoint: string; key: Buffer }> {
  const endpoint = `urn:dev:tls-${++count}`;
  const key = randomBytes(16);
  const credential = { endpoint, kind: 'psk', key: key.toString('base64'), ...change };
  expect((await api(server, 'POST', '/credentials', { credentials: [credential] })).body).toEqual({ added: 1, unchanged: 0 });
  return { endpoint, key };
}

async function withKey(identity: string, key: Uint8Array, ciphers?: string): Promise<TlsDevice> {
  const device = await TlsDevice.withKey(server.coapsTcp, identity, key, ciphers);
  devices.push(device);
  return device;
}

describe('a device over TLS', () => {
  it.each(['PSK-AES128-CCM8@SECLEVEL=0', 'PSK-AES128-GCM-SHA256'])(
    'registers, is read, updates and says good-bye with its key, by %s',
    async (ciphers) => {
      const { endpoint, key } = await added();
      const device = await withKey(endpoint, key, ciphers);
      expect(ciphers.startsWith(device.cipher)).toBe(true);
      expect(await device.register(endpoint)).toBe('2.01');
      expect(await device.say('POST', device.location)).toBe('2.04');
      for (const end = Date.now() + 5000; device.asked.length === 0 && Date.now() < end;)
        await new Promise((resolve) => setTimeout(resolve, 20));
      expect(device.asked[0]).toMatch(/^(GET|FETCH) /);
      expect(await device.say('DELETE', device.location)).toBe('2.02');
    },
  );

  it('goes on over DTLS where it registered over TLS, and the other way round: the credential counts, and what is left behind ends', async () => {
    const { endpoint, key } = await added();
    const device = await withKey(endpoint, key);
    expect(await device.register(endpoint)).toBe('2.01');
    const other = await SecuredDevice.start(server.coaps, { psk: { identity: endpoint, key } });
    devices.push(other);
    await other.connect();
    expect(await other.say('POST', [...device.location])).toBe('2.04');
    await device.ended;
    const again = await withKey(endpoint, key);
    expect(await again.say('POST', device.location)).toBe('2.04');
  });

  it('comes with a certificate, by its name and its issuer', async () => {
    await added({ endpoint: 'urn:dev:1', kind: 'x509', key: undefined, identity: 'urn:dev:1', issuer: 'CN=Intermediate' });
    const [key, cert, ca] = [keyPem('device'), certificates('device', 'intermediate'), certificates('root')];
    const ciphers = 'ECDHE-ECDSA-AES128-GCM-SHA256';
    const device = await TlsDevice.start(server.coapsTcp, { key, cert, ca, ciphers });
    devices.push(device);
    expect(await device.register('urn:dev:1')).toBe('2.01');
  });
});

describe('over TLS nobody comes in', () => {
  it('with a key that is another', async () => {
    const { endpoint } = await added();
    await expect(withKey(endpoint, randomBytes(16))).rejects.toThrow();
  });

  it('with an identity that nobody knows', async () => {
    await expect(withKey('urn:dev:nobody', randomBytes(16))).rejects.toThrow();
  });

  it('with a certificate that nobody signed, or with none', async () => {
    const ciphers = 'ECDHE-ECDSA-AES128-GCM-SHA256';
    for (const own of [{ key: keyPem('stranger'), cert: certificates('stranger') }, {}]) {
      // The server may hang up before its last word has arrived here.
      const device = await TlsDevice.start(server.coapsTcp, { ...own, ca: certificates('root'), ciphers }).catch(() => undefined);
      if (device === undefined) continue;
      devices.push(device);
      expect(await device.register('urn:dev:1')).toBe('closed');
    }
  });

  it('with a suite that hides nothing, or with SSL of old', async () => {
    const { endpoint, key } = await added();
    await expect(withKey(endpoint, key, 'PSK-NULL-SHA256@SECLEVEL=0')).rejects.toThrow();
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'PSK-AES128-CBC-SHA@SECLEVEL=0' } as const;
    await expect(TlsDevice.start(server.coapsTcp, { ...old, pskCallback: () => ({ identity: endpoint, psk: key }) })).rejects.toThrow();
  });
});

describe('over TLS nobody speaks', () => {
  it('for an endpoint that is another’s', async () => {
    const [own, other] = [await added(), await added()];
    const device = await withKey(own.endpoint, own.key);
    expect(await device.register(other.endpoint)).toBe('4.00');
  });

  it('to a location that is another’s', async () => {
    const [own, other] = [await added(), await added()];
    const victim = await withKey(other.endpoint, other.key);
    await victim.register(other.endpoint);
    const device = await withKey(own.endpoint, own.key);
    expect(await device.say('DELETE', victim.location)).toBe('4.00');
    expect(await victim.say('POST', victim.location)).toBe('2.04');
  });

  it('with a key that was revoked: its connection ends', async () => {
    const { endpoint, key } = await added();
    const device = await withKey(endpoint, key);
    expect(await device.register(endpoint)).toBe('2.01');
    await api(server, 'POST', '/credentials/revoke', { endpoint, reason: 'stolen' });
    await device.ended;
    await expect(withKey(endpoint, key)).rejects.toThrow();
  });
});
