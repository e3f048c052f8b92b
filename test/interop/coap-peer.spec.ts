import { execFile, fork, type ChildProcess } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import coap, { type Agent, type IncomingMessage, type OutgoingMessage, type Server } from 'coap';

// A device whose CoAP is other people's: the npm package `coap`. Its payloads are written by hand, so nothing of ours is on
// its side of the wire.

jest.setTimeout(60_000);

const ROOT = join(import.meta.dirname, '..', '..');
const SENML_JSON = 110;
const ENDPOINT = 'urn:imei:490154203237518';
const BLOCK = 512;
const IMAGE = Buffer.from(Array.from({ length: 12 * BLOCK + 100 }, (_, at) => (at * 7 + (at >> 8)) & 255));

const RELEASE = `apiVersion: drover/v1
kind: Campaign
metadata: {name: interop}
spec:
  firmware: {name: wm-modem, version: 2.4.1}
  targets: {where: model == "WM-300"}
  delivery: {blockSize: {preferred: ${BLOCK}}}
  stages: [{name: all, take: 100%}]
`;

type Values = Record<string, string | number>;

/** What a device says of itself; `/5/0/3`, `/5/0/5`, `/5/0/1` and `/3/0/3` change. */
const resources: Values = {
  '/3/0/0': 'Other People',
  '/3/0/1': 'WM-300',
  '/3/0/3': '2.4.0',
  '/4/0/0': 7,
  '/4/0/8': 1,
  '/5/0/1': '',
  '/5/0/3': 0,
  '/5/0/5': 0,
  '/5/0/8/0': 0,
  '/5/0/9': 0,
};

function senml(path: string): Buffer | undefined {
  const rows = Object.entries(resources).filter(([name]) => name === path || name.startsWith(`${path}/`));
  const records = rows.map(([n, value]) => (typeof value === 'string' ? { n, vs: value } : { n, v: value }));
  return rows.length === 0 ? undefined : Buffer.from(JSON.stringify(records));
}

const running = new Set<Device>();

/** Power-on to power-off: one port for registration and management. */
class Device {
  readonly #socket: Socket = createSocket('udp4');
  #server: Server | undefined;
  #observed: OutgoingMessage | undefined;
  readonly reads: string[] = [];
  readonly writes: string[] = [];
  /** What the blocks of the pull came to, and how many datagrams they came in. */
  pulled: Buffer | undefined;
  blocksServed = 0;

  async start(): Promise<void> {
    running.add(this);
    this.#socket.bind(0, '127.0.0.1');
    await once(this.#socket, 'listening');
    this.#server = coap.createServer((request: IncomingMessage, response: OutgoingMessage) => this.#serve(request, response));
    this.#server.listen(this.#socket as never);
  }

  async register(): Promise<string> {
    const links = '</>;rt="oma.lwm2m";ct=110,</3/0>,</4/0>,</5/0>';
    const options = { 'Content-Format': 'application/link-format' };
    const query = `ep=${ENDPOINT}&lt=3600&lwm2m=1.1&b=U`;
    const { code, _packet: packet } = await ask(
      { pathname: '/rd', query, method: 'POST', options },
      { payload: links, socket: this.#socket },
    );
    expect(code).toBe('2.01');
    return (packet.options ?? []).flatMap(({ name, value }) => (name === 'Location-Path' ? [String(value)] : [])).join('/');
  }

  stop(): void {
    running.delete(this);
    this.#server?.close();
    this.#socket.close();
  }

  #set(values: Values): void {
    Object.assign(resources, values);
    this.#observed?.write(senml('/5/0'));
  }

  #serve(request: IncomingMessage, response: OutgoingMessage): void {
    const path = request.url.split('?')[0] ?? '';
    switch (request.method) {
      case 'GET':
        return this.#read(path, request, response);
      case 'PUT':
        this.writes.push(`${path} ${request.payload.toString()}`);
        response.code = '2.04';
        response.end();
        if (path === '/5/0/1' && request.payload.length > 0) void this.#pull(request.payload.toString());
        return;
      default:
        response.code = path === '/5/0/2' && resources['/5/0/3'] === 2 ? '2.04' : '4.05';
        response.end();
        if (path === '/5/0/2') this.#set({ '/5/0/3': 3 });
    }
  }

  #read(path: string, request: IncomingMessage, response: OutgoingMessage): void {
    this.reads.push(path);
    const payload = senml(path);
    if (payload === undefined) {
      response.code = '4.04';
      return void response.end();
    }
    response.setOption('Content-Format', SENML_JSON as never);
    if (request.headers.Observe !== 0) return void response.end(payload);
    this.#observed = response;
    response.write(payload);
  }

  /** From a port of its own; the package itself asks for the blocks, one after the other, and puts them together. */
  async #pull(uri: string): Promise<void> {
    this.#set({ '/5/0/1': uri, '/5/0/3': 1 });
    const socket = createSocket('udp4');
    socket.on('message', () => (this.blocksServed += 1));
    const { payload } = await ask({ pathname: new URL(uri).pathname, method: 'GET' }, { socket });
    socket.close();
    this.pulled = payload;
    this.#set({ '/5/0/3': payload.equals(IMAGE) ? 2 : 0, '/5/0/5': payload.equals(IMAGE) ? 0 : 5 });
  }
}

let gateway: URL;
let folder: string;
let server: ChildProcess;
let env: NodeJS.ProcessEnv;

/** One request of the peer to the gateway. */
function ask(
  request: Parameters<Agent['request']>[0],
  { payload, socket }: { payload?: string; socket: Socket },
): Promise<IncomingMessage> {
  const agent = new coap.Agent({ socket });
  const asked = agent.request({ hostname: gateway.hostname, port: Number(gateway.port), ...request });
  asked.end(payload);
  return new Promise((resolve, reject) => {
    asked.on('response', resolve);
    asked.on('error', reject);
  });
}

const drover = async (...args: string[]): Promise<string> =>
  (await promisify(execFile)(process.execPath, [join(ROOT, 'apps/cli/dist/main.js'), ...args], { env, cwd: folder })).stdout;

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 50));
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'drover-peer-'));
  const ports = ['--http-port', '0', '--coap-host', '127.0.0.1', '--coap-port', '0', '--coaps-port', 'off', '--no-sec', 'allowed'];
  // Sixty times faster: looks and radio delays take seconds instead of minutes.
  const args = ['--data', join(folder, 'data'), ...ports, '--time-scale', '60', '--log-level', 'error'];
  server = fork(join(ROOT, 'apps/server/dist/main.js'), args, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'], execArgv: [] });
  const [ready] = (await once(server, 'message')) as [{ http: string; coap: string; token: string }];
  gateway = new URL(ready.coap);
  env = { ...process.env, NODE_OPTIONS: '', DROVER_SERVER: ready.http, DROVER_TOKEN: ready.token };
  writeFileSync(join(folder, 'image.bin'), IMAGE);
  writeFileSync(join(folder, 'campaign.yaml'), RELEASE);
  await drover('firmware', 'keygen', 'publisher');
  await drover('firmware', 'policy', 'release', '--role', 'publisher=publisher.pub', '--out', 'policy.yaml');
  await drover('apply', '-f', 'policy.yaml');
  const named = ['--name', 'wm-modem', '--version', '2.4.1', '--sequence', '1', '--models', 'WM-300'];
  await drover('firmware', 'sign', 'image.bin', '--key', 'publisher', ...named);
  await drover('firmware', 'push', 'image.bin');
});

afterAll(() => {
  for (const device of running) device.stop();
  server.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

it('another implementation of CoAP registers, is read, pulls an image block by block and is updated', async () => {
  const device = new Device();
  await device.start();
  expect(await device.register()).toMatch(/^rd\/[\w-]+$/);
  await until(() => ['/3/0', '/4/0', '/5/0'].every((path) => device.reads.includes(path)));
  await until(async () => (await drover('device', 'list', '--where', 'firmwareVersion == "2.4.0"')).includes(ENDPOINT));

  await drover('apply', '-f', 'campaign.yaml');
  await until(() => device.pulled !== undefined);
  expect(device.writes).toEqual([expect.stringMatching(/^\/5\/0\/1 coap:\/\/127\.0\.0\.1:\d+\/fw\/\S+$/)]);
  expect(device.pulled?.equals(IMAGE)).toBe(true);
  expect(device.blocksServed).toBe(13);

  await until(() => resources['/5/0/3'] === 3);
  device.stop();
  Object.assign(resources, { '/3/0/3': '2.4.1', '/5/0/1': '', '/5/0/3': 0, '/5/0/5': 1 });
  const rebooted = new Device();
  await rebooted.start();
  await rebooted.register();
  await until(async () => (await drover('status', 'interop')).includes('1 of 1 succeeded'));
  expect(rebooted.reads).toContain('/3/0/3');
});
