import { execFile, fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeImage, type Report } from '@drover/simulator';
import { messageOf } from '../support/process-message.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const SERVER = join(ROOT, 'apps/server/dist/main.js');
const FLEET = join(ROOT, 'apps/simulator/dist/main.js');
const CLI = join(ROOT, 'apps/cli/dist/main.js');

export interface Ran {
  readonly status: number;
  readonly text: string;
  readonly errors: string;
  readonly value: unknown;
}

interface Ready {
  readonly http: string;
  readonly coap?: string;
  readonly coaps: string;
  readonly token?: string;
}

/** A server, a fleet and a command line, each a process of its own, over one data folder and one campaign clock. */
export class World {
  readonly folder = mkdtempSync(join(tmpdir(), 'drover-e2e-'));
  readonly #clock: { campaignOrigin: number; wallOrigin: number; scale: number };
  #server: ChildProcess | undefined;
  #fleet: ChildProcess | undefined;
  #ports = { http: '0', coap: '0', coaps: '0' };
  readonly #isSecured: boolean;
  readonly #speaksOscore: boolean;
  url = '';
  coap = '';
  coaps = '';
  token = '';

  /** `isSecured`: devices have keys, and there is no way in without one. `speaksOscore`: so it is, and the keys are OSCORE contexts. */
  constructor(scale: number, origin: string, { isSecured = false, speaksOscore = false } = {}) {
    this.#isSecured = isSecured || speaksOscore;
    this.#speaksOscore = speaksOscore;
    if (!existsSync(SERVER)) throw new TypeError('the programs are not built: run `npm run build` first');
    this.#clock = { campaignOrigin: Date.parse(origin), wallOrigin: Date.now(), scale };
  }

  /** Campaign time. */
  now(): number {
    const { campaignOrigin, wallOrigin, scale } = this.#clock;
    return campaignOrigin + (Date.now() - wallOrigin) * scale;
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  /** Starts the server, or starts it again on the same data, the same ports and the same clock. */
  async startServer(): Promise<void> {
    const { campaignOrigin, wallOrigin, scale } = this.#clock;
    const args = [
      '--data',
      this.path('data'),
      '--http-port',
      this.#ports.http,
      '--coap-host',
      '127.0.0.1',
      '--coaps-port',
      this.#ports.coaps,
      '--no-sec',
      this.#isSecured ? 'refused' : 'allowed',
      '--oscore',
      this.#speaksOscore ? 'on' : 'off',
      '--coap-port',
      this.#ports.coap,
    ];
    const time = [
      '--time-scale',
      String(scale),
      '--time-origin',
      new Date(campaignOrigin).toISOString(),
      '--wall-origin',
      String(wallOrigin),
    ];
    this.#server = fork(SERVER, [...args, ...time, '--log-level', 'error'], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      execArgv: [],
    });
    const ready = (await messageOf(this.#server, 'ready')) as Ready;
    this.url = ready.http;
    this.coap = ready.coap ?? '';
    this.coaps = ready.coaps;
    this.token = ready.token ?? this.token;
    this.#ports = { http: new URL(ready.http).port, coap: portOf(this.coap), coaps: portOf(this.coaps) };
  }

  /** No warning, no clean-up: what a power cut leaves. */
  async killServer(): Promise<void> {
    const server = this.#server;
    if (!server) return;
    this.#server = undefined;
    if (server.exitCode !== null || server.signalCode !== null) return;
    const gone = once(server, 'exit');
    server.kill('SIGKILL');
    await gone;
  }

  /** A key of its own for each device, handed over as people do it. */
  async #shareKeys(devices: number): Promise<string[]> {
    if (!this.#isSecured) return ['--server', this.coap];
    const keys = this.path('device-keys.csv');
    const [server, security] = this.#speaksOscore ? [this.coap, 'oscore'] : [this.coaps, 'dtls'];
    const plan = ['--server', server, '--devices', String(devices), '--seed', '7'];
    const made = fork(FLEET, [...plan, '--security', security, '--make-keys', keys], { execArgv: [] });
    await once(made, 'exit');
    await this.must(['credentials', 'import', keys]);
    return ['--server', server, '--keys', keys];
  }

  async startFleet(
    devices: number,
    mix: Record<string, number>,
    limits: Record<string, unknown> = {},
    chaos: Record<string, number> = {},
  ): Promise<void> {
    const way = await this.#shareKeys(devices);
    this.#fleet = fork(
      FLEET,
      [
        ...way,
        '--devices',
        String(devices),
        '--seed',
        '7',
        '--clock',
        JSON.stringify(this.#clock),
        '--mix',
        JSON.stringify(mix),
        '--limits',
        JSON.stringify(limits),
        '--chaos',
        JSON.stringify(chaos),
      ],
      { stdio: ['ignore', 'ignore', 'inherit', 'ipc'], execArgv: [] },
    );
    await messageOf(this.#fleet, 'ready');
    await this.until(
      async () =>
        ((await this.api('GET', `devices?limit=1000&where=${encodeURIComponent('has(firmwareVersion)')}`)) as unknown[]).length >= devices,
      'every device read',
    );
  }

  async report(): Promise<Report> {
    if (!this.#fleet) throw new TypeError('no fleet was started');
    const answer = messageOf(this.#fleet, 'report');
    this.#fleet.send({ type: 'report' });
    return ((await answer) as { report: Report }).report;
  }

  /** All devices sleep, whatever is said to them, as long as `during` takes; their clocks go on. */
  async whileAllSleep(during: () => Promise<void>): Promise<void> {
    this.#fleet?.kill('SIGSTOP');
    try {
      await during();
    } finally {
      this.#fleet?.kill('SIGCONT');
    }
  }

  async close(): Promise<void> {
    this.#fleet?.kill('SIGKILL');
    await this.killServer();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** `drover …`, as a program would call it. */
  drover(args: readonly string[], token = this.token): Promise<Ran> {
    return new Promise((resolve) => {
      const env = { ...process.env, DROVER_SERVER: this.url, DROVER_TOKEN: token, NODE_OPTIONS: '' };
      execFile(
        process.execPath,
        [CLI, '--json', ...args],
        { env, cwd: this.folder, maxBuffer: 64 * 1024 * 1024 },
        (error, text, errors) => {
          const status = error ? Number(error.code ?? 70) : 0;
          resolve({ status, text, errors, value: text === '' ? undefined : JSON.parse(text) });
        },
      );
    });
  }

  async api(method: string, path: string, body?: unknown, token = this.token): Promise<unknown> {
    const response = await fetch(`${this.url}/api/v1/${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, ...(body ? { 'content-type': 'application/json' } : {}) },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    if (!response.ok) throw new TypeError(`${method} ${path}: ${response.status} ${await response.text()}`);
    return response.json();
  }

  async until(holds: () => Promise<boolean>, what: string, ms = 60_000): Promise<void> {
    const deadline = Date.now() + ms;
    while (!(await holds().catch(() => false))) {
      if (Date.now() > deadline) throw new TypeError(`waited ${ms} ms for: ${what}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** Keys, a release policy, and one signed and pushed image of `size` bytes. */
  async release(version: string, size: number, name = 'wm-modem'): Promise<string> {
    const image = this.path(`${name}-${version}.bin`);
    if (!existsSync(this.path('publisher'))) {
      await this.must(['firmware', 'keygen', 'publisher']);
      await this.must(['firmware', 'policy', 'release', '--role', 'publisher=publisher.pub', '--out', 'release-policy.yaml']);
      await this.must(['apply', '-f', 'release-policy.yaml']);
    }
    writeFileSync(image, makeImage({ version, size, seed: 1, component: name }));
    await this.must([
      'firmware',
      'sign',
      image,
      '--key',
      'publisher',
      '--name',
      name,
      '--version',
      version,
      '--sequence',
      '1',
      '--models',
      'WM-300',
      '--created',
      new Date(this.#clock.campaignOrigin).toISOString(),
    ]);
    await this.must(['firmware', 'push', image]);
    return image;
  }

  /** A command that has to succeed. */
  async must(args: readonly string[], token?: string): Promise<unknown> {
    const { status, errors, value } = await this.drover(args, token);
    if (status !== 0) throw new TypeError(`drover ${args.join(' ')} exited with ${status}: ${errors}`);
    return value;
  }

  write(name: string, text: string): string {
    writeFileSync(this.path(name), text);
    return this.path(name);
  }
}

const portOf = (uri: string): string => (uri === '' ? '0' : uri.slice(uri.lastIndexOf(':') + 1));
