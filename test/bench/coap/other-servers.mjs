// Other people's servers under the load that ours gets; each is `undefined` where this machine cannot run it.
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { onCore } from './sides.mjs';

const ROOT = join(import.meta.dirname, '..', '..', '..');
const LESHAN = join(ROOT, 'test', 'interop', 'peers', 'leshan');
const BUILT = join(ROOT, 'out', 'leshan-server');
/** A Java server needs a while, and then some load, before it is what it can be. */
const [START_MS, COAP_START_MS] = [4000, 500];

/** Starts a server on core 0; what stops it, or `undefined` when it does not stay up. */
async function start(command, args, startMs, cwd) {
  const child = spawn(...onCore(0, command, args), { stdio: 'ignore', cwd });
  const ended = new Promise((resolve) => child.once('error', () => resolve('ended')).once('exit', () => resolve('ended')));
  if ((await Promise.race([ended, sleep(startMs)])) === 'ended') return undefined;
  return () => child.kill('SIGKILL');
}

/** libcoap's example server. */
export const startLibcoap = (port) => start('coap-server-notls', ['-A', '127.0.0.1', '-p', String(port)], COAP_START_MS);

/** Eclipse Leshan's server library with its defaults, in memory. */
export async function startLeshan(port) {
  return buildLeshan() ? start('java', ['-cp', `${join(BUILT, 'classes')}:${join(BUILT, 'lib', '*')}`, 'Server', String(port)], START_MS, BUILT) : undefined;
}

function buildLeshan() {
  if (existsSync(join(BUILT, 'classes', 'Server.class'))) return true;
  mkdirSync(BUILT, { recursive: true });
  try {
    const lib = join(BUILT, 'lib');
    execFileSync('mvn', ['-q', '-B', '-f', join(LESHAN, 'server-pom.xml'), 'dependency:copy-dependencies', `-DoutputDirectory=${lib}`], { stdio: 'pipe' });
    execFileSync('javac', ['-cp', join(lib, '*'), '-d', join(BUILT, 'classes'), join(LESHAN, 'Server.java')], { stdio: 'pipe' });
    return true;
  } catch {
    return false;
  }
}
