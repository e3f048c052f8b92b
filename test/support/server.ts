import { fork, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ErrorBody } from '@drover/contracts';

const MAIN = join(import.meta.dirname, '..', '..', 'apps', 'server', 'dist', 'main.js');
const START_MS = 20_000;
const STOP_MS = 10_000;

/** A server in a process of its own: what a user runs, not what a test wires. */
export interface TestServer {
  readonly url: string;
  /** `coap://host:port` of its LwM2M side. */
  readonly coap: string;
  /** `coaps://host:port`. */
  readonly coaps: string;
  /** `coaps+tcp://host:port`. */
  readonly coapsTcp: string;
  /** `coap://host:port` and `coaps://host:port` of its bootstrap server; empty where that is off. */
  readonly bootstrap: string;
  readonly bootstraps: string;
  /** The first administrator's; empty on a start over known data. */
  readonly token: string;
  readonly data: string;
  readonly pid: number;
  /** In order, as an operator stops it. Its data goes too, unless they were given to it. */
  stop(): Promise<void>;
  /** `kill -9`. The data stay. */
  kill(): Promise<void>;
  /** As if the program that started it were gone; answers its exit code. */
  orphan(): Promise<number | null>;
}

export interface ServerOptions {
  /** Folder of an earlier run; a temporary one without it. */
  readonly data?: string;
  readonly args?: readonly string[];
  /** Without a port for CoAP without security: `coap` is empty then. */
  readonly isSecured?: boolean;
}

interface Ready {
  readonly type: 'ready';
  readonly http: string;
  readonly coap: string | undefined;
  readonly coaps: string;
  readonly coapsTcp: string | undefined;
  readonly bootstrap: string | undefined;
  readonly bootstraps: string | undefined;
  readonly token: string | undefined;
}

export async function startServer({ data, args = [], isSecured = false }: ServerOptions = {}): Promise<TestServer> {
  if (!existsSync(MAIN)) throw new Error(`the server is not built (${MAIN} is missing): run "npm run build" first`);
  const folder = data ?? mkdtempSync(join(tmpdir(), 'drover-'));
  const own = [
    '--data',
    folder,
    '--http-port',
    '0',
    '--coap-host',
    '127.0.0.1',
    '--coap-port',
    '0',
    '--coaps-port',
    '0',
    '--log-level',
    'error',
  ];
  const security = isSecured ? [] : ['--no-sec', 'allowed'];
  const child = fork(MAIN, [...own, ...security, ...args], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'], execArgv: [] });
  const ready = await readyOf(child);
  return {
    url: ready.http,
    coap: ready.coap ?? '',
    coaps: ready.coaps,
    coapsTcp: ready.coapsTcp ?? '',
    bootstrap: ready.bootstrap ?? '',
    bootstraps: ready.bootstraps ?? '',
    token: ready.token ?? '',
    data: folder,
    pid: child.pid ?? 0,
    stop: async () => {
      await end(child, 'SIGTERM');
      if (data === undefined) rmSync(folder, { recursive: true, force: true });
    },
    kill: () => end(child, 'SIGKILL'),
    orphan: () => {
      const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
      child.disconnect();
      return ended;
    },
  };
}

/** Waits for the server's word that it answers; a start that fails tells what it said. */
function readyOf(child: ChildProcess): Promise<Ready> {
  let said = '';
  child.stderr?.on('data', (chunk: Buffer) => (said = (said + chunk.toString()).slice(-4000)));
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`the server was not ready after ${START_MS} ms; it said: ${said}`));
    }, START_MS);
    child.once('exit', (code, signal) => {
      clearTimeout(timer);
      reject(new Error(`the server ended with ${code ?? signal} before it was ready; it said: ${said}`));
    });
    child.on('message', (message: Ready) => {
      if (message.type !== 'ready') return;
      clearTimeout(timer);
      resolve(message);
    });
  });
}

function end(child: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
    child.once('exit', () => {
      clearTimeout(timer);
      resolve();
    });
    child.kill(signal);
  });
}

export interface Answer<T> {
  readonly status: number;
  readonly body: T;
}

/** One request to the API; `path` is below `/api/v1`. Errors are answers too. */
export async function api<T = unknown>(
  server: Pick<TestServer, 'url' | 'token'>,
  method: string,
  path: string,
  body?: unknown,
  token = server.token,
): Promise<Answer<T & ErrorBody>> {
  const response = await fetch(`${server.url}/api/v1${path}`, {
    method,
    headers: {
      ...(token === '' ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await response.text();
  return { status: response.status, body: (text === '' ? undefined : JSON.parse(text)) as T & ErrorBody };
}

/** A device is answered before the engine has heard of it: whoever asks for it at once is a few milliseconds too early. */
export async function untilKnown(server: Pick<TestServer, 'url' | 'token'>, endpoint: string): Promise<void> {
  for (const end = performance.now() + START_MS; performance.now() < end;) {
    if ((await api(server, 'GET', `/devices/${encodeURIComponent(endpoint)}`)).status === 200) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`the engine has not heard of ${endpoint} in ${START_MS} ms`);
}

/** Streams an image to the store; answers its digest. */
export async function uploadImage(
  server: Pick<TestServer, 'url' | 'token'>,
  image: Uint8Array,
): Promise<Answer<{ digest: string; size: number } & ErrorBody>> {
  const response = await fetch(`${server.url}/api/v1/firmware/images`, {
    method: 'POST',
    headers: { authorization: `Bearer ${server.token}`, 'content-type': 'application/octet-stream' },
    body: Buffer.from(image),
  });
  return { status: response.status, body: (await response.json()) as { digest: string; size: number } & ErrorBody };
}
