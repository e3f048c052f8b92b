import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { oscoreIdentity, packMaterial, spkiName, weaknessOf, type Candidate, type KeyOwner as StrengthOwner } from '@drover/credentials';
import type { Endpoint, Entropy, Namespace } from '@drover/kernel';

/** An identity tells whoever listens nothing about its device (RFC 9257 section 6). */
const IDENTITY_BYTES = 9;
/** Where a template does not say. Of a Master Secret as much as its cipher uses. */
const [KEY_BYTES, MASTER_SECRET_BYTES] = [32, 16];
/** In each request of the device. Of all devices of a server none may have the same, so it is drawn until it is free. */
const SENDER_BYTES = 4;
const [RECIPIENT_BYTES, SALT_BYTES] = [1, 8];

export interface KeyOwner {
  readonly namespace: Namespace;
  readonly endpoint: Endpoint;
}

/** Its secret in clear, to be sealed at once. */
export type MadeKey = Candidate & { readonly secret: Uint8Array };

const identityBy = (entropy: Entropy): string => Buffer.from(entropy.bytes(IDENTITY_BYTES)).toString('base64url');

/** A pre-shared key by chance, under an identity by chance. */
export function newPsk(owner: KeyOwner, entropy: Entropy, bytes = KEY_BYTES): MadeKey {
  const identity = identityBy(entropy);
  return { ...owner, kind: 'psk', identity, secret: strongSecret(bytes, { identity, endpoint: owner.endpoint }, entropy) };
}

/** A security context of OSCORE (RFC 8613). `isFree`: no device has, or had, that identity. */
export function newContext(owner: KeyOwner, entropy: Entropy, isFree: (identity: string) => boolean, bytes = MASTER_SECRET_BYTES): MadeKey {
  for (;;) {
    const senderId = entropy.bytes(SENDER_BYTES);
    const identity = oscoreIdentity({ senderId });
    if (!isFree(identity)) continue;
    const masterSecret = strongSecret(bytes, { identity, endpoint: owner.endpoint }, entropy);
    const ids = { senderId, recipientId: entropy.bytes(RECIPIENT_BYTES) };
    const secret = packMaterial({ ...ids, masterSecret, masterSalt: entropy.bytes(SALT_BYTES) });
    masterSecret.fill(0);
    return { ...owner, kind: 'oscore', identity, secret };
  }
}

function strongSecret(bytes: number, owner: StrengthOwner, entropy: Entropy): Uint8Array {
  for (;;) {
    const secret = entropy.bytes(bytes);
    // One in millions looks like a password by chance.
    if (weaknessOf(secret, owner) === undefined) return secret;
  }
}

/** A key pair on P-256. Its private part is sealed until the device has shown that it has it. */
export function newRawKey(owner: KeyOwner): MadeKey {
  const { name, secret } = newPair();
  return { ...owner, kind: 'rpk', identity: name, secret };
}

/** A key pair to be certified under a name by chance, which is good with this key alone. */
export function newCertifiedKey(owner: KeyOwner, entropy: Entropy): MadeKey {
  const { name, secret } = newPair();
  return { ...owner, kind: 'x509', identity: identityBy(entropy), pin: name, secret };
}

function newPair(): { readonly name: string; readonly secret: Buffer } {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const name = spkiName(publicKey.export({ type: 'spki', format: 'der' }));
  return { name, secret: privateKey.export({ type: 'pkcs8', format: 'der' }) };
}

/** SubjectPublicKeyInfo of a private key (PKCS #8). */
export function publicPartOf(pkcs8: Uint8Array): Buffer {
  const privateKey = createPrivateKey({ key: Buffer.from(pkcs8), format: 'der', type: 'pkcs8' });
  return createPublicKey(privateKey.export({ format: 'pem', type: 'pkcs8' })).export({ type: 'spki', format: 'der' });
}
