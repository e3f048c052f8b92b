import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { CredentialView } from '@drover/contracts';
import { SecuredDevice, type DeviceCredential } from '../support/secured-device.ts';
import { api, startServer, type TestServer } from '../support/server.ts';

let server: TestServer;
const devices: SecuredDevice[] = [];
let count = 0;

beforeAll(async () => {
  server = await startServer({ args: ['--coap-tcp-port', 'off'] });
});

afterEach(() => devices.splice(0).forEach((device) => device.close()));
afterAll(() => server.stop());

interface Known {
  readonly endpoint: string;
  readonly psk: NonNullable<DeviceCredential['psk']>;
}

async function aCredential(identity?: string): Promise<Known> {
  const endpoint = `urn:dev:secured-${++count}`;
  const key = randomBytes(16);
  const known = { endpoint, psk: { identity: identity ?? endpoint, key } };
  const credential = { endpoint, kind: 'psk', key: key.toString('base64'), ...(identity !== undefined && { identity }) };
  expect((await api(server, 'POST', '/credentials', { credentials: [credential] })).body).toEqual({ added: 1, unchanged: 0 });
  return known;
}

async function aDevice(psk: Known['psk'], at = server): Promise<SecuredDevice> {
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
  (await api<{ type: string; details: Record<string, unknown> }[]>(server, 'GET', '/audit?limit=1000')).body.filter((event) => event.type === type);

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
    await until(async () => (await api<CredentialView[]>(server, 'GET', `/credentials?endpoint=${endpoint}`)).body[0]?.usedAt !== undefined);
  });
});
