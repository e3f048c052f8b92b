import { execFile, spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, jest } from '@jest/globals';
import { CoapBench, IMAGE, sha256 } from './coap-bench.ts';

// aiocoap, the Python library, reads, observes and writes; its blocks and observations are its own.

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
if (!installed) console.warn('SKIPPED: aiocoap cannot be installed here (it needs python3 with venv, and PyPI), so it has not tried us');

(installed ? describe : describe.skip)('aiocoap', () => {
  it('reads 256 KiB, observes three notifications and writes 64 KiB', async () => {
    const bench = new CoapBench();
    try {
      const { stdout } = await promisify(execFile)(PYTHON, [join(PEER, 'peer.py'), await bench.start()], { timeout: 50_000 });
      const said = JSON.parse(stdout) as { imageSha256: string; seen: string[]; writeCode: string; writtenSha256: string };
      expect(said).toMatchObject({ imageBytes: IMAGE.length, imageSha256: sha256(IMAGE), writeCode: '2.04' });
      const seen = said.seen.map((text) => Number(text.slice(1)));
      expect(seen).toEqual([0, 1, 2, 3].map((step) => seen[0]! + step));
      expect(bench.uploads.map(sha256)).toEqual([said.writtenSha256]);
      expect(bench.uploads[0]).toHaveLength(64 * 1024);
    } finally {
      await bench.stop();
    }
  });
});
