import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { instantOf, Name } from '@drover/kernel';
import {
  encodeManifest,
  parsePrivateKey,
  parseReleasePolicy,
  signManifest,
  verifyForPlan,
  verifyForServe,
  verifySignatures,
} from '../index.ts';
import { DirectoryBlobStore, writeKeyPair } from './index.ts';

async function* upload() {
  yield await Promise.resolve(Buffer.alloc(1000, 'image'));
}

it('the example of the README, from the key to the device', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'drover-readme-'));
  const keys = { privateKey: join(folder, 'anna.key'), publicKey: join(folder, 'anna.pub') };
  await writeKeyPair(keys);
  const store = await DirectoryBlobStore.start(folder);

  const anna = parsePrivateKey(await readFile(keys.privateKey, 'utf8'));
  const annaPublicPem = await readFile(keys.publicKey, 'utf8');
  const policy = parseReleasePolicy({ name: 'release', roles: { publisher: { keys: [annaPublicPem], threshold: 1 } } });
  const image = await store.put(upload());
  const times = { createdAt: instantOf('2026-11-01'), expiresAt: instantOf('2027-11-01') };
  const envelope = signManifest(
    encodeManifest({ ...image, name: Name('wm-modem'), version: '2.4.1', sequenceNumber: 17, models: ['WM-300'], ...times }),
    [anna],
  );
  const [trust, now] = [{ policy, withdrawn: new Set<never>() }, instantOf('2026-12-01')];
  const { firmware, refusalFor } = verifyForPlan({ envelope, image }, trust, now);
  expect(firmware.version).toBe('2.4.1');
  expect(refusalFor({ model: 'WM-300', version: '2.5.0' })).toMatchObject({ code: 'ARTIFACT_ROLLBACK' });

  const measured = await store.measure(firmware.digest);
  expect(
    verifyForServe(verifySignatures(envelope, policy), { image: measured, ...trust }, { model: 'WM-300', version: '2.3.0' }, now),
  ).toEqual(firmware);
  await rm(folder, { recursive: true });
});
