import { execFile, fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { CredentialView, RotationDeviceView, RotationView } from '@drover/contracts';
import { scratchFolder } from '@drover/testkit';
import { messageOf } from '../support/process-message.ts';
import { api, startServer, type TestServer } from '../support/server.ts';
import { account, audited, shown as shownBootstrap, until, world } from './bootstrap-world.ts';

// Other keys for a fleet in the field, in stages, as people do it; and a server that is killed meanwhile.

jest.setTimeout(180_000);

const ROOT = join(import.meta.dirname, '..', '..');
const FLEET = join(ROOT, 'apps', 'simulator', 'dist', 'main.js');
const CLI = join(ROOT, 'apps', 'cli', 'dist', 'main.js');
const DEVICES = 12;
/** A sleeper listens for 93 s after it was heard: a third of a second here, in which a commit has its place. */
const SCALE = 300;
const ORIGIN = '2026-12-01T12:00:00Z';
const scratch = scratchFolder();
const data = mkdtempSync(join(tmpdir(), 'drover-rotation-'));
const clock = { campaignOrigin: Date.parse(ORIGIN), wallOrigin: Date.now(), scale: SCALE };
let fleet: ChildProcess | undefined;

const portOf = (address: string): string => address.slice(address.lastIndexOf(':') + 1);

async function start(before?: TestServer): Promise<TestServer> {
  const time = ['--time-scale', String(SCALE), '--time-origin', ORIGIN, '--wall-origin', String(clock.wallOrigin)];
  const ports = before
    ? ['--coaps-port', portOf(before.coaps), '--bootstraps-port', portOf(before.bootstraps)]
    : ['--bootstraps-port', '0'];
  const server = await startServer({ data, isSecured: true, args: [...ports, ...time] });
  return before ? { ...server, token: before.token } : server;
}

beforeAll(async () => {
  world.server = await start();
  await applied('template', {
    kind: 'BootstrapTemplate',
    metadata: { name: 'all' },
    spec: { match: { endpoint: ['*'] }, accounts: [account({ mode: 'PSK', keyBytes: 16 })] },
  });
  const keys = scratch.file('factory.csv');
  const common = ['--devices', String(DEVICES), '--seed', '5', '--mix', '{"pull": 0.5, "sleeper-pull": 0.5}', '--wake-hours', '0.5-1'];
  await once(fork(FLEET, [...common, '--make-keys', keys], { execArgv: [] }), 'exit');
  expect(await drover('credentials', 'import', keys, '--use', 'bootstrap')).toMatchObject({ status: 0 });
  const way = ['--server', 'coaps://127.0.0.1:1', '--bootstrap', world.server.bootstraps, '--keys', keys];
  fleet = fork(FLEET, [...way, ...common, '--clock', JSON.stringify(clock)], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    execArgv: [],
  });
  await messageOf(fleet, 'ready');
  await until(async () => (await inForce()).length === DEVICES, 'every own key in force', 90_000);
});

afterAll(async () => {
  fleet?.kill('SIGKILL');
  await world.server.stop();
  rmSync(data, { recursive: true, force: true });
  scratch.remove();
});

function drover(...args: string[]): Promise<{ status: number; text: string; errors: string }> {
  const env = { ...process.env, DROVER_SERVER: world.server.url, DROVER_TOKEN: world.server.token, NODE_OPTIONS: '' };
  return new Promise((resolve) => {
    execFile(process.execPath, [CLI, ...args], { env, cwd: ROOT }, (error, text, errors) =>
      resolve({ status: error ? Number(error.code ?? 70) : 0, text, errors }),
    );
  });
}

/** JSON is YAML. */
async function applied(file: string, document: object): Promise<{ status: number; text: string; errors: string }> {
  const path = scratch.file(`${file}.yaml`);
  writeFileSync(path, JSON.stringify({ apiVersion: 'drover/v1', ...document }));
  return drover('apply', '-f', path);
}

const rotation = (name: string, spec: object): object => ({
  kind: 'CredentialRotation',
  metadata: { name },
  spec: { targets: { where: 'true' }, ...spec },
});
const inForce = async (): Promise<CredentialView[]> =>
  (await api<CredentialView[]>(world.server, 'GET', '/credentials?use=management&state=active')).body;
const shown = async (name: string): Promise<RotationView> => (await api<RotationView>(world.server, 'GET', `/rotations/${name}`)).body;
const devices = async (name: string): Promise<RotationDeviceView[]> =>
  (await api<RotationDeviceView[]>(world.server, 'GET', `/rotations/${name}/devices?limit=1000`)).body;

/** Says of whoever is not done why. */
async function untilDone(name: string, isSo: () => Promise<boolean>, what: string, ms: number): Promise<void> {
  await until(isSo, what, ms).catch(async (error: Error) => {
    const left = (await devices(name)).filter(({ state }) => state !== 'succeeded');
    const bootstraps = await Promise.all(left.map(({ endpoint }) => shownBootstrap(endpoint)));
    throw new TypeError(`${error.message}: ${JSON.stringify({ left, bootstraps })}`);
  });
}

it('the example of the documentation is a valid one', async () => {
  expect(await drover('validate', '-f', 'examples/bootstrap/yearly-keys.yaml')).toMatchObject({ status: 0 });
});

describe('in stages', () => {
  let before: string[];

  it('is planned and applied like a campaign', async () => {
    before = (await inForce()).map(({ identity }) => identity);
    const stages = [
      { name: 'first', take: 3, soak: '1h' },
      { name: 'rest', take: '100%', gate: { promote: 'Manual' } },
    ];
    const made = await applied('keys', rotation('keys', { stages, maxInFlight: 4 }));
    expect(made).toMatchObject({
      status: 0,
      text: expect.stringMatching(/created {2}CredentialRotation keys {2}12 devices, plan sha256:/),
    });
    expect((await drover('diff', '-f', scratch.file('keys.yaml'))).status).toBe(0);
    expect((await drover('plan', '-f', scratch.file('keys.yaml'))).text).toMatch(/stage first: 3 devices\n {4}stage rest: 9 devices/);
  });

  it('waits for the first ones, with a reason for each of the others', async () => {
    await untilDone('keys', async () => (await shown('keys')).stages[0]?.state !== 'open', 'the first stage done', 90_000);
    const all = await devices('keys');
    expect(all.filter(({ state }) => state === 'succeeded').map(({ stage }) => stage)).toEqual(['first', 'first', 'first']);
    for (const { stage, waits } of all.filter(({ state }) => state !== 'succeeded'))
      expect([stage, waits?.text.length]).toEqual(['rest', expect.any(Number)]);
    const [other] = all.filter(({ stage }) => stage === 'rest');
    expect((await drover('rotation', 'why', other!.endpoint)).text).toContain(`${other!.endpoint} in rotation keys, stage rest`);
  });

  it('gives each device another key, and never so many at a time that it would be more than may be', async () => {
    const isDone = async (): Promise<boolean> => {
      const { stages } = await shown('keys');
      expect(stages.reduce((sum, { inFlight }) => sum + inFlight, 0)).toBeLessThanOrEqual(4);
      return stages[1]?.succeeded === 9;
    };
    await untilDone('keys', isDone, 'every other one done', 120_000);
    const after = await inForce();
    expect(after).toHaveLength(DEVICES);
    expect(after.filter(({ identity }) => before.includes(identity))).toEqual([]);
    expect((await drover('rotation', 'watch', 'keys')).text).toMatch(/keys: finished\n12 of 12 have another key, 0 failed, 0 in flight/);
    expect((await drover('rotation', 'list')).text).toMatch(/keys +finished/);
    expect(await audited('rotation-settled')).toHaveLength(DEVICES);
  });

  it('leaves evidence that an auditor verifies alone', async () => {
    const [bundle, key] = [scratch.file('evidence.jsonl'), scratch.file('key.pem')];
    expect(await drover('evidence', 'export', '--campaign', 'rotation:keys', '-o', bundle)).toMatchObject({ status: 0 });
    const { publicKey } = JSON.parse((await drover('--json', 'evidence', 'key')).text) as { publicKey: string };
    writeFileSync(key, publicKey);
    expect(await drover('evidence', 'verify', bundle, '--key', key)).toMatchObject({ status: 0 });
    expect(readFileSync(bundle, 'utf8').match(/"rotation-settled"/g)).toHaveLength(DEVICES);
  });
});

describe('with kill -9 in the middle', () => {
  it('goes on where it was: every device ends with one key in force, which is none of those before', async () => {
    const before = (await inForce()).map(({ identity }) => identity);
    const stages = [{ name: 'all', take: '100%' }];
    expect(await applied('again', rotation('again', { stages, maxInFlight: 5 }))).toMatchObject({ status: 0 });
    for (const done of [2, 6]) {
      await until(async () => ((await shown('again')).stages[0]?.succeeded ?? 0) >= done, `${done} of them done`, 90_000);
      await world.server.kill();
      world.server = await start(world.server);
    }
    await untilDone('again', async () => (await shown('again')).phase === 'finished', 'its end', 120_000);
    expect((await shown('again')).stages[0]).toMatchObject({ succeeded: DEVICES, failed: {} });
    const after = await inForce();
    expect(new Set(after.map(({ endpoint }) => endpoint)).size).toBe(DEVICES);
    expect(after).toHaveLength(DEVICES);
    expect(after.filter(({ identity }) => before.includes(identity))).toEqual([]);
  });

  it('that waits for approval is approved by somebody else, and asks nobody before', async () => {
    await applied('policy', { kind: 'ApprovalPolicy', metadata: { name: 'four-eyes' }, spec: { minApprovals: 1, forbid: ['author'] } });
    const stages = [{ name: 'all', take: '100%' }];
    const approvals = { start: { policyRef: 'four-eyes' } };
    await applied('signed', rotation('signed', { stages, approvals, schedule: { notBefore: '2030-01-01T00:00:00Z' } }));
    expect((await drover('rotation', 'show', 'signed')).text).toMatch(/signed: awaiting-approval\n.*\napprovals 0 of 1, plan sha256:/);
    expect((await devices('signed')).map(({ waits }) => waits?.code)).toEqual(Array(DEVICES).fill('APPROVAL'));
    expect(await drover('rotation', 'approve', 'signed')).toMatchObject({
      status: 7,
      errors: expect.stringContaining('APPROVAL_BY_AUTHOR'),
    });
    const { body } = await api<{ secret: string }>(world.server, 'POST', '/tokens', { name: 'shift-lead', role: 'approver' });
    const asApprover = { ...world.server, token: body.secret };
    expect((await api(asApprover, 'POST', '/rotations/signed/abort', { reason: 'r' })).status).toBe(403);
    const { planDigest } = await shown('signed');
    expect((await api(asApprover, 'POST', '/rotations/signed/approvals', { planDigest, decision: 'approve' })).body).toMatchObject({
      phase: 'scheduled',
    });
    expect(await audited('approval-given')).toHaveLength(1);
    await drover('rotation', 'abort', 'signed');
    await until(async () => (await shown('signed')).phase === 'aborted', 'its end');
  });

  it('can be paused and aborted by name', async () => {
    const stages = [{ name: 'all', take: '100%' }];
    await applied('third', rotation('third', { stages, schedule: { notBefore: '2030-01-01T00:00:00Z' } }));
    expect((await drover('rotation', 'pause', 'third')).text).toContain('third: paused');
    expect((await drover('rotation', 'devices', 'third', '--state', 'pending')).text).toContain('ROTATION_PAUSED');
    expect((await drover('rotation', 'resume', 'third')).text).toContain('third: scheduled');
    expect(await drover('rotation', 'promote', 'third')).toMatchObject({ status: 4 });
    await drover('rotation', 'abort', 'third', '--reason', 'never mind');
    await until(async () => (await shown('third')).phase === 'aborted', 'its end');
    expect(await drover('rotation', 'show', 'nobody')).toMatchObject({ status: 3 });
  });
});
