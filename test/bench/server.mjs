// The server as it ships, in a process of its own, and the command line to speak with it: for benches of the whole path.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '@drover/cli';
import { makeImage } from '@drover/simulator';
import { SERVER_FLAGS } from '../../scripts/lib/server-flags.mjs';

const ROOT = join(import.meta.dirname, '..', '..');
export const OUT = join(ROOT, 'out');
export const RELEASE = 'wm-modem';
export const VERSION = '2.4.1';

/** A script of ours that says by a message when it is ready: the process, and what it said. */
export async function startProcess(script, args, { execArgv = [] } = {}) {
  const child = fork(join(ROOT, script), args, { execArgv, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const ended = once(child, 'exit').then(([code]) => Promise.reject(new Error(`${script} ended with ${code}`)));
  ended.catch(() => undefined);
  const [ready] = await Promise.race([once(child, 'message'), ended]);
  return { child, ready };
}

/** On loopback, with its database in `folder`. The command line speaks with it from here on. */
export async function startServer(folder, more = [], { execArgv = [] } = {}) {
  const own = ['--data', folder, '--http-port', '0', '--coap-host', '127.0.0.1', '--coap-port', '0', '--coap-tcp-port', 'off', '--coaps-port', '0', '--no-sec', 'allowed', '--log-level', 'error'];
  const { child, ready } = await startProcess('apps/server/dist/main.js', [...own, ...more], { execArgv: [...SERVER_FLAGS, ...execArgv] });
  Object.assign(process.env, { DROVER_SERVER: ready.http, DROVER_TOKEN: ready.token });
  return { child, ...ready };
}

export async function drover(...args) {
  const write = process.stdout.write.bind(process.stdout);
  process.stdout.write = () => true;
  const status = await run(args);
  process.stdout.write = write;
  process.exitCode = 0;
  if (status !== 0) throw new Error(`drover ${args.join(' ')} ended with ${status}`);
}

/** An image of `size` bytes for these models, signed and in the store; its keys and files are in `folder`. */
export async function release(folder, { models, size, created }) {
  const work = (name) => join(folder, name);
  for (const role of ['publisher', 'quality']) await drover('firmware', 'keygen', work(role));
  await drover('firmware', 'policy', 'bench', '--role', `publisher=${work('publisher.pub')}`, '--out', work('policy.yaml'));
  await drover('apply', '-f', work('policy.yaml'));
  const image = work(`${RELEASE}-${VERSION}.bin`);
  writeFileSync(image, makeImage({ version: VERSION, size, seed: 1 }));
  const about = ['--name', RELEASE, '--version', VERSION, '--sequence', '241', '--models', models.join(), '--created', created, '--expires', '90d'];
  await drover('firmware', 'sign', image, '--key', work('publisher'), ...about);
  await drover('firmware', 'push', image);
}

/** The answer of the HTTP API to a GET, or to a POST of `body`. */
export async function api({ http, token }, path, body) {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const request = body === undefined ? { headers } : { headers, method: 'POST', body: JSON.stringify(body) };
  const response = await fetch(`${http}/api/v1/${path}`, request);
  if (!response.ok) throw new Error(`${path} was answered ${response.status}: ${await response.text()}`);
  return response.json();
}
