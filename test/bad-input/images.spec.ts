import { sign } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import {
  encodeEnvelope,
  encodeManifest,
  parseReleasePolicy,
  printPublicKey,
  signManifest,
  toBeSigned,
  verifyAtUpload,
  type Manifest,
} from '@drover/firmware-store';
import { DirectoryBlobStore, generateSigningKey } from '@drover/firmware-store/stores';
import { instantOf, Name, type Digest } from '@drover/kernel';
import { cdeEncodeOptions, encode, Tag } from 'cbor2';

const anna = generateSigningKey('EdDSA');
const stranger = generateSigningKey('ES256');
const policy = parseReleasePolicy({ name: 'release', roles: { publisher: { keys: [printPublicKey(anna.publicKey)], threshold: 1 } } });
const NOW = instantOf('2026-12-01T00:00:00Z');
const MAX_BYTES = 1_000_000;
const IMAGE = Buffer.alloc(100_000, 'firmware');

let root: string;
let store: DirectoryBlobStore;
let good: Manifest;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'drover-bad-images-'));
  store = await DirectoryBlobStore.start(root, { maxBytes: MAX_BYTES });
  const image = await store.put(pieces(IMAGE));
  const times = { createdAt: instantOf('2026-11-01T00:00:00Z'), expiresAt: instantOf('2027-06-01T00:00:00Z') };
  good = { name: Name('wm-modem'), version: '2.4.1', sequenceNumber: 17, ...image, models: ['WM-300'], ...times };
});
afterAll(() => rm(root, { recursive: true }));

async function* pieces(bytes: Uint8Array) {
  for (let at = 0; at < bytes.length; at += 65_536) yield await Promise.resolve(bytes.subarray(at, at + 65_536));
}
async function* forever() {
  for (;;) yield await Promise.resolve(Buffer.alloc(65_536));
}

/** The whole first door: the image is streamed in, and its envelope is verified against what was measured. */
const upload = async (envelope: Uint8Array, image: AsyncIterable<Uint8Array> = pieces(IMAGE)) =>
  verifyAtUpload({ envelope, image: await store.put(image) }, { policy, withdrawn: new Set() }, NOW);
const envelopeOf = (change: Partial<Manifest> = {}, signer = anna) => signManifest(encodeManifest({ ...good, ...change }), [signer]);
/** Signed by one of us who has been bought, with a tool of their own: our signer would not sign this. */
const signedRaw = (payload: Uint8Array) => {
  const signer = { keyId: anna.publicKey.id, algorithm: anna.publicKey.algorithm };
  return encodeEnvelope({ payload, signatures: [{ ...signer, signature: sign(null, toBeSigned(payload, signer), anna.key) }] });
};
const splice = (bytes: Uint8Array, from: string, to: string) =>
  Buffer.from(Buffer.from(bytes).toString('latin1').replace(from, to), 'latin1');

it('lets the honest image in', async () => {
  expect(await upload(envelopeOf())).toEqual(good);
});

it.each<[name: string, code: string, attempt: () => Promise<unknown>]>([
  ['an image without end', 'ARTIFACT_TOO_LARGE', () => upload(envelopeOf(), forever())],
  [
    'an image with one bit flipped',
    'ARTIFACT_ALTERED',
    () => upload(envelopeOf(), pieces(Buffer.concat([IMAGE.subarray(0, -1), Buffer.of(0)]))),
  ],
  ['an image cut off on its way', 'ARTIFACT_ALTERED', () => upload(envelopeOf(), pieces(IMAGE.subarray(0, 50_000)))],
  ['an empty image', 'ARTIFACT_ALTERED', () => upload(envelopeOf(), pieces(Buffer.alloc(0)))],
  ['a manifest that promises another size', 'ARTIFACT_ALTERED', () => upload(envelopeOf({ size: 2 ** 40 }))],
  ['an envelope of noise', 'ARTIFACT_ENVELOPE_INVALID', () => upload(Buffer.alloc(10_000, 0xff))],
  ['an envelope of ten megabytes', 'ARTIFACT_ENVELOPE_INVALID', () => upload(Buffer.alloc(10_000_000))],
  ['an envelope nested ten thousand deep', 'ARTIFACT_ENVELOPE_INVALID', () => upload(Buffer.alloc(10_000, 0xc6))],
  ['an envelope that claims four billion parts', 'ARTIFACT_ENVELOPE_INVALID', () => upload(Buffer.from('d8629affffffff', 'hex'))],
  ['a manifest put under somebody’s signature', 'ARTIFACT_UNSIGNED', () => upload(splice(envelopeOf(), '2.4.1', '2.4.2'))],
  ['a stranger’s signature', 'ARTIFACT_UNSIGNED', () => upload(envelopeOf({}, stranger))],
  ['an expired manifest', 'ARTIFACT_EXPIRED', () => upload(envelopeOf({ expiresAt: NOW }))],
  [
    'an envelope of another kind',
    'ARTIFACT_ENVELOPE_INVALID',
    () => upload(encode(new Tag(18, [new Uint8Array(), {}, new Uint8Array(), new Uint8Array(64)]))),
  ],
  [
    'a signed manifest with a path for a name',
    'ARTIFACT_MANIFEST_INVALID',
    () => upload(signedRaw(encode({ ...good, name: '../../etc/passwd' }, cdeEncodeOptions))),
  ],
  ['a signed payload that is no manifest', 'ARTIFACT_MANIFEST_INVALID', () => upload(signedRaw(Buffer.alloc(60_000, 0x81)))],
  ['a digest with a path in it', 'DIGEST_INVALID', () => store.open(`sha256:../../${'a'.repeat(58)}` as Digest)],
])('refuses %s with %s', async (_name, code, attempt) => {
  const before = process.memoryUsage().rss;
  await expect(attempt()).rejects.toMatchObject({ code });
  expect(process.memoryUsage().rss - before).toBeLessThan(100_000_000);
  // Nothing half written stays, and the honest image is still there.
  expect(await readdir(join(root, 'incoming'))).toEqual([]);
  expect(await store.measure(good.digest)).toEqual({ digest: good.digest, size: good.size });
});

it('reads a bought signer’s manifest to the member that is wrong', async () => {
  const payload = encode({ ...good, name: '../../etc/passwd' }, cdeEncodeOptions);
  await expect(upload(signedRaw(payload))).rejects.toThrow(/"name" must be a name/);
});
