import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { spkiName, weaknessOf, type Candidate } from '@drover/credentials';
import type { Endpoint, Entropy, Namespace } from '@drover/kernel';

/** An identity tells whoever listens nothing about its device (RFC 9257 section 6). */
const IDENTITY_BYTES = 9;
/** Where a template does not say. */
export const KEY_BYTES = 32;

export interface KeyOwner {
  readonly namespace: Namespace;
  readonly endpoint: Endpoint;
}

/** A pre-shared key by chance, under an identity by chance. */
export function newPsk(owner: KeyOwner, bytes: number, entropy: Entropy): Candidate & { readonly secret: Uint8Array } {
  const identity = Buffer.from(entropy.bytes(IDENTITY_BYTES)).toString('base64url');
  for (;;) {
    const secret = entropy.bytes(bytes);
    // One in millions looks like a password by chance.
    if (weaknessOf(secret, { identity, endpoint: owner.endpoint }) === undefined) return { ...owner, kind: 'psk', identity, secret };
  }
}

/** A key pair on P-256. Its private part is sealed until the device has shown that it has it. */
export function newRawKey(owner: KeyOwner): Candidate & { readonly secret: Uint8Array } {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const identity = spkiName(publicKey.export({ type: 'spki', format: 'der' }));
  return { ...owner, kind: 'rpk', identity, secret: privateKey.export({ type: 'pkcs8', format: 'der' }) };
}

/** SubjectPublicKeyInfo of a private key (PKCS #8). */
export function publicPartOf(pkcs8: Uint8Array): Buffer {
  const privateKey = createPrivateKey({ key: Buffer.from(pkcs8), format: 'der', type: 'pkcs8' });
  return createPublicKey(privateKey.export({ format: 'pem', type: 'pkcs8' })).export({ type: 'spki', format: 'der' });
}
