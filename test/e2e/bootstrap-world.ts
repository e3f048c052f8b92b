import { randomBytes } from 'node:crypto';
import { expect } from '@jest/globals';
import { codeText } from '@drover/coap';
import type { BootstrapView, CredentialView } from '@drover/contracts';
import { BootstrappingDevice, type BootstrapHabits } from '../support/bootstrapping-device.ts';
import { SecuredDevice, type DeviceCredential } from '../support/secured-device.ts';
import { api, type TestServer } from '../support/server.ts';

/** One server with its two doors, and what has to be closed after each test. */
export const world: { server: TestServer; readonly open: { close(): void }[] } = { server: undefined as never, open: [] };
let count = 0;

export const account = (security: object = { mode: 'PSK', key: 'Generate' }, uri = world.server.coaps): object => ({
  uri,
  shortServerId: 101,
  lifetime: '1h',
  security,
});

export async function apply(name: string, spec: object): Promise<void> {
  const document = { apiVersion: 'drover/v1', kind: 'BootstrapTemplate', metadata: { name }, spec };
  expect(await api(world.server, 'POST', '/apply', { documents: [document] })).toMatchObject({ status: 200 });
}

export async function aKey(
  endpoint: string,
  use: 'bootstrap' | 'management',
  identity = `${use} ${endpoint}`,
): Promise<{ psk: NonNullable<DeviceCredential['psk']> }> {
  const key = randomBytes(16);
  const credentials = [{ endpoint, kind: 'psk', use, identity, key: key.toString('base64') }];
  expect((await api(world.server, 'POST', '/credentials', { credentials })).body).toMatchObject({ added: 1 });
  return { psk: { identity, key } };
}

export const anEndpoint = (prefix = 'urn:dev'): string => `${prefix}:${++count}`;

export interface Factory {
  readonly endpoint: string;
  readonly factory: DeviceCredential;
  readonly device: BootstrappingDevice;
}

export async function comes(factory: DeviceCredential, habits: BootstrapHabits = {}): Promise<BootstrappingDevice> {
  const device = await BootstrappingDevice.start(world.server.bootstraps, factory, habits);
  world.open.push(device);
  return device;
}

export async function aFactoryDevice(endpoint = anEndpoint(), habits: BootstrapHabits = {}): Promise<Factory> {
  const factory = await aKey(endpoint, 'bootstrap');
  return { endpoint, factory, device: await comes(factory, habits) };
}

/** The whole session; answers the credential that it was given. */
export async function bootstraps({ memory, device }: BootstrappingDevice, query: readonly string[] = []): Promise<DeviceCredential> {
  const response = await device.request({ method: 'POST', path: ['bs'], query });
  expect(codeText(response.code)).toBe('2.04');
  await until(() => memory.isFinished, 'Finish');
  return memory.account!.credential;
}

export async function until(isSo: () => boolean | Promise<boolean>, what = 'that', ms = 10_000): Promise<void> {
  for (const end = performance.now() + ms; performance.now() < end;) {
    if (await isSo()) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new TypeError(`it did not come to ${what} in ${ms} ms`);
}

export const shown = async (endpoint: string): Promise<BootstrapView> =>
  (await api<BootstrapView>(world.server, 'GET', `/bootstraps/${encodeURIComponent(endpoint)}`)).body;
export const credentialsOf = async (endpoint: string): Promise<CredentialView[]> =>
  (await api<CredentialView[]>(world.server, 'GET', `/credentials?endpoint=${encodeURIComponent(endpoint)}`)).body;
export const statesOf = async (endpoint: string): Promise<string[]> =>
  (await credentialsOf(endpoint)).filter(({ use }) => use === 'management').map(({ state }) => state);
export const audited = async (type: string): Promise<{ details: Record<string, unknown>; endpoint?: string }[]> =>
  (
    await api<{ type: string; details: Record<string, unknown>; endpoint?: string }[]>(world.server, 'GET', '/audit?limit=1000')
  ).body.filter((event) => event.type === type);

/** Begins a session with what it was given, and registers. */
export async function registers(
  endpoint: string,
  credential: DeviceCredential,
  respond?: Parameters<typeof SecuredDevice.start>[2],
): Promise<SecuredDevice> {
  const device = await SecuredDevice.start(world.server.coaps, credential, respond);
  world.open.push(device);
  await device.connect();
  expect((await device.register(endpoint)).code).toBe('2.01');
  return device;
}
