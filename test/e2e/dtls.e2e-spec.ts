import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { codeText } from '@drover/coap';
import type { CredentialView } from '@drover/contracts';
import { SecuredDevice, type DeviceCredential } from '../support/secured-device.ts';
import { api, startServer, type TestServer } from '../support/server.ts';
import { UdpDevice } from '../support/udp-device.ts';

let server: TestServer;
const devices: SecuredDevice[] = [];
let count = 0;

beforeAll(async () => {
  server = await startServer({ args: ['--coap-tcp-port', 'off'] });
}, 30_000);

afterEach(() => devices.splice(0).forEach((device) => device.close()));
afterAll(() => server.stop());

interface Known {
  readonly endpoint: string;
  readonly psk: NonNullable<DeviceCredential['psk']> & { readonly key: Buffer };
}

async function aCredential(identity?: string): Promise<Known> {
  const endpoint = `urn:dev:secured-${++count}`;
  const key = randomBytes(16);
  const known = { endpoint, psk: { identity: identity ?? endpoint, key } };
  const credential = { endpoint, kind: 'psk', key: key.toString('base64'), ...(identity !== undefined && { identity }) };
  expect((await api(server, 'POST', '/credentials', { credentials: [credential] })).body).toEqual({ added: 1, unchanged: 0 });
  return known;
}

async function aDevice(psk: NonNullable<DeviceCredential['psk']>, at = server): Promise<SecuredDevice> {
  const device = await SecuredDevice.start(at.coaps, { psk });
  devices.push(device);
  return device;
}

async function until(isSo: () => boolean | Promise<boolean>, ms = 5000): Promise<void> {
  for (const end = performance.now() + ms; performance.now() < end;) {
    if (await isSo()) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new TypeError(`it did not come to that in ${ms} ms`);
}

const audited = async (type: string): Promise<{ details: Record<string, unknown>; endpoint?: string }[]> =>
  (await api<{ type: string; details: Record<string, unknown> }[]>(server, 'GET', '/audit?limit=1000')).body.filter(
    (event) => event.type === type,
  );

describe('a device with its own key', () => {
  it('registers, updates from another port in the same session, and says good-bye', async () => {
    const { endpoint, psk } = await aCredential('meter-1');
    const device = await aDevice(psk);
    await device.connect();
    const { code, location } = await device.register(endpoint);
    expect(code).toBe('2.01');
    await device.move();
    expect(await device.say('POST', location)).toBe('2.04');
    await device.move();
    expect(await device.say('DELETE', location)).toBe('2.02');
    expect(device.handshakes).toBe(1);
  });

  it('without an endpoint name it is who its key says', async () => {
    const { endpoint, psk } = await aCredential();
    const device = await aDevice(psk);
    await device.connect();
    expect((await device.register(undefined)).code).toBe('2.01');
    await until(async () => (await api(server, 'GET', `/devices/${encodeURIComponent(endpoint)}`)).status === 200);
  });

  it('its use is noted', async () => {
    const { endpoint, psk } = await aCredential();
    const device = await aDevice(psk);
    await device.connect();
    await until(
      async () => (await api<CredentialView[]>(server, 'GET', `/credentials?endpoint=${endpoint}`)).body[0]?.usedAt !== undefined,
    );
  });
});

describe('in the name of another', () => {
  const victim = async (): Promise<{ device: SecuredDevice; known: Known; location: string[] }> => {
    const known = await aCredential();
    const device = await aDevice(known.psk);
    await device.connect();
    return { device, known, location: (await device.register(known.endpoint)).location };
  };
  const thief = async (): Promise<SecuredDevice> => {
    const device = await aDevice((await aCredential()).psk);
    await device.connect();
    return device;
  };

  it('endpoint theft: nobody registers with his own key as somebody else', async () => {
    const { device, known, location } = await victim();
    const other = await thief();
    expect(await other.register(known.endpoint)).toMatchObject({ code: '4.00', why: 'ENDPOINT_NOT_YOURS' });
    expect(await device.say('POST', location)).toBe('2.04');
    const isTold = async (): Promise<boolean> =>
      (await audited('identity-refused')).some(
        (event) => event.endpoint === known.endpoint && event.details['code'] === 'ENDPOINT_NOT_YOURS',
      );
    await until(isTold);
  });

  it('location theft: nobody updates or ends the registration of somebody else', async () => {
    const { device, location } = await victim();
    const other = await thief();
    expect(await other.say('POST', location)).toBe('4.00');
    expect(await other.say('DELETE', location)).toBe('4.00');
    expect(await device.say('POST', location)).toBe('2.04');
  });

  it('downgrade: no datagram without security speaks for a device that has a key', async () => {
    const { device, known, location } = await victim();
    const plain = await UdpDevice.start(server.coap, () => ({ code: '4.04' }));
    try {
      expect(codeText(await plain.register([`ep=${known.endpoint}`, 'lt=300', 'lwm2m=1.1', 'b=U'], '</3/0>,</5/0>'))).toBe('4.00');
      expect(codeText(await plain.ask('POST', location))).toBe('4.00');
      expect(codeText(await plain.ask('DELETE', location))).toBe('4.00');
    } finally {
      plain.close();
    }
    expect(await device.say('POST', location)).toBe('2.04');
  });

  it('downgrade before the first contact: a key that was imported closes the door at once', async () => {
    const known = await aCredential();
    const plain = await UdpDevice.start(server.coap, () => ({ code: '4.04' }));
    try {
      expect(codeText(await plain.register([`ep=${known.endpoint}`, 'lt=300', 'lwm2m=1.1', 'b=U'], '</3/0>,</5/0>'))).toBe('4.00');
    } finally {
      plain.close();
    }
  });

  it('who was there before the key was imported is not believed any more', async () => {
    const endpoint = 'urn:dev:squatter';
    const plain = await UdpDevice.start(server.coap, () => ({ code: '4.04' }));
    try {
      expect(codeText(await plain.register([`ep=${endpoint}`, 'lt=300', 'lwm2m=1.1', 'b=U'], '</3/0>,</5/0>'))).toBe('2.01');
      const credentials = [{ endpoint, kind: 'psk', key: randomBytes(16).toString('base64') }];
      await api(server, 'POST', '/credentials', { credentials });
      await until(async () => codeText(await plain.ask('POST', plain.location)) !== '2.04');
      expect(codeText(await plain.register([`ep=${endpoint}`, 'lt=300', 'lwm2m=1.1', 'b=U'], '</3/0>,</5/0>'))).toBe('4.00');
    } finally {
      plain.close();
    }
  });

  it('Send without a registration, and with one that is not his, tells nothing', async () => {
    const other = await thief();
    expect(await other.say('POST', ['dp'], { contentFormat: 112, payload: Buffer.from([0x80]) })).toBe('4.04');
  });

  it.each([
    ['a wrong key', 'wrong'],
    ['an identity that nobody has', 'unknown'],
  ])('%s ends alike', async (_what, how) => {
    const { psk } = await aCredential();
    const device = await aDevice(how === 'wrong' ? { ...psk, key: randomBytes(16) } : { ...psk, identity: 'nobody' });
    await expect(device.connect()).rejects.toThrow(/bad_record_mac|timeout/);
  });
});

describe('the life of a credential', () => {
  it('revoked: its session ends, it opens nothing, and the endpoint is not open to others', async () => {
    const { endpoint, psk } = await aCredential();
    const device = await aDevice(psk);
    await device.connect();
    await device.register(endpoint);
    expect((await api(server, 'POST', '/credentials/revoke', { endpoint, reason: 'stolen' })).status).toBe(200);
    await until(() => device.ended.length > 0);
    await expect(device.connect()).rejects.toThrow(/bad_record_mac|timeout/);
    const again = { credentials: [{ endpoint, kind: 'psk', key: psk.key.toString('base64') }] };
    expect((await api(server, 'POST', '/credentials', again)).body.error.code).toBe('IDENTITY_TAKEN');
  });

  it('rotated: both open, until the device has come with the new one; then the old one is revoked', async () => {
    const { endpoint, psk } = await aCredential();
    const next = { identity: `${endpoint}/2`, key: randomBytes(32) };
    const rotation = { endpoint, kind: 'psk', identity: next.identity, key: next.key.toString('base64') };
    expect((await api(server, 'POST', '/credentials/rotate', rotation)).body).toMatchObject({ state: 'next' });
    const [old, fresh] = [await aDevice(psk), await aDevice(next)];
    await old.connect();
    const { location } = await old.register(endpoint);
    await fresh.connect();
    expect(await fresh.say('POST', location)).toBe('2.04');
    const states = async (): Promise<string[]> =>
      (await api<CredentialView[]>(server, 'GET', `/credentials?endpoint=${endpoint}`)).body.map(({ state }) => state).sort();
    await until(async () => (await states()).join() === 'active,revoked');
    await until(() => old.ended.length > 0);
    await expect(old.connect()).rejects.toThrow(/bad_record_mac|timeout/);
    // The registration went over to the new session and outlives the old one.
    expect(await fresh.say('POST', location)).toBe('2.04');
    expect((await audited('credential-activated')).at(-1)).toMatchObject({ endpoint, details: { identity: next.identity } });
  });

  it('nothing that is shown, logged or exported holds a key', async () => {
    const { endpoint, psk } = await aCredential();
    const shown = JSON.stringify([
      (await api(server, 'GET', `/credentials?endpoint=${endpoint}`)).body,
      (await api(server, 'GET', '/audit?limit=1000')).body,
      (
        await api(server, 'POST', '/credentials', {
          credentials: [{ endpoint: 'urn:dev:twin', kind: 'psk', key: psk.key.toString('base64') }],
        })
      ).body,
    ]);
    for (const spelled of [psk.key.toString('base64'), psk.key.toString('hex')]) expect(shown).not.toContain(spelled);
    expect(shown).toContain('KEY_SHARED');
  });

  it('and the files of the server do not either', async () => {
    const { psk } = await aCredential();
    const files = ['drover.sqlite', 'drover.sqlite-wal'].map((name) => join(server.data, name)).filter(existsSync);
    expect(files.length).toBeGreaterThan(0);
    for (const file of files) {
      const bytes = readFileSync(file);
      for (const spelled of [psk.key, Buffer.from(psk.key.toString('base64')), Buffer.from(psk.key.toString('hex'))])
        expect(bytes.includes(spelled)).toBe(false);
    }
    expect(statSync(join(server.data, 'keys', 'credentials.kek')).mode & 0o777).toBe(0o600);
  });
});

describe('what is not let in', () => {
  it.each([
    ['a short key', { key: randomBytes(15).toString('base64') }, 400, 'KEY_TOO_SHORT'],
    ['a counter', { key: Buffer.from(Array.from({ length: 16 }, (_, i) => i)).toString('base64') }, 400, 'KEY_COUNTER'],
    ['no key', {}, 400, 'KEY_MISSING'],
    ['what is no base64', { key: 'AAAA=AAA' }, 400, 'REQUEST_INVALID'],
    ['base64 that loses bits', { key: `${randomBytes(16).toString('base64').slice(0, 21)}9` }, 400, 'KEY_ENCODING'],
    ['a member that there is not', { key: randomBytes(16).toString('base64'), secret: 'x' }, 400, 'REQUEST_INVALID'],
    ['an identity of 129 bytes', { key: randomBytes(16).toString('base64'), identity: 'é'.repeat(65) }, 400, 'IDENTITY_INVALID'],
  ])('%s', async (_what, change, status, code) => {
    const answer = await api(server, 'POST', '/credentials', { credentials: [{ endpoint: 'urn:dev:weak', kind: 'psk', ...change }] });
    expect([answer.status, answer.body.error.code]).toEqual([status, code]);
  });

  it('of many, none when one is weak; and which one is said', async () => {
    const entry = (endpoint: string, key: Buffer) => ({ endpoint, kind: 'psk', key: key.toString('base64') });
    const shared = randomBytes(16);
    const credentials = [
      entry('urn:m:1', randomBytes(16)),
      entry('urn:m:2', shared),
      entry('urn:m:3', shared),
      entry('urn:m:1', randomBytes(20)),
    ];
    const { status, body } = await api(server, 'POST', '/credentials', { credentials });
    expect(status).toBe(400);
    expect(body.error.details).toEqual([
      expect.objectContaining({ index: 2, code: 'KEY_SHARED' }),
      expect.objectContaining({ index: 3, code: 'CREDENTIAL_EXISTS' }),
    ]);
    expect((await api<unknown[]>(server, 'GET', '/credentials?endpoint=urn:m:1')).body).toEqual([]);
  });

  it.each(['viewer', 'operator', 'approver', 'auditor'])('%s may not look at credentials, and not change them', async (role) => {
    const { body } = await api<{ secret: string }>(server, 'POST', '/tokens', { name: `c-${role}`, role });
    for (const [method, path] of [
      ['GET', '/credentials'],
      ['GET', '/credentials/check'],
      ['POST', '/credentials'],
      ['POST', '/credentials/rotate'],
      ['POST', '/credentials/revoke'],
    ] as const)
      expect((await api(server, method, path, method === 'POST' ? {} : undefined, body.secret)).status).toBe(403);
  });
});

describe('a server that was told nothing', () => {
  it('opens no port without security, and says in its health when one is', async () => {
    const strict = await startServer({ isSecured: true });
    try {
      expect(strict.coap).toBe('');
      expect(strict.coaps).toMatch(/^coaps:/);
      const health = async (at: TestServer): Promise<string[]> => (await api<{ warnings: string[] }>(at, 'GET', '/health')).body.warnings;
      expect(await health(strict)).toEqual([]);
      expect(await health(server)).toEqual([expect.stringContaining('NoSec')]);
    } finally {
      await strict.stop();
    }
  });
});
