import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { parsePrivateKey, parsePublicKey } from '../trust/keys.ts';
import { writeKeyPair, type KeyPaths } from './keygen.ts';

let folder: string;
let paths: KeyPaths;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'drover-keys-'));
  paths = { privateKey: join(folder, 'anna.key'), publicKey: join(folder, 'anna.pub') };
});
afterEach(() => rm(folder, { recursive: true }));

it.each(['EdDSA', 'ES256'] as const)('writes a pair for %s, the private half for its owner alone', async (algorithm) => {
  const { id } = await writeKeyPair(paths, algorithm);
  expect((await stat(paths.privateKey)).mode & 0o777).toBe(0o600);
  const { publicKey } = parsePrivateKey(await readFile(paths.privateKey, 'utf8'));
  const printed = parsePublicKey(await readFile(paths.publicKey, 'utf8'));
  expect([publicKey.id, printed.id, printed.algorithm]).toEqual([id, id, algorithm]);
});

it.each(['privateKey', 'publicKey'] as const)('never overwrites a %s, and leaves no half pair', async (half) => {
  await writeFile(paths[half], 'precious');
  await expect(writeKeyPair(paths)).rejects.toMatchObject({ code: 'KEY_EXISTS', kind: 'conflict' });
  expect(await readFile(paths[half], 'utf8')).toBe('precious');
  expect(await readdir(folder)).toHaveLength(1);
});

it('says when the folder is missing', async () => {
  await expect(writeKeyPair({ ...paths, privateKey: join(folder, 'none', 'anna.key') })).rejects.toMatchObject({
    code: 'STORE_UNREACHABLE',
  });
});
