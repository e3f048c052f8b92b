import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { codeText, decodeMessage, encodeMessage, type OscoreSecret } from '@drover/coap';
import type { CredentialView } from '@drover/contracts';
import { OscoreDevice, registerAs } from '../support/oscore-device.ts';
import { api, startServer, type TestServer } from '../support/server.ts';
import { UdpDevice } from '../support/udp-device.ts';

// Devices that protect each message (RFC 8613), on real sockets, at the port of CoAP over UDP.

let server: TestServer;
const devices: { close(): void }[] = [];
let count = 0;

beforeAll(async () => {
  server = await startServer({ args: ['--coap-tcp-port', 'off'] });
}, 30_000);

afterEach(() => devices.splice(0).forEach((device) => device.close()));
afterAll(() => server.stop());

interface Known {
  readonly endpoint: string;
  /** As the device has it. */
  readonly secret: OscoreSecret & { readonly masterSecret: Buffer };
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

function someContext(more: Partial<OscoreSecret> = {}): Known['secret'] {
  count += 1;
  return {
    masterSecret: randomBytes(16),
    senderId: Uint8Array.of(0xd0, count),
    recipientId: Uint8Array.of(0x5e),
    ...more,
  } as Known['secret'];
}

const entryOf = (endpoint: string, { masterSecret, masterSalt, idContext, senderId, recipientId }: Known['secret']): object => ({
  endpoint,
  kind: 'oscore',
  key: masterSecret.toString('base64'),
  oscore: {
    senderId: hex(senderId),
    recipientId: hex(recipientId),
    ...(masterSalt && { masterSalt: hex(masterSalt) }),
    ...(idContext && { idContext: hex(idContext) }),
  },
});

async function aCredential(more: Partial<OscoreSecret> = {}, at = server): Promise<Known> {
  const secret = someContext(more);
  const endpoint = `urn:dev:oscore-${count}`;
  expect((await api(at, 'POST', '/credentials', { credentials: [entryOf(endpoint, secret)] })).body).toEqual({ added: 1, unchanged: 0 });
  return { endpoint, secret };
}

async function aDevice(secret: OscoreSecret, at = server, respond?: Parameters<typeof OscoreDevice.start>[2]): Promise<OscoreDevice> {
  const device = await OscoreDevice.start(at.coap, secret, respond);
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

type Audited = { type: string; details: Record<string, unknown>; endpoint?: string };
const refusedAs = (code: string, endpoint: string): Promise<void> =>
  until(async () =>
    (await api<Audited[]>(server, 'GET', '/audit?limit=1000')).body.some(
      (event) => event.type === 'identity-refused' && event.endpoint === endpoint && event.details['code'] === code,
    ),
  );
const credentialsOf = async (endpoint: string, at = server): Promise<CredentialView[]> =>
  (await api<CredentialView[]>(at, 'GET', `/credentials?endpoint=${encodeURIComponent(endpoint)}`)).body;

describe('a device with its own context', () => {
  it('registers, updates, and says good-bye; what the server asks it is protected', async () => {
    const { endpoint, secret } = await aCredential();
    const device = await aDevice(secret);
    const { code, location } = await device.register(endpoint);
    expect(code).toBe('2.01');
    await until(() => device.asked.some((text) => text.startsWith('GET /3')));
    expect(new Set(device.contexts)).toEqual(new Set(['server']));
    expect(await device.say('POST', location)).toBe('2.04');
    expect(await device.say('DELETE', location)).toBe('2.02');
  });

  it('without an endpoint name it is who its context says', async () => {
    const { endpoint, secret } = await aCredential();
    expect((await (await aDevice(secret)).register(undefined)).code).toBe('2.01');
    await until(async () => (await api(server, 'GET', `/devices/${encodeURIComponent(endpoint)}`)).status === 200);
  });

  it('goes, and registers again with the numbers that it has; one that has lost its numbers is taken for a recording', async () => {
    const { endpoint, secret } = await aCredential();
    const device = await aDevice(secret);
    const { location } = await device.register(endpoint);
    expect(await device.say('DELETE', location)).toBe('2.02');
    const again = await device.register(endpoint);
    expect([again.code, again.location[1] === location[1]]).toEqual(['2.01', false]);
    await expect((await aDevice(secret)).register(endpoint)).rejects.toThrow('unprotected');
  });

  it('shows nothing of it on the wire', async () => {
    const { endpoint, secret } = await aCredential();
    const device = await aDevice(secret);
    await device.register(endpoint);
    const seen = Buffer.concat(device.wire.map(({ bytes }) => bytes)).toString('latin1');
    for (const word of [endpoint, 'ep=', 'lt=3600', '</3/0>']) expect(seen).not.toContain(word);
  });

  it.each<[string, Partial<OscoreSecret>]>([
    ['with a salt', { masterSalt: randomBytes(8) }],
    ['with an ID Context', { idContext: randomBytes(8) }],
    ['with an empty ID of the server', { recipientId: new Uint8Array(0) }],
    ['with the longest IDs', { senderId: randomBytes(7), recipientId: randomBytes(7) }],
  ])('%s', async (_what, more) => {
    const { endpoint, secret } = await aCredential(more);
    const device = await aDevice(secret);
    expect((await device.register(undefined)).code).toBe('2.01');
    await until(async () => (await api(server, 'GET', `/devices/${encodeURIComponent(endpoint)}`)).status === 200);
    expect((await credentialsOf(endpoint))[0]?.usedAt).toBeDefined();
  });
});

describe('in the name of another', () => {
  const victim = async (): Promise<{ device: OscoreDevice; known: Known; location: string[] }> => {
    const known = await aCredential();
    const device = await aDevice(known.secret);
    return { device, known, location: (await device.register(known.endpoint)).location };
  };

  it('endpoint theft: nobody registers with his own context as somebody else', async () => {
    const { device, known, location } = await victim();
    const thief = await aDevice((await aCredential()).secret);
    expect(await thief.register(known.endpoint)).toMatchObject({ code: '4.00', why: 'ENDPOINT_NOT_YOURS' });
    expect(await device.say('POST', location)).toBe('2.04');
    await refusedAs('ENDPOINT_NOT_YOURS', known.endpoint);
  });

  it('location theft: nobody updates or ends the registration of somebody else', async () => {
    const { device, location } = await victim();
    const thief = await aDevice((await aCredential()).secret);
    expect(await thief.say('POST', location)).toBe('4.00');
    expect(await thief.say('DELETE', location)).toBe('4.00');
    expect(await device.say('POST', location)).toBe('2.04');
  });

  it('downgrade: plain CoAP does not speak for it, not from its own address either', async () => {
    const { device, known, location } = await victim();
    for (const request of [registerAs(known.endpoint), { method: 'POST', path: location }, { method: 'DELETE', path: location }] as const)
      expect(codeText((await device.unprotected(request)).code)).toBe('4.00');
    const plain = await UdpDevice.start(server.coap, () => ({ code: '4.04' }));
    devices.push(plain);
    expect(codeText(await plain.register([`ep=${known.endpoint}`, 'lt=300', 'lwm2m=1.1', 'b=U'], '</3/0>,</5/0>'))).toBe('4.00');
    expect(codeText(await plain.ask('DELETE', location))).toBe('4.00');
    expect(await device.say('POST', location)).toBe('2.04');
    await refusedAs('ENDPOINT_NEEDS_DTLS', known.endpoint);
  });

  it('a wrong Master Secret, and an ID that nobody has, open nothing', async () => {
    const { endpoint, secret } = await aCredential();
    const wrong = await aDevice({ ...secret, masterSecret: randomBytes(16) });
    await expect(wrong.register(endpoint)).rejects.toThrow('unprotected');
    const nobody = await aDevice({ ...secret, senderId: Uint8Array.of(0xff, 0xff, 0xff) });
    await expect(nobody.register(endpoint)).rejects.toThrow('unprotected');
    expect((await api(server, 'GET', `/devices/${encodeURIComponent(endpoint)}`)).status).toBe(404);
  });

  it('replay: a recorded De-register ends nothing, from the same port or another', async () => {
    const { device, location } = await victim();
    await device.say('DELETE', location);
    const farewell = device.wire.findLast(({ from, bytes }) => from === 'device' && codeText(bytes[1]!) === '0.02')!.bytes;
    const again = await device.register(undefined);
    const other = await aDevice((await aCredential()).secret);
    for (const [at, sender] of [device, other].entries()) {
      sender.wire.splice(0);
      sender.send(encodeMessage({ ...decodeMessage(farewell), messageId: 0x7000 + at }));
      await until(() => sender.wire.some(({ from, bytes }) => from === 'server' && codeText(bytes[1]!) === '4.01'));
    }
    expect(await device.say('POST', again.location)).toBe('2.04');
  });
});

const asks = async (endpoint: string): Promise<void> => {
  const { status, body } = await api(server, 'POST', `/devices/${encodeURIComponent(endpoint)}/inquiries`, {
    operation: 'read',
    path: '/3/0/9',
  });
  expect([status, body.error]).toEqual([200, undefined]);
};

describe('a device that moves', () => {
  it('goes on behind another port after it has shown that it receives there, and is asked there', async () => {
    const { endpoint, secret } = await aCredential();
    const device = await aDevice(secret);
    const { location } = await device.register(endpoint);
    await until(() => device.asked.length > 0);
    await device.move();
    device.wire.splice(0);
    expect(await device.say('POST', location)).toBe('2.04');
    // The Update, the challenge, and the Update with its Echo.
    expect(device.wire.filter(({ from }) => from === 'device')).toHaveLength(2);
    const [update, challenge] = device.wire;
    expect(challenge!.bytes.length).toBeLessThan(3 * update!.bytes.length);
    device.wire.splice(0);
    expect(await device.say('POST', location)).toBe('2.04');
    expect(device.wire.filter(({ from }) => from === 'device')).toHaveLength(1);
    await asks(endpoint);
    await until(() => device.asked.includes('GET /3/0/9'));
  });

  it('sends on its own from another port, without an Update before', async () => {
    const { endpoint, secret } = await aCredential();
    const device = await aDevice(secret);
    await device.register(endpoint);
    await until(() => device.asked.length > 0);
    await device.move();
    const payload = Buffer.from('[{"n":"/3/0/9","v":77}]');
    expect(await device.say('POST', ['dp'], { contentFormat: 110, payload })).toBe('2.04');
    await asks(endpoint);
    await until(() => device.asked.includes('GET /3/0/9'));
  });

  it('is not moved by somebody who sends its datagram from elsewhere', async () => {
    const { endpoint, secret } = await aCredential();
    const device = await aDevice(secret);
    const { location } = await device.register(endpoint);
    await until(() => device.asked.length > 0);
    const other = await aDevice((await aCredential()).secret);
    // A fresh request of the device that somebody on the way has kept, and sends from an address of his choice.
    const fresh = await keptBack(device, location);
    other.wire.splice(0);
    other.send(fresh);
    await until(() => other.wire.some(({ from }) => from === 'server'));
    expect(other.wire.filter(({ from }) => from === 'server')).toHaveLength(1);
    expect(other.wire[0]!.bytes.length).toBeLessThan(3 * fresh.length);
    await asks(endpoint);
    await until(() => device.asked.includes('GET /3/0/9'));
  });
});

/** An Update that never came to the server. */
async function keptBack(device: OscoreDevice, location: readonly string[]): Promise<Buffer> {
  device.isMute = true;
  void device.say('POST', location).catch(() => undefined);
  await until(() => device.held.length > 0);
  device.isMute = false;
  return device.held[0]!;
}

describe('the life of a credential', () => {
  it('revoked: it opens nothing at once, its registration is gone, and the endpoint is not open to others', async () => {
    const { endpoint, secret } = await aCredential();
    const device = await aDevice(secret);
    const { location } = await device.register(endpoint);
    expect((await api(server, 'POST', '/credentials/revoke', { endpoint, reason: 'stolen' })).status).toBe(200);
    await expect(device.say('POST', location)).rejects.toThrow('unprotected');
    expect(codeText((await device.unprotected(registerAs(endpoint))).code)).toBe('4.00');
    const again = { credentials: [entryOf(endpoint, secret)] };
    expect((await api(server, 'POST', '/credentials', again)).body.error.code).toBe('IDENTITY_TAKEN');
    const other = { credentials: [entryOf(endpoint, { ...secret, senderId: Uint8Array.of(0xee) })] };
    expect((await api(server, 'POST', '/credentials', other)).body.error.code).toBe('KEY_REUSED');
  });

  it('rotated: both open, until the device has come with the new one; then the old one is revoked', async () => {
    const { endpoint, secret } = await aCredential();
    const next = someContext();
    expect((await api(server, 'POST', '/credentials/rotate', entryOf(endpoint, next))).body).toMatchObject({ state: 'next' });
    const old = await aDevice(secret);
    const { location } = await old.register(endpoint);
    expect(await old.say('POST', location)).toBe('2.04');
    const fresh = await aDevice(next);
    expect(await fresh.say('POST', location)).toBe('2.04');
    await until(
      async () =>
        (await credentialsOf(endpoint))
          .map(({ state }) => state)
          .sort()
          .join() === 'active,revoked',
    );
    // The gateway hears of it after the commit.
    const says = (): Promise<string> => old.say('POST', location).catch((error: Error) => error.message);
    await until(async () => (await says()) === 'unprotected');
    expect(await fresh.say('POST', location)).toBe('2.04');
  });

  it('nothing that is shown, logged or exported holds a key', async () => {
    const { endpoint, secret } = await aCredential({ masterSalt: randomBytes(8) });
    await (await aDevice(secret)).register(endpoint);
    const texts = await Promise.all(
      ['/credentials', '/credentials/check', '/audit?limit=1000', `/devices/${encodeURIComponent(endpoint)}`].map(async (path) =>
        JSON.stringify((await api(server, 'GET', path)).body),
      ),
    );
    for (const text of texts)
      for (const leak of [hex(secret.masterSecret), secret.masterSecret.toString('base64')])
        expect(text.toLowerCase()).not.toContain(leak.toLowerCase());
    const [view] = await credentialsOf(endpoint);
    expect(view).toMatchObject({ kind: 'oscore', identity: `kid:${hex(secret.senderId)}` });
    const shown = ['createdAt', 'createdBy', 'endpoint', 'fingerprint', 'identity', 'kind', 'state', 'use', 'usedAt'];
    expect(Object.keys(view!).sort()).toEqual(shown);
  });
});
