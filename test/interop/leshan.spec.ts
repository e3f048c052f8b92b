import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { CampaignView, DeviceView } from '@drover/contracts';
import { World } from '../e2e/world.ts';
import { saySkipped } from './skipped.ts';

jest.setTimeout(180_000);

const PEER = join(import.meta.dirname, 'peers', 'leshan');

/** Fetches Leshan's client library and compiles the peer; the reason where this machine cannot. */
function buildPeer(folder: string): string | undefined {
  try {
    execFileSync(
      'mvn',
      ['-q', '-B', '-f', join(PEER, 'pom.xml'), 'dependency:copy-dependencies', `-DoutputDirectory=${join(folder, 'lib')}`],
      { stdio: 'pipe', timeout: 150_000 },
    );
    execFileSync('javac', ['-cp', join(folder, 'lib', '*'), '-d', join(folder, 'classes'), join(PEER, 'Peer.java')], {
      stdio: 'pipe',
      timeout: 60_000,
    });
    return undefined;
  } catch (error) {
    return (error as { code?: string }).code === 'ENOENT'
      ? 'Java or Maven is missing'
      : `the peer cannot be built: ${String(error).split('\n')[0]}`;
  }
}

const folder = mkdtempSync(join(tmpdir(), 'drover-leshan-'));
const missing = buildPeer(folder);
if (missing) saySkipped(`interop with Eclipse Leshan: ${missing}`);

(missing ? describe.skip : describe)('Eclipse Leshan, an LwM2M client that shares no code with ours', () => {
  let world: World;
  const peers: ChildProcess[] = [];
  const said: string[] = [];

  beforeAll(async () => {
    world = new World(1, new Date().toISOString());
    await world.startServer();
    // Delivery method 0 is pull only, 1 is push only.
    for (const method of ['0', '1']) {
      const peer = spawn(
        'java',
        ['-cp', `${join(folder, 'classes')}:${join(folder, 'lib', '*')}`, 'Peer', world.coap, `leshan-${method}`, method],
        { stdio: ['ignore', 'pipe', 'inherit'], cwd: folder },
      );
      peer.stdout.on('data', (chunk) => said.push(...String(chunk).trim().split('\n')));
      peers.push(peer);
    }
  });
  afterAll(async () => {
    for (const peer of peers) peer.kill('SIGKILL');
    await world?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('registers and is read', async () => {
    await world.until(
      async () => ((await world.api('GET', `devices?where=${encodeURIComponent('has(firmwareVersion)')}`)) as DeviceView[]).length === 2,
      'both peers read',
    );
    const devices = (await world.api('GET', 'devices')) as DeviceView[];
    expect(
      devices.map(({ endpoint, facts }) => [
        endpoint,
        facts['manufacturer']?.value,
        facts['firmwareVersion']?.value,
        facts['update.delivery']?.value,
      ]),
    ).toEqual([
      ['leshan-0', 'Leshan', '2.4.0', 'Pull'],
      ['leshan-1', 'Leshan', '2.4.0', 'Push'],
    ]);
  });

  it('is read, written and discovered by a person, and says what it says to mistakes', async () => {
    const device = (...args: string[]) => world.drover(['device', args[0] ?? '', 'leshan-0', ...args.slice(1)]);
    expect(await device('read', '/1/0')).toMatchObject({
      status: 0,
      value: { answer: { values: expect.arrayContaining([expect.objectContaining({ name: 'Lifetime', value: 300, unit: 's' })]) } },
    });
    expect(await device('write', '/1/0/1', '301')).toMatchObject({ status: 0 });
    expect(await device('write', '/1/0', '--data', '{"6": true}', '--update')).toMatchObject({ status: 0 });
    const both = {
      status: 0,
      value: {
        answer: {
          values: [
            { path: '/1/0/1', value: 301 },
            { path: '/1/0/6', value: true },
          ],
        },
      },
    };
    expect(await device('read', '/1/0/1', '/1/0/6')).toMatchObject(both);
    const links = expect.arrayContaining([expect.objectContaining({ path: '/5/0/3', name: 'State' })]);
    expect(await device('discover', '/5/0')).toMatchObject({ status: 0, value: { answer: { links } } });
    expect(await device('execute', '/3/0/3')).toMatchObject({ status: 4, errors: expect.stringContaining('NOT_ALLOWED') });
    expect(await device('delete', '/3/0')).toMatchObject({ status: 4, errors: expect.stringContaining('NOT_ALLOWED') });
    expect(await device('read', '/3/0/99')).toMatchObject({ status: 3, errors: expect.stringContaining('PATH_NOT_FOUND') });
  });

  it('is updated by pull and by push, and proves it with the version it reads back', async () => {
    await world.release('2.4.1', 50_000);
    const spec = `apiVersion: drover/v1\nkind: Campaign\nmetadata: {name: leshan}\nspec:\n  firmware: {name: wm-modem, version: 2.4.1}\n  targets: {where: manufacturer == "Leshan"}\n  stages: [{name: all, take: 100%}]\n`;
    await world.must(['apply', '-f', world.write('leshan.yaml', spec)]);
    await world.until(
      async () => ((await world.api('GET', 'campaigns/leshan')) as CampaignView).phase === 'finished',
      'the end of the campaign',
      90_000,
    );
    expect(((await world.api('GET', 'campaigns/leshan')) as CampaignView).totals).toMatchObject({ devices: 2, succeeded: 2 });
    expect(said.filter((line) => line === 'installed 2.4.1')).toHaveLength(2);
    expect(said).toContain('pulled 50000');
  });

  it('is given a package of Object 9 in an instance that is made for it, and another over it without stopping the first', async () => {
    for (const version of ['1.1.0', '1.2.0']) {
      await world.release(version, 20_000, 'wm-app');
      const name = `app-${version.replaceAll('.', '-')}`;
      const spec = `apiVersion: drover/v1\nkind: Campaign\nmetadata: {name: ${name}}\nspec:\n  firmware: {name: wm-app, version: ${version}}\n  targets: {where: endpoint == "leshan-0"}\n  delivery: {object: Software}\n  verify: {afterReregistration: false}\n  stages: [{name: all, take: 100%}]\n`;
      await world.must(['apply', '-f', world.write(`${name}.yaml`, spec)]);
      const view = async (): Promise<CampaignView> => (await world.api('GET', `campaigns/${name}`)) as CampaignView;
      await world.until(async () => (await view()).phase === 'finished', `the end of ${name}`, 90_000);
      expect((await view()).totals).toMatchObject({ devices: 1, succeeded: 1 });
      expect(said).toEqual(expect.arrayContaining([`delivered wm-app ${version} 20000`, `installed ${version}`]));
    }
    expect(said).toContain('uninstalled 1.1.0 while active with 1');
  });
});
