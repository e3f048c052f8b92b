import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, it, jest } from '@jest/globals';
import { CoapBench, TRANSPORTS } from './coap-bench.ts';
import { provesItself } from './device-story.ts';
import { Figures } from './figures.ts';
import { PeerProcess } from './peer-process.ts';
import { saySkipped } from './skipped.ts';

// aiocoap, the Python library, as a device; its blocks and observations are its own.

jest.setTimeout(60_000);

const PEER = join(import.meta.dirname, 'peers', 'aiocoap');
const FOLDER = join(import.meta.dirname, '..', '..', '.tools', 'aiocoap');
const PYTHON = join(FOLDER, 'bin', 'python');

const succeeds = (command: string, ...args: string[]): boolean => spawnSync(command, args, { timeout: 120_000 }).status === 0;
const hasAiocoap = (): boolean => succeeds(PYTHON, '-c', 'import aiocoap');

/** A virtual environment of its own, kept for the next run. */
function install(): boolean {
  if (hasAiocoap()) return true;
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', join(PEER, 'requirements.txt')];
  const installed = succeeds('python3', '-m', 'venv', FOLDER) && succeeds(PYTHON, ...pip) && hasAiocoap();
  if (!installed) rmSync(FOLDER, { recursive: true, force: true });
  return installed;
}

const installed = install();
if (!installed) saySkipped('aiocoap cannot be installed here (it needs python3 with venv, and PyPI), so it has not tried us');

const figures = new Figures('aiocoap');
afterAll(() => figures.write());

(installed ? describe : describe.skip).each(TRANSPORTS)('aiocoap over %s', (transport) => {
  let bench: CoapBench;
  let peer: PeerProcess;
  beforeEach(async () => {
    bench = new CoapBench(transport);
    peer = new PeerProcess(PYTHON, [join(PEER, 'peer.py'), await bench.start()]);
  });
  afterEach(async () => {
    peer.stop();
    await bench.stop();
  });

  it('registers, pulls 1 MiB, observes three notifications and writes 64 KiB; is read and observed where it registered', async () => {
    await provesItself({ bench, peer, name: 'aiocoap', text: 'aiocoap', figures, transport, writes: true });
  });
});
