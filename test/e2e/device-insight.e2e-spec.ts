import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { CODE } from '@drover/coap';
import { CONTENT_FORMAT, encodeContent } from '@drover/lwm2m';
import { api, startServer, type TestServer } from '../support/server.ts';
import { UdpDevice } from '../support/udp-device.ts';
import type { Answer, Question } from '../support/wire-device.ts';

jest.setTimeout(60_000);

const CLI = join(import.meta.dirname, '../../apps/cli/dist/main.js');
const NAME = 'urn:dev:os:meter-1';
const QUERY = [`ep=${NAME}`, 'lt=3600', 'lwm2m=1.1', 'b=U'];
const LINKS = '</1/0>,</3/0>,</5/0>';
const CLASS = `apiVersion: drover/v1
kind: DeviceClass
metadata: {name: old-modem}
spec:
  match: {model: ["WM-3*"]}
  awake: 20s
  coap: {echo: true}
  lwm2m: {formats: [TLV]}
`;

let folder: string;
let server: TestServer;
let operator: string;
const devices: UdpDevice[] = [];

/** A meter that tells its model, whatever it is asked in. */
function meter({ text, options }: Question): Answer {
  if (text !== 'GET /3/0') return { code: '4.04' };
  const contentFormat = options.accept ?? CONTENT_FORMAT.SENML_CBOR;
  return { code: '2.05', options: { contentFormat }, payload: encodeContent(contentFormat, [{ path: '/3/0/1', value: 'WM-300' }], '/3/0') };
}

/** The device comes from a new port, as after a reboot. */
async function register(): Promise<{ device: UdpDevice; code: number }> {
  const device = await UdpDevice.start(server.coap, meter);
  devices.push(device);
  return { device, code: await device.register(QUERY, LINKS) };
}

interface Ran {
  readonly status: number;
  readonly value: unknown;
  readonly out: string;
  readonly errors: string;
}
function drover(args: readonly string[], token = server.token): Promise<Ran> {
  const env = { ...process.env, DROVER_SERVER: server.url, DROVER_TOKEN: token, NODE_OPTIONS: '' };
  return new Promise((resolve) => {
    execFile(process.execPath, [CLI, ...args], { env }, (error, out, errors) => {
      const value: unknown = out.startsWith('{') || out.startsWith('[') ? JSON.parse(out) : undefined;
      resolve({ status: error === null ? 0 : Number(error.code), value, out, errors });
    });
  });
}

async function until(holds: () => Promise<boolean> | boolean): Promise<void> {
  for (let round = 0; round < 100 && !(await holds()); round++) await new Promise((resolve) => setTimeout(resolve, 50));
  expect(await holds()).toBe(true);
}

const treatment = async (): Promise<{ class?: string; values: { field: string; value: string; from: string }[] }> =>
  ((await drover(['--json', 'device', 'show', NAME])).value as { treatment: Awaited<ReturnType<typeof treatment>> }).treatment;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'drover-insight-'));
  writeFileSync(join(folder, 'class.yaml'), CLASS);
  server = await startServer({ data: join(folder, 'data') });
  operator = (await api<{ secret: string }>(server, 'POST', '/tokens', { name: 'operator', role: 'operator' })).body.secret;
  await register();
  await until(async () => (await drover(['device', 'show', NAME])).out.includes('WM-300'));
});
afterAll(async () => {
  for (const device of devices) device.close();
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

it('a device is as any other until somebody with the right says what it is like', async () => {
  expect((await treatment()).class).toBeUndefined();
  expect(await drover(['apply', '-f', join(folder, 'class.yaml')], operator)).toMatchObject({
    status: 7,
    errors: expect.stringContaining('POLICY_PROTECTED'),
  });
  expect(await drover(['apply', '-f', join(folder, 'class.yaml')])).toMatchObject({
    status: 0,
    out: expect.stringContaining('DeviceClass old-modem'),
  });
  const { class: name, values } = await treatment();
  expect(name).toBe('old-modem');
  expect(values).toContainEqual({ field: 'awake', value: '20s', from: 'class old-modem' });
  expect((await drover(['class', 'list'])).out).toMatch(/old-modem +0 +1/);
});

it('every datagram of a traced device is in its timeline', async () => {
  expect(await drover(['device', 'timeline', NAME, '--datagrams'], operator)).toMatchObject({
    status: 3,
    errors: expect.stringContaining('TRACE_NOT_FOUND'),
  });
  expect((await drover(['device', 'timeline', NAME, '--trace', '30m'], operator)).status).toBe(0);
  // The class says that it knows Echo: from its new port it is asked to show it first.
  expect((await register()).code).toBe(CODE.UNAUTHORIZED);
  const { value, out } = await drover(['--json', 'device', 'timeline', NAME, '--datagrams'], operator);
  const kinds = (value as { kind: string }[]).map(({ kind }) => kind);
  expect(kinds.slice(-2)).toEqual(['datagram', 'datagram']);
  expect(kinds).toContain('register');
  expect(out).toContain(`Uri-Query \\"ep=${NAME}\\"`);
  expect((await drover(['device', 'timeline', NAME, '--datagrams'], operator)).out).toMatch(
    /-> 127\.0\.0\.1:\d+ \d+ bytes: ACK 4\.01 .*Echo \(12 bytes\)/,
  );
});

it('a trace ends by a word, and who asked for it is in the audit log', async () => {
  expect((await drover(['device', 'timeline', NAME, '--trace', 'off'], operator)).status).toBe(0);
  expect((await drover(['device', 'timeline', NAME, '--datagrams'], operator)).status).toBe(3);
  const { body } = await api<{ type: string; actor: { id: string } }[]>(server, 'GET', '/audit?limit=50');
  const traced = body.filter(({ type }) => type.startsWith('trace-'));
  expect(traced.map(({ type, actor }) => `${type} ${actor.id}`)).toEqual(['trace-started operator', 'trace-ended operator']);
});

it.each([
  ['--trace', '2d', 2],
  ['--trace', 'soon', 2],
])('drover device timeline %s %s', async (option, value, status) => {
  expect((await drover(['device', 'timeline', NAME, option, value], operator)).status).toBe(status);
});

it('a class outlives the server, until it is removed', async () => {
  const { token } = server;
  await server.stop();
  server = { ...(await startServer({ data: join(folder, 'data') })), token };
  expect((await treatment()).class).toBe('old-modem');
  expect((await drover(['class', 'remove', 'old-modem', '--reason', 'replaced'], operator)).status).toBe(7);
  expect((await drover(['class', 'remove', 'old-modem', '--reason', 'replaced'])).status).toBe(0);
  await server.stop();
  server = { ...(await startServer({ data: join(folder, 'data') })), token };
  expect((await treatment()).class).toBeUndefined();
  expect((await drover(['class', 'list'])).out).toContain('no device classes');
});
