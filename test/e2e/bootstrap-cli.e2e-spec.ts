import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it, jest } from '@jest/globals';
import { scratchFolder } from '@drover/testkit';
import { startServer } from '../support/server.ts';
import { account, bootstraps, comes, registers, statesOf, until, world } from './bootstrap-world.ts';

// `drover bootstrap` as people run it.

jest.setTimeout(60_000);

const ROOT = join(import.meta.dirname, '..', '..');
const CLI = join(ROOT, 'apps', 'cli', 'dist', 'main.js');
const scratch = scratchFolder();
const key = randomBytes(16);

beforeAll(async () => {
  world.server = await startServer({ isSecured: true, args: ['--bootstraps-port', '0'] });
});
afterEach(() => world.open.splice(0).forEach((each) => each.close()));
afterAll(async () => {
  await world.server.stop();
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

function written(name: string, content: string): string {
  writeFileSync(scratch.file(name), content, { mode: 0o600 });
  return scratch.file(name);
}

const template = (security: object, more = ''): string => `apiVersion: drover/v1
kind: BootstrapTemplate
metadata: {name: meters}
spec:
  match: {endpoint: ["meter-*"]}
  accounts: [${JSON.stringify(account(security))}]
${more}`;

it('the example of the documentation is a valid one', async () => {
  expect(await drover('validate', '-f', 'examples/bootstrap/meters.yaml')).toMatchObject({ status: 0 });
});

it('a template with a fault is refused with its place', async () => {
  const ran = await drover('validate', '-f', written('bad.yaml', template({ mode: 'PSK', key: 'Guess' })));
  expect(ran).toMatchObject({ status: 2, errors: expect.stringMatching(/bad\.yaml:6:\d+: VALUE_INVALID/) });
});

it('templates are planned, applied, compared, and listed', async () => {
  const file = written('meters.yaml', template({ mode: 'PSK', key: 'Generate' }));
  expect((await drover('plan', '-f', file)).text).toContain('+ BootstrapTemplate meters');
  expect(await drover('apply', '-f', file)).toMatchObject({
    status: 0,
    text: expect.stringContaining('created  BootstrapTemplate meters'),
  });
  expect(await drover('diff', '-f', file)).toMatchObject({ status: 0 });
  expect((await drover('diff', '-f', written('other.yaml', template({ mode: 'PSK', keyBytes: 16 })))).text).toContain('keyBytes');
  expect((await drover('bootstrap', 'templates')).text).toMatch(/meters +0 +1 +sha256:/);
});

it('factory keys are imported as such, a device is waited for, comes, and is shown', async () => {
  const file = written('factory.csv', `endpoint,identity,key\nmeter-1,factory-1,${key.toString('hex')}\n`);
  expect(await drover('credentials', 'import', file, '--use', 'bootstrap')).toMatchObject({ text: '1 added, 0 known already\n' });
  expect((await drover('credentials', 'list', '--use', 'bootstrap')).text).toMatch(/meter-1 +psk +bootstrap +factory-1 +active/);
  expect((await drover('credentials', 'list', '--use', 'management')).text).toBe('no credentials\n');
  expect(await drover('bootstrap', 'show', 'meter-1')).toMatchObject({ status: 3 });
  const called = await drover('bootstrap', 'trigger', 'meter-1', '--reason', 'first');
  expect(called.text).toContain('meter-1: it is not registered');
  expect((await drover('bootstrap', 'list', '--wanted')).text).toContain('NOT_REGISTERED');
  const own = await bootstraps(await comes({ psk: { identity: 'factory-1', key } }));
  expect((await drover('bootstrap', 'show', 'meter-1')).text).toMatch(/finished since .*as factory-1[^]*has not connected with it yet/);
  await registers('meter-1', own);
  await until(async () => (await statesOf('meter-1')).join() === 'active', 'its key in force');
  const { text } = await drover('bootstrap', 'show', 'meter-1');
  expect(text).toMatch(/template meters, generation 1[^]*account 101 coaps:[^]*the device has connected with it/);
  expect((await drover('bootstrap', 'list', '--wanted')).text).toBe('no devices\n');
  expect(await drover('bootstrap', 'cancel', 'meter-1', '--reason', 'x')).toMatchObject({ status: 3 });
});

it('a template that is removed gives nothing any more', async () => {
  expect(await drover('bootstrap', 'remove-template', 'meters', '--reason', 'moved')).toMatchObject({ status: 0 });
  expect((await drover('bootstrap', 'templates')).text).toBe('no bootstrap templates\n');
  const device = await comes({ psk: { identity: 'factory-1', key } });
  expect(await device.ask([])).toEqual({ code: '4.00', why: 'NO_TEMPLATE' });
});
