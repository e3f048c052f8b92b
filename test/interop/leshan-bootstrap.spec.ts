import { randomBytes } from 'node:crypto';
import { spawn, type ChildProcess } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { privateKeyOf, scratchFolder } from '@drover/testkit';
import { account, aKey, apply, shown, statesOf, until, world } from '../e2e/bootstrap-world.ts';
import { api, startServer } from '../support/server.ts';
import { JavaPeer } from './java-peer.ts';
import { saySkipped } from './skipped.ts';

jest.setTimeout(180_000);

const java = new JavaPeer('leshan-bootstrap');
const missing = java.build();
if (missing) saySkipped(`bootstrap with Eclipse Leshan: ${missing}`);

(missing ? describe.skip : describe)('Eclipse Leshan, with a factory key and nothing else', () => {
  const scratch = scratchFolder();
  let said: string[] = [];
  let peer: ChildProcess | undefined;

  beforeAll(async () => {
    const key = scratch.file('server.key');
    writeFileSync(key, privateKeyOf('server').export({ format: 'pem', type: 'pkcs8' }), { mode: 0o600 });
    world.server = await startServer({ isSecured: true, args: ['--bootstraps-port', '0', '--dtls-key', key] });
    const access = [{ object: 3, owner: 101, rights: [{ server: 101, may: ['Read', 'Execute'] }] }];
    await apply('psk', { match: { endpoint: ['psk*'] }, accounts: [account()], access });
    await apply('rpk', { match: { endpoint: ['rpk*'] }, accounts: [account({ mode: 'RPK' })] });
  });
  afterEach(() => void peer?.kill('SIGKILL'));
  afterAll(async () => {
    await world.server?.stop();
    scratch.remove();
  });

  async function start(endpoint: string): Promise<void> {
    const { psk } = await aKey(endpoint, 'bootstrap', `factory of ${endpoint}`);
    said = [];
    const args = java.command(world.server.bootstraps, endpoint, psk.identity, Buffer.from(psk.key).toString('hex'));
    peer = spawn('java', args, { stdio: ['ignore', 'pipe', 'inherit'] });
    peer.stdout?.on('data', (chunk) => said.push(...String(chunk).trim().split('\n')));
  }
  const registrations = (): number => said.filter((line) => line === `registered ${world.server.coaps} 101`).length;

  it.each(['psk', 'rpk'])('is given a key of its own and registers with it: %s', async (kind) => {
    const endpoint = `${kind}-${randomBytes(3).toString('hex')}`;
    await start(endpoint);
    await until(() => registrations() === 1, 'its registration', 60_000);
    await until(async () => (await statesOf(endpoint)).join() === 'active', 'its key in force');
    expect(said[0]).toBe('bootstrapped');
    const view = await shown(endpoint);
    expect(view).toMatchObject({ state: 'finished', sessions: 1, accounts: [{ mode: kind.toUpperCase(), key: 'active' }] });
  });

  it('is sent for another key, and the one before is revoked', async () => {
    const endpoint = `psk-${randomBytes(3).toString('hex')}`;
    await start(endpoint);
    await until(async () => (await statesOf(endpoint)).join() === 'active', 'its first key in force', 60_000);
    await until(async () => (await api(world.server, 'GET', `/devices/${endpoint}`)).status === 200, 'its registration');
    await api(world.server, 'POST', '/bootstraps/trigger', { endpoints: [endpoint], reason: 'yearly' });
    await until(async () => (await statesOf(endpoint)).join() === 'revoked,active', 'another key', 60_000);
    expect((await shown(endpoint)).wish).toBeUndefined();
    expect(said.filter((line) => line === 'bootstrapped')).toHaveLength(2);
  });
});
