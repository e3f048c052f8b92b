import { createHash, generateKeyPairSync } from 'node:crypto';
import { digestOfBytes, Instant, Name, type Digest, type Json } from '@drover/kernel';
import { encodeManifest, parsePrivateKey, signManifest, type Manifest } from '@drover/firmware-store';

/** An image with everything that its release needs, made anew for each test. */
export interface Release {
  readonly image: Uint8Array;
  readonly digest: Digest;
  readonly envelope: Uint8Array;
  readonly policy: { readonly name: string; readonly roles: Json };
}

/** Signed by one key of one role. `change` alters the manifest before it is signed. */
export function aRelease(image: Uint8Array = Buffer.alloc(2048, 7), change: Partial<Manifest> = {}): Release {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const digest = digestOfBytes(createHash('sha256').update(image).digest());
  const manifest: Manifest = {
    name: Name('fw'),
    version: '2.0.0',
    sequenceNumber: 2,
    size: image.length,
    digest,
    models: ['WM-300'],
    createdAt: Instant(0),
    expiresAt: Instant(8e15),
    ...change,
  };
  const key = parsePrivateKey(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
  const policy = {
    name: 'release',
    roles: { publisher: { keys: [publicKey.export({ type: 'spki', format: 'pem' }).toString()], threshold: 1 } },
  };
  return { image, digest, envelope: signManifest(encodeManifest(manifest), [key]), policy };
}
