import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import type { Report } from '@drover/simulator';
import { messageOf } from '../support/process-message.ts';
import type { Scenario } from './scenario.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const SERVER = join(ROOT, 'test/faults/server.ts');
const FLEET = join(ROOT, 'apps/simulator/dist/main.js');
/** First timeout of a device: within one machine an answer takes milliseconds. */
const ACK_TIMEOUT_MS = 100;
/** A server that has ended by itself is started again after this long, ms: what a service manager does. */
const RESTART_MS = 300;

interface Ready {
  readonly http: string;
  readonly coap?: string;
  readonly coaps?: string;
  readonly token?: string;
}

/** One server that is kept running whatever is done to it, and one fleet; each a process of its own, over one folder. */
export class Place {
  readonly #folder = mkdtempSync(join(tmpdir(), 'drover-faults-'));
  readonly #clock: { campaignOrigin: number; wallOrigin: number; scale: number };
  #server: ChildProcess | undefined;
  #fleet: ChildProcess | undefined;
  readonly #isSecured: boolean;
  #ports = { http: '0', lwm2m: '0' };
  readonly #files: Server;
  readonly #images = new Map<string, Uint8Array>();
  #isClosed = false;
  /** Full disks under way: a server that ends meanwhile has done what it should. */
  #fullDisks = 0;
  #isCacheBroken = false;
  url = '';
  /** `coap://…`, or `coaps://…` where devices have keys. */
  lwm2m = '';
  token = '';
  /** Ends of the server that nothing of ours explains. */
  readonly crashes: string[] = [];

  constructor({ origin, scale, isSecured }: Scenario) {
    this.#isSecured = isSecured;
    this.#clock = { campaignOrigin: origin, wallOrigin: Date.now(), scale };
    this.#files = createServer(({ url = '', headers }, response) => {
      const image = this.#images.get(url.slice(1));
      const from = Number(/^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1] ?? 0);
      const etag = `"${url.slice(1, 17)}"`;
      if (!image || from >= image.length) return void response.writeHead(image ? 416 : 404).end();
      const range = { 'content-range': `bytes ${from}-${image.length - 1}/${image.length}` };
      const length = { 'content-length': image.length - from };
      response.writeHead(from > 0 ? 206 : 200, { etag, ...length, ...(from > 0 && range) }).end(image.subarray(from));
    });
  }

  /** An image on the operator's own file host, under its digest. */
  async host(digest: string, image: Uint8Array): Promise<void> {
    this.#images.set(digest.slice(digest.indexOf(':') + 1), image);
    if (this.#files.listening) return;
    this.#files.listen(0, '127.0.0.1');
    await once(this.#files, 'listening');
  }

  /** Campaign time. */
  now(): number {
    const { campaignOrigin, wallOrigin, scale } = this.#clock;
    return campaignOrigin + (Date.now() - wallOrigin) * scale;
  }

  async startServer(): Promise<void> {
    const { campaignOrigin, wallOrigin, scale } = this.#clock;
    const options = {
      data: this.#path('data'),
      'http-port': this.#ports.http,
      'coap-host': '127.0.0.1',
      ...(this.#isSecured
        ? { 'coaps-port': this.#ports.lwm2m }
        : { 'coap-port': this.#ports.lwm2m, 'coaps-port': 'off', 'no-sec': 'allowed' }),
      'log-level': 'fatal',
      'time-scale': String(scale),
      'time-origin': new Date(campaignOrigin).toISOString(),
      'wall-origin': String(wallOrigin),
      ...(this.#files.listening && { 'file-host': `http://127.0.0.1:${(this.#files.address() as AddressInfo).port}` }),
    };
    const server = fork(SERVER, argsOf(options), {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      execArgv: ['--disable-warning=ExperimentalWarning'],
    });
    this.#server = server;
    let said = '';
    server.stderr?.on('data', (chunk) => (said = `${said}${String(chunk)}`.slice(-4000)));
    server.once('exit', (code, signal) => this.#ended(server, `ended with ${signal ?? code}: ${said.trim().split('\n').at(-1) ?? ''}`));
    const ready = (await messageOf(server, 'ready')) as Ready;
    this.url = ready.http;
    this.lwm2m = (this.#isSecured ? ready.coaps : ready.coap) ?? '';
    this.token = ready.token ?? this.token;
    this.#ports = { http: new URL(ready.http).port, lwm2m: this.lwm2m.slice(this.lwm2m.lastIndexOf(':') + 1) };
  }

  #ended(server: ChildProcess, how: string): void {
    if (this.#isClosed || this.#server !== server) return;
    this.#server = undefined;
    // While it was down somebody else on this machine was given its port: it tries until it is free again.
    const isElsewhere = how.includes('EADDRINUSE');
    if (this.#fullDisks === 0 && !isElsewhere) this.crashes.push(how);
    setTimeout(() => void this.#startAgain(), RESTART_MS);
  }

  async #startAgain(): Promise<void> {
    if (this.#isClosed || this.#server) return;
    await this.startServer().catch(() => undefined);
  }

  /** No warning, no clean-up: what a power cut leaves. */
  async killServer(downMs: number): Promise<void> {
    const server = this.#server;
    if (!server) return;
    this.#server = undefined;
    const gone = once(server, 'exit');
    server.kill('SIGKILL');
    await gone;
    setTimeout(() => void this.#startAgain(), downMs);
  }

  async fullDisk(forMs: number): Promise<void> {
    this.#fullDisks += 1;
    send(this.#server, { type: 'full-disk' });
    await wait(forMs);
    // Whoever has survived gets its room back; whoever has not starts with it.
    const server = this.#server;
    send(server, { type: 'disk-freed' });
    if (server) await messageOf(server, 'disk-freed').catch(() => undefined);
    await wait(2000);
    this.#fullDisks -= 1;
  }

  /** A file where the folder should be: what a full or broken disk of a gateway looks like. */
  async brokenCache(forMs: number): Promise<void> {
    const cache = this.#path('data/gateway-cache');
    if (this.#isCacheBroken) return;
    this.#isCacheBroken = true;
    const aside = `${cache}-aside`;
    if (existsSync(cache)) renameSync(cache, aside);
    writeFileSync(cache, '');
    await wait(forMs);
    rmSync(cache, { force: true, recursive: true });
    if (existsSync(aside)) renameSync(aside, cache);
    this.#isCacheBroken = false;
  }

  /** Somebody else holds the write lock, again and again. */
  async slowDisk(forMs: number, commitMs: number): Promise<void> {
    const other = new Database(this.#path('data/drover.sqlite'), { timeout: 2000 });
    const until = Date.now() + forMs;
    while (Date.now() < until) {
      try {
        other.exec('BEGIN IMMEDIATE');
        await wait(commitMs);
        other.exec('ROLLBACK');
      } catch {
        // The server was faster: the next time.
      }
      await wait(5);
    }
    other.close();
  }

  /** A key for each device of the fleet, as the API takes them. */
  async makeKeys(scenario: Scenario): Promise<readonly object[]> {
    const file = this.#path('device-keys.csv');
    const child = fork(FLEET, argsOf({ ...this.#fleetOf(scenario), 'make-keys': file }), {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      execArgv: [],
    });
    await once(child, 'exit');
    const [, ...rows] = readFileSync(file, 'utf8').trimEnd().split(/\r?\n/);
    return rows.map((row) => {
      const [endpoint, identity, key = ''] = row.split(',');
      return { endpoint, kind: 'psk', identity, key: Buffer.from(key, 'hex').toString('base64') };
    });
  }

  #fleetOf({ seed, mix }: Scenario): Record<string, string> {
    const devices = Object.values(mix).reduce((sum, count) => sum + count, 0);
    return { server: this.lwm2m, devices: String(devices), seed: String(seed), mix: JSON.stringify(mix) };
  }

  async startFleet(scenario: Scenario, limits: Record<string, unknown>): Promise<void> {
    const options = {
      ...this.#fleetOf(scenario),
      ...(this.#isSecured && { keys: this.#path('device-keys.csv') }),
      clock: JSON.stringify(this.#clock),
      limits: JSON.stringify(limits),
      chaos: JSON.stringify(scenario.weather),
      'ack-timeout-ms': String(ACK_TIMEOUT_MS),
      memory: 'full',
    };
    this.#fleet = fork(FLEET, argsOf(options), { stdio: ['ignore', 'ignore', 'inherit', 'ipc'], execArgv: [] });
    await messageOf(this.#fleet, 'ready');
  }

  /** The observer is told of holds: nothing may be served or executed while one stands. */
  tellHold(hold: { readonly from?: number; readonly until?: number }): void {
    send(this.#fleet, { type: 'hold', ...hold });
  }

  async report(): Promise<Report> {
    if (!this.#fleet) throw new TypeError('no fleet was started');
    const answer = messageOf(this.#fleet, 'report');
    this.#fleet.send({ type: 'report' });
    return ((await answer) as { report: Report }).report;
  }

  /** Asked again while the server is away: an answer is an acknowledgement, no answer is none. */
  async api(method: string, path: string, body?: unknown, { patienceMs = 20_000 } = {}): Promise<unknown> {
    for (const until = Date.now() + patienceMs; ;) {
      try {
        return await this.ask(method, path, body);
      } catch (error) {
        if (error instanceof Refused || Date.now() > until) throw error;
        await wait(100);
      }
    }
  }

  /** Once. */
  async ask(method: string, path: string, body?: unknown): Promise<unknown> {
    const isBytes = body instanceof Uint8Array;
    const type = isBytes ? 'application/octet-stream' : 'application/json';
    const response = await fetch(`${this.url}/api/v1/${path}`, {
      method,
      headers: { authorization: `Bearer ${this.token}`, ...(body === undefined ? {} : { 'content-type': type }) },
      body: body === undefined ? undefined : isBytes ? Buffer.from(body) : JSON.stringify(body),
      signal: AbortSignal.timeout(10_000),
    });
    const text = await response.text();
    if (response.status >= 500) throw new TypeError(`${method} ${path}: ${response.status} ${text.slice(0, 300)}`);
    if (!response.ok) throw new Refused(`${method} ${path}: ${response.status} ${text.slice(0, 500)}`);
    return response.headers.get('content-type')?.includes('application/json') ? JSON.parse(text) : text;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const ends = [this.#fleet, this.#server].map(async (child) => {
      if (!child || child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
    });
    await Promise.all(ends);
    this.#files.close();
    this.#files.closeAllConnections();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #path(name: string): string {
    return join(this.#folder, name);
  }
}

const argsOf = (options: Record<string, string>): string[] => Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);

/** The server has understood and said no. */
export class Refused extends Error {}

export function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** To a process that may just have ended. */
function send(child: ChildProcess | undefined, message: object): void {
  if (child?.connected) child.send(message, () => undefined);
}
