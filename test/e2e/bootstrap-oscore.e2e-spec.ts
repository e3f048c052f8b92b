import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, expect, it, jest } from '@jest/globals';
import { codeText, type OscoreSecret } from '@drover/coap';
import { CONTENT_FORMAT } from '@drover/lwm2m';
import { AccountMemory, type BootstrappingDevice } from '../support/bootstrapping-device.ts';
import { OscoreDevice } from '../support/oscore-device.ts';
import { api, startServer } from '../support/server.ts';
import { UdpDevice } from '../support/udp-device.ts';
import {
  account,
  aFactoryDevice,
  anEndpoint,
  apply,
  bootstraps,
  comes,
  credentialsOf,
  registers,
  shown,
  statesOf,
  until,
  world,
} from './bootstrap-world.ts';

// From the key of a factory, or from nothing, to a security context of one's own (Object 21), and with that to management.

jest.setTimeout(60_000);

beforeAll(async () => {
  const ports = ['--bootstraps-port', '0', '--bootstrap-port', '0', '--bootstrap-no-sec', 'allowed', '--coap-tcp-port', 'off'];
  world.server = await startServer({ isSecured: true, args: [...ports, '--oscore', 'on'] });
  await apply('meters', { match: { endpoint: ['urn:dev:*'] }, accounts: [oscore()] });
});
afterEach(() => world.open.splice(0).forEach((each) => each.close()));
afterAll(() => world.server.stop());

const oscore = (more: object = {}): object => account({ mode: 'OSCORE', ...more }, world.server.coap);

/** The whole session; answers the context that it was given. */
async function given(device: BootstrappingDevice, query: readonly string[] = []): Promise<OscoreSecret> {
  await bootstraps(device, query);
  return device.memory.context!;
}

/** Registers, protected, with what it was given. */
async function speaks(endpoint: string, secret: OscoreSecret): Promise<OscoreDevice> {
  const device = await OscoreDevice.start(world.server.coap, secret);
  world.open.push(device);
  expect((await device.register(endpoint)).code).toBe('2.01');
  return device;
}

const inForce = (endpoint: string, states: string): Promise<void> =>
  until(async () => (await statesOf(endpoint)).join() === states, `its keys ${states}`);

it('a device is given a context, linked from an account without security, and registers with it', async () => {
  const { endpoint, device } = await aFactoryDevice();
  const secret = await given(device, [`ep=${endpoint}`]);
  const { memory } = device;
  expect(memory.asked).toEqual(['GET /', 'PUT /21/0', 'PUT /0/1', 'PUT /1/0', 'POST /bs']);
  expect([memory.values.get('/0/1/0'), memory.values.get('/0/1/2'), memory.values.get('/0/1/17')]).toEqual([
    world.server.coap,
    3,
    { object: 21, instance: 0 },
  ]);
  expect([secret.masterSecret, secret.masterSalt, secret.senderId, secret.recipientId].map((bytes) => bytes?.length)).toEqual([
    16, 8, 4, 1,
  ]);
  expect(await statesOf(endpoint)).toEqual(['next']);
  await speaks(endpoint, secret);
  await inForce(endpoint, 'active');
  const view = await shown(endpoint);
  expect(view.accounts).toMatchObject([{ mode: 'OSCORE', key: 'active', identity: `kid:${Buffer.from(secret.senderId).toString('hex')}` }]);
  for (const form of ['base64', 'hex'] as const)
    expect(JSON.stringify(view)).not.toContain(Buffer.from(secret.masterSecret).toString(form));
});

it.each([
  ['SenML CBOR', CONTENT_FORMAT.SENML_CBOR],
  ['SenML JSON', CONTENT_FORMAT.SENML_JSON],
  ['LwM2M CBOR', CONTENT_FORMAT.LWM2M_CBOR],
])('in the one format that it takes: %s', async (_name, format) => {
  const { endpoint, device } = await aFactoryDevice(undefined, { formats: [format] });
  await speaks(endpoint, await given(device));
});

it('a session that breaks off is followed by another context, and the one that was on its way opens nothing', async () => {
  const { endpoint, factory, device } = await aFactoryDevice(anEndpoint(), { diesAfter: 3 });
  await device.ask([`ep=${endpoint}`]);
  await until(() => device.memory.asked.length === 3, 'the context on its way');
  const lost = device.memory.context!;
  const secret = await given(await comes(factory));
  expect(Buffer.from(secret.masterSecret)).not.toEqual(Buffer.from(lost.masterSecret));
  await expect(speaks(endpoint, lost)).rejects.toThrow();
  await speaks(endpoint, secret);
  await inForce(endpoint, 'revoked,active');
});

it.each<[string, (secured: object, context: object) => [object, object], string]>([
  ['a pre-shared key to a context', (secured, context) => [secured, context], 'oscore'],
  ['a context to a pre-shared key', (secured, context) => [context, secured], 'psk'],
])('from %s: both open until the device has come with the new one, then the old one does not', async (_way, order, kind) => {
  const match = { endpoint: [anEndpoint('urn:moves')] };
  const [first, second] = order(account(), oscore());
  await apply('moves', { match, precedence: 1, accounts: [first] });
  const { endpoint, factory, device } = await aFactoryDevice(match.endpoint[0]);
  const use = async (on: BootstrappingDevice): Promise<() => Promise<unknown>> => {
    const credential = await bootstraps(on);
    const { context } = on.memory;
    return () => (context ? speaks(endpoint, context) : registers(endpoint, credential));
  };
  const old = await use(device);
  await old();
  await inForce(endpoint, 'active');
  await apply('moves', { match, precedence: 1, accounts: [second] });
  const next = await use(await comes(factory));
  expect(await statesOf(endpoint)).toEqual(['active', 'next']);
  await next();
  await inForce(endpoint, 'revoked,active');
  expect((await credentialsOf(endpoint)).find(({ use: of, state }) => of === 'management' && state === 'active')?.kind).toBe(kind);
  await expect(old()).rejects.toThrow();
});

it('a context that was imported is given once: then it is used up, and somebody has to rotate it', async () => {
  const endpoint = anEndpoint('urn:stored');
  await apply('stored', { match: { endpoint: [endpoint] }, precedence: 1, accounts: [oscore({ key: 'Stored' })] });
  const { factory, device } = await aFactoryDevice(endpoint);
  const key = randomBytes(16);
  const credential = { endpoint, kind: 'oscore', key: key.toString('base64'), oscore: { senderId: '0a0b0c', recipientId: '5e' } };
  expect((await api(world.server, 'POST', '/credentials', { credentials: [credential] })).body).toMatchObject({ added: 1 });
  const secret = await given(device);
  expect([Buffer.from(secret.masterSecret), Buffer.from(secret.senderId).toString('hex')]).toEqual([key, '0a0b0c']);
  await speaks(endpoint, secret);
  expect(await (await comes(factory)).ask([])).toMatchObject({ code: '4.00', why: 'CONTEXT_GIVEN' });
});

it('without security a new device is given its first context, and another one until it has used one', async () => {
  const endpoint = anEndpoint();
  const asks = async (): Promise<{ code: string; memory: AccountMemory }> => {
    const memory = new AccountMemory();
    const device = await UdpDevice.start(world.server.bootstrap, (question) => memory.respond(question.text, question));
    world.open.push(device);
    const code = codeText(await device.ask('POST', ['bs'], [`ep=${endpoint}`]));
    if (code === '2.04') await until(() => memory.isFinished, 'Finish');
    return { code, memory };
  };
  const [first, second] = [await asks(), await asks()];
  expect(second.memory.context?.senderId).not.toEqual(first.memory.context?.senderId);
  await speaks(endpoint, second.memory.context!);
  await inForce(endpoint, 'revoked,active');
  expect((await asks()).code).toBe('4.00');
});
