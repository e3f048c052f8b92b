import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { codeText } from '@drover/coap';
import type { BootstrapView } from '@drover/contracts';
import { CONTENT_FORMAT, decodeContent } from '@drover/lwm2m';
import { privateKeyOf } from '@drover/testkit';
import { AccountMemory } from '../support/bootstrapping-device.ts';
import { SecuredDevice } from '../support/secured-device.ts';
import { api, startServer } from '../support/server.ts';
import { UdpDevice } from '../support/udp-device.ts';
import {
  account,
  aFactoryDevice,
  aKey,
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

// From the key of a factory to a key of one's own, on real sockets.

jest.setTimeout(60_000);

const { TLV, SENML_CBOR, SENML_JSON, LWM2M_CBOR } = CONTENT_FORMAT;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'drover-bootstrap-'));
  const key = join(folder, 'server.key');
  writeFileSync(key, privateKeyOf('server').export({ format: 'pem', type: 'pkcs8' }), { mode: 0o600 });
  const ports = ['--bootstraps-port', '0', '--bootstrap-port', '0', '--bootstrap-no-sec', 'allowed'];
  world.server = await startServer({ args: [...ports, '--coap-tcp-port', 'off', '--dtls-key', key] });
  await apply('meters', { match: { endpoint: ['urn:dev:*'] }, accounts: [account()] });
});

afterEach(() => world.open.splice(0).forEach((each) => each.close()));
afterAll(async () => {
  await world.server.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe('a device with a factory key and nothing else', () => {
  it('asks, is given an account with a key of its own, and registers with that', async () => {
    const { endpoint, device } = await aFactoryDevice();
    const { memory } = device;
    const own = await bootstraps(device, [`ep=${endpoint}`]);
    expect(memory.asked).toEqual(['GET /', 'PUT /0/1', 'PUT /1/0', 'POST /bs']);
    expect(memory.account?.uri).toBe(world.server.coaps);
    expect(memory.values.get('/1/0/1')).toBe(3600);
    expect(own.psk?.key).toHaveLength(32);
    expect(await statesOf(endpoint)).toEqual(['next']);
    await registers(endpoint, own);
    await until(async () => (await statesOf(endpoint)).join() === 'active', 'its key in force');
    const view = await shown(endpoint);
    expect(view).toMatchObject({
      state: 'finished',
      sessions: 1,
      by: `bootstrap ${endpoint}`,
      via: 'session',
      template: { name: 'meters' },
    });
    expect(view.accounts).toMatchObject([{ shortServerId: 101, mode: 'PSK', key: 'active', fingerprint: expect.any(String) }]);
    const [begun] = (await audited('bootstrap-begun')).filter((event) => event.endpoint === endpoint);
    expect(begun?.details).toMatchObject({ template: 'meters', generation: 1, accounts: view.accounts.map(({ key: _, ...each }) => each) });
    for (const form of ['base64', 'hex'] as const)
      expect(JSON.stringify([view, begun])).not.toContain(Buffer.from(own.psk!.key).toString(form));
  });

  it('without an endpoint name it is who its key says', async () => {
    const { endpoint, device } = await aFactoryDevice();
    await registers(endpoint, await bootstraps(device));
  });

  it('in the name of another it is given nothing, and that is on record', async () => {
    const { device } = await aFactoryDevice();
    const victim = anEndpoint();
    expect(await device.ask([`ep=${victim}`])).toMatchObject({ code: '4.00' });
    expect(device.memory.asked).toEqual([]);
    await until(async () => (await audited('bootstrap-refused')).some(({ details }) => details['code'] === 'REQUEST_REFUSED'));
    expect(await credentialsOf(victim)).toEqual([]);
  });

  it.each([
    ['TLV', TLV],
    ['SenML CBOR', SENML_CBOR],
    ['SenML JSON', SENML_JSON],
    ['LwM2M CBOR', LWM2M_CBOR],
  ])('is written in the one format that it takes: %s', async (_name, format) => {
    const { endpoint, device } = await aFactoryDevice(undefined, { formats: [format] });
    await registers(endpoint, await bootstraps(device, [`ep=${endpoint}`]));
  });

  it('is written at once in the format that it names', async () => {
    const { device } = await aFactoryDevice(undefined, { formats: [SENML_CBOR] });
    await bootstraps(device, [`pct=${SENML_CBOR}`]);
    expect(device.memory.asked.filter((text) => text === 'PUT /0/1')).toHaveLength(1);
  });

  it('is written at once in the format that its template says, whatever it names', async () => {
    const endpoint = anEndpoint('urn:cbor');
    await apply('cbor', { match: { endpoint: ['urn:cbor:*'] }, accounts: [account()], contentFormat: 'LwM2MCBOR' });
    const { device } = await aFactoryDevice(endpoint, { formats: [LWM2M_CBOR] });
    await bootstraps(device, [`pct=${SENML_CBOR}`]);
    expect(device.memory.asked.filter((text) => text === 'PUT /0/1')).toHaveLength(1);
  });

  it('takes everything in one answer, in blocks', async () => {
    const { endpoint, device } = await aFactoryDevice();
    const parts: Uint8Array[] = [];
    for (let num = 0, more = true; more; num++) {
      const block2 = { num, more: false, szx: 2 };
      const { code, options, payload } = await device.device.request({
        method: 'GET',
        path: ['bspack'],
        query: [`ep=${endpoint}`],
        accept: SENML_CBOR,
        block2,
      });
      expect(codeText(code)).toBe('2.05');
      parts.push(Uint8Array.from(payload));
      more = options.block2?.more ?? false;
    }
    expect(parts.length).toBeGreaterThan(2);
    device.memory.take(decodeContent(SENML_CBOR, Buffer.concat(parts), '/'));
    await registers(endpoint, device.memory.account!.credential);
    expect(await shown(endpoint)).toMatchObject({ state: 'finished', via: 'pack' });
  });
});

describe('two doors', () => {
  it('a factory key opens no registration', async () => {
    const { factory } = await aFactoryDevice();
    const device = await SecuredDevice.start(world.server.coaps, factory);
    world.open.push(device);
    await expect(device.connect()).rejects.toThrow(/refused/);
  });

  it('a key for registrations opens no bootstrap', async () => {
    const own = await aKey(anEndpoint(), 'management');
    await expect(comes(own)).rejects.toThrow(/refused/);
  });

  it('a factory key that is revoked ends the session that it has, and opens none', async () => {
    const { endpoint, factory, device } = await aFactoryDevice();
    await api(world.server, 'POST', '/credentials/revoke', { endpoint, reason: 'lost' });
    await until(() => device.device.ended.length > 0, 'the end of the session');
    await expect(comes(factory)).rejects.toThrow(/refused/);
  });

  it('bootstrap is asked for at its own port alone, and nobody registers there', async () => {
    const { endpoint, device } = await aFactoryDevice();
    expect((await device.device.register(endpoint)).code).toBe('4.04');
    const own = await registers(endpoint, await bootstraps(device));
    expect(await own.say('POST', ['bs'], { query: [`ep=${endpoint}`] })).toMatch(/^4\./);
  });
});

describe('a session that breaks off', () => {
  it.each([1, 2, 3, 4])('after %d requests: the next one gives the same key, and that works', async (diesAfter) => {
    const { endpoint, factory, device } = await aFactoryDevice(undefined, { diesAfter });
    await device.ask([`ep=${endpoint}`]);
    await until(() => device.memory.asked.length >= diesAfter, 'its death');
    const again = await comes(factory);
    const own = await bootstraps(again);
    if (device.memory.account) expect(device.memory.account.credential).toEqual(own);
    expect(await statesOf(endpoint)).toEqual(['next']);
    await registers(endpoint, own);
    expect(await shown(endpoint)).toMatchObject({ state: 'finished', sessions: 2 });
  });

  it('both keys work meanwhile', async () => {
    const endpoint = anEndpoint();
    const before = await aKey(endpoint, 'management');
    const { device, factory } = await aFactoryDevice(endpoint, { diesAfter: 2 });
    await device.ask([`ep=${endpoint}`]);
    await until(() => device.memory.asked.length >= 2, 'its death');
    expect((await statesOf(endpoint)).sort()).toEqual(['active', 'next']);
    await registers(endpoint, before);
    expect((await statesOf(endpoint)).sort()).toEqual(['active', 'next']);
    await registers(endpoint, await bootstraps(await comes(factory)));
    await until(async () => (await statesOf(endpoint)).sort().join() === 'active,revoked', 'the old key revoked');
  });

  it('a device that finds what it was given inconsistent says so, and that is shown', async () => {
    const { endpoint, device } = await aFactoryDevice(undefined, { answers: { 'POST /bs': '4.06' } });
    await device.ask([]);
    await until(async () => (await shown(endpoint)).state === 'failed', 'its failure');
    expect((await shown(endpoint)).failure).toEqual({ at: 'POST /bs', why: expect.stringContaining('inconsistent') });
    expect((await audited('bootstrap-failed')).at(-1)).toMatchObject({ endpoint, details: { at: 'POST /bs' } });
  });

  it('SIGKILL in the middle: the key that is in the device is the key that is on the disk', async () => {
    const data = mkdtempSync(join(tmpdir(), 'drover-bootstrap-'));
    const before = world.server;
    try {
      world.server = await startServer({ data, isSecured: true, args: ['--bootstraps-port', '0'] });
      const { token, coaps, bootstraps: uri } = world.server;
      await apply('all', { match: { endpoint: ['*'] }, accounts: [account()] });
      const factory = await aKey('killed', 'bootstrap');
      const device = await comes(factory, { diesAfter: 3 });
      await device.ask([]);
      await until(() => device.memory.asked.length >= 3, 'a key in the device');
      await world.server.kill();
      const port = (of: string): string => of.slice(of.lastIndexOf(':') + 1);
      const ports = ['--bootstraps-port', port(uri), '--coaps-port', port(coaps)];
      world.server = { ...(await startServer({ data, isSecured: true, args: ports })), token };
      expect(await statesOf('killed')).toEqual(['next']);
      const own = await bootstraps(await comes(factory));
      expect(own).toEqual(device.memory.account!.credential);
      await registers('killed', own);
      expect(await shown('killed')).toMatchObject({ state: 'finished', sessions: 2 });
    } finally {
      await world.server.stop();
      world.server = before;
      rmSync(data, { recursive: true, force: true });
    }
  });
});

describe('templates', () => {
  it('the class of a device decides, and rights and what is emptied come with it', async () => {
    const endpoint = anEndpoint('urn:class');
    const known = { endpoint, labels: { site: 'plant-a' } };
    expect(await api(world.server, 'POST', '/devices/import', { devices: [known] })).toMatchObject({ status: 200 });
    await apply('plant', {
      match: { where: 'labels["site"] == "plant-a"' },
      accounts: [
        account({ mode: 'PSK', keyBytes: 16 }),
        { uri: 'coap://other.example', shortServerId: 7, security: { mode: 'NoSec', noSec: 'Allowed' } },
      ],
      access: [
        {
          object: 5,
          owner: 101,
          rights: [
            { server: 101, may: ['Read', 'Write', 'Execute'] },
            { server: 7, may: ['Read'] },
          ],
        },
      ],
      deleteFirst: ['/9'],
    });
    const { device } = await aFactoryDevice(endpoint, { holds: ['/9/0', '/1/0', '/2/0'] });
    const own = await bootstraps(device);
    const { memory } = device;
    expect(memory.asked).toEqual([
      'GET /',
      'DELETE /1',
      'DELETE /2',
      'DELETE /9',
      'PUT /0/1',
      'PUT /0/2',
      'PUT /1/0',
      'PUT /1/1',
      'PUT /2/0',
      'POST /bs',
    ]);
    expect(own.psk?.key).toHaveLength(16);
    expect(['/2/0/2/101', '/2/0/2/7', '/2/0/3'].map((path) => memory.values.get(path))).toEqual([7, 1, 101]);
  });

  it('no template: nothing is given, nothing is made', async () => {
    const { endpoint, device } = await aFactoryDevice(anEndpoint('urn:nobody'));
    expect(await device.ask([])).toEqual({ code: '4.00', why: 'NO_TEMPLATE' });
    expect(await statesOf(endpoint)).toEqual([]);
    await until(async () => (await audited('bootstrap-refused')).some(({ details }) => details['code'] === 'NO_TEMPLATE'));
  });

  it('the key that is in the store', async () => {
    await apply('stored', { match: { endpoint: ['urn:stored:*'] }, accounts: [account({ mode: 'PSK', key: 'Stored' })] });
    const endpoint = anEndpoint('urn:stored');
    const { device, factory } = await aFactoryDevice(endpoint);
    expect(await device.ask([])).toEqual({ code: '4.00', why: 'KEY_MISSING' });
    const own = await aKey(endpoint, 'management');
    const given = await bootstraps(await comes(factory));
    expect(given.psk).toEqual({ identity: own.psk.identity, key: own.psk.key });
    await registers(endpoint, given);
  });

  it('a raw key of its own, whose private part the server forgets', async () => {
    await apply('raw', { match: { endpoint: ['urn:raw:*'] }, accounts: [account({ mode: 'RPK' })] });
    const endpoint = anEndpoint('urn:raw');
    const { device } = await aFactoryDevice(endpoint);
    const own = await bootstraps(device);
    expect(device.memory.values.get('/0/1/4')).toHaveLength(91);
    await registers(endpoint, own);
    await until(async () => (await statesOf(endpoint)).join() === 'active', 'its key in force');
    expect((await credentialsOf(endpoint)).find(({ kind }) => kind === 'rpk')).toMatchObject({ state: 'active' });
  });
});

describe('rotation', () => {
  it('a trigger sends a device that listens; it is given another key, and the old one is revoked when it has used it', async () => {
    const { endpoint, factory, device } = await aFactoryDevice();
    const asked: string[] = [];
    const registered = await registers(endpoint, await bootstraps(device), (text) => {
      asked.push(text);
      return { code: text === 'POST /1/0/9' ? '2.04' : '4.04' };
    });
    await until(async () => (await statesOf(endpoint)).join() === 'active', 'its first key in force');
    const ran = await api<BootstrapView[]>(world.server, 'POST', '/bootstraps/trigger', { endpoints: [endpoint], reason: 'yearly' });
    expect(ran.body).toMatchObject([{ endpoint, wish: { waits: 'ASKED', reason: 'yearly' } }]);
    await until(() => asked.includes('POST /1/0/9'), 'the Execute');
    await until(async () => (await shown(endpoint)).wish?.waits === 'REQUEST', 'its answer');
    const next = await bootstraps(await comes(factory, { holds: ['/0/1', '/1/0'] }));
    await until(async () => (await shown(endpoint)).wish === undefined, 'the end of the wish');
    await registers(endpoint, next);
    await until(async () => (await statesOf(endpoint)).join() === 'revoked,active', 'the old key revoked');
    await until(() => registered.ended.length > 0, 'the end of the old session');
  });

  it('a device that has no trigger is waited for, with the reason', async () => {
    const { endpoint, device } = await aFactoryDevice();
    await registers(endpoint, await bootstraps(device), () => ({ code: '4.05' }));
    await api(world.server, 'POST', '/bootstraps/trigger', { endpoints: [endpoint], reason: 'yearly' });
    await until(async () => (await shown(endpoint)).wish?.waits === 'OWN_REQUEST', 'the reason');
  });

  it('a device that is not registered is waited for, and that it comes by itself is enough', async () => {
    const { endpoint, device } = await aFactoryDevice();
    await api(world.server, 'POST', '/bootstraps/trigger', { endpoints: [endpoint], reason: 'yearly' });
    expect((await shown(endpoint)).wish?.waits).toBe('NOT_REGISTERED');
    const own = await bootstraps(device);
    expect((await shown(endpoint)).wish).toBeUndefined();
    await registers(endpoint, own);
  });

  it('a wish is taken back', async () => {
    const { endpoint } = await aFactoryDevice();
    await api(world.server, 'POST', '/bootstraps/trigger', { endpoints: [endpoint], reason: 'yearly' });
    const path = `/bootstraps/${encodeURIComponent(endpoint)}/cancel`;
    expect((await api<BootstrapView>(world.server, 'POST', path, { reason: 'not now' })).body.wish).toBeUndefined();
    expect((await api(world.server, 'POST', path, { reason: 'not now' })).status).toBe(404);
  });

  it('nobody whom the server has not heard of', async () => {
    expect((await api(world.server, 'POST', '/bootstraps/trigger', { endpoints: ['urn:dev:nobody'], reason: 'x' })).status).toBe(404);
  });
});

describe('without security', () => {
  const asks = async (endpoint: string, memory = new AccountMemory()): Promise<{ code: string; memory: AccountMemory }> => {
    const device = await UdpDevice.start(world.server.bootstrap, (question) => memory.respond(question.text, question));
    world.open.push(device);
    const code = codeText(await device.ask('POST', ['bs'], [`ep=${endpoint}`]));
    return { code, memory };
  };

  it('a new device is given its first key, again and again until it has used it, and never after that', async () => {
    const endpoint = anEndpoint();
    const first = await asks(endpoint);
    expect(first.code).toBe('2.04');
    await until(() => first.memory.isFinished, 'Finish');
    const second = await asks(endpoint);
    await until(() => second.memory.isFinished, 'Finish');
    expect(second.memory.account).toEqual(first.memory.account);
    await registers(endpoint, second.memory.account!.credential);
    await until(async () => (await statesOf(endpoint)).join() === 'active', 'its key in force');
    expect((await asks(endpoint)).code).toBe('4.00');
  });

  it('a device with a factory key is given nothing', async () => {
    const { endpoint } = await aFactoryDevice();
    expect((await asks(endpoint)).code).toBe('4.00');
    expect(await statesOf(endpoint)).toEqual([]);
  });

  it('needs its flag, and is told where everybody looks', async () => {
    await expect(startServer({ isSecured: true, args: ['--bootstrap-port', '0'] })).rejects.toThrow('--bootstrap-no-sec');
    const health = await api<{ warnings: string[] }>(world.server, 'GET', '/health');
    expect(health.body.warnings).toContain('bootstrap without security (NoSec) is open');
  });
});

it('a flood of Bootstrap-Requests costs a few answers, and everybody else is served', async () => {
  const { endpoint, device } = await aFactoryDevice();
  const codes = new Map<string, number>();
  for (let round = 0; round < 40; round++) {
    const { code } = await device.ask([]);
    codes.set(code, (codes.get(code) ?? 0) + 1);
  }
  expect(codes.get('5.03')).toBeGreaterThanOrEqual(30);
  expect((await shown(endpoint)).sessions).toBeLessThanOrEqual(7);
  expect(await statesOf(endpoint)).toEqual(['next']);
  const other = await aFactoryDevice();
  await registers(other.endpoint, await bootstraps(other.device));
});

it('who may only look sees it, and sends nobody anywhere', async () => {
  const { body } = await api<{ secret: string; token: string }>(world.server, 'POST', '/tokens', { name: 'viewer', role: 'viewer' });
  const token = body.secret ?? body.token;
  expect((await api(world.server, 'GET', '/bootstraps', undefined, token)).status).toBe(200);
  expect((await api(world.server, 'POST', '/bootstraps/trigger', { endpoints: ['x'], reason: 'x' }, token)).status).toBe(403);
});
