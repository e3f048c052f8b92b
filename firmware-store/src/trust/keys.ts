import { createHash, createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import type { Brand } from '@drover/kernel';
import { ArtifactError } from './errors.ts';

/** First 8 bytes of the SHA-256 of the SPKI DER, in hex: the `kid` of a signature. Short enough to read out, too short to trust alone. */
export type KeyId = Brand<string, 'KeyId'>;

export type SigningAlgorithm = 'EdDSA' | 'ES256';

export interface PublicKey {
  readonly id: KeyId;
  readonly algorithm: SigningAlgorithm;
  /** SPKI DER in base64: what tells two keys apart, whatever their ids. */
  readonly spki: string;
  readonly key: KeyObject;
}

/** Reads `-----BEGIN PUBLIC KEY-----`. Ed25519 and P-256 only. */
export function parsePublicKey(pem: string): PublicKey {
  // createPublicKey would also take a private key or a certificate, and neither belongs where a public key is asked for.
  if (!/^\s*-----BEGIN PUBLIC KEY-----/.test(pem) || pem.length > 4096) {
    throw new ArtifactError('KEY_INVALID', 'a public key is PEM that begins with -----BEGIN PUBLIC KEY-----');
  }
  return describePublicKey(readKey(() => createPublicKey(pem)));
}

export function describePublicKey(key: KeyObject): PublicKey {
  const spki = key.export({ type: 'spki', format: 'der' });
  const id = createHash('sha256').update(spki).digest().subarray(0, 8).toString('hex') as KeyId;
  return { id, algorithm: algorithmOf(key), spki: spki.toString('base64'), key };
}

export function printPublicKey({ key }: PublicKey): string {
  return key.export({ type: 'spki', format: 'pem' }).toString();
}

export interface PrivateKey {
  readonly key: KeyObject;
  readonly publicKey: PublicKey;
}

/** Reads PKCS#8 PEM. */
export function parsePrivateKey(pem: string): PrivateKey {
  const key = readKey(() => createPrivateKey(pem));
  return { key, publicKey: describePublicKey(createPublicKey(key)) };
}

function algorithmOf(key: KeyObject): SigningAlgorithm {
  if (key.asymmetricKeyType === 'ed25519') return 'EdDSA';
  if (key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === 'prime256v1') return 'ES256';
  throw new ArtifactError('KEY_INVALID', `keys are Ed25519 or P-256, not ${key.asymmetricKeyType ?? 'unknown'}`);
}

/** The cause is left out: it may quote key material. */
function readKey(read: () => KeyObject): KeyObject {
  try {
    return read();
  } catch {
    throw new ArtifactError('KEY_INVALID', 'the key cannot be read: not PEM, damaged, or protected by a passphrase');
  }
}
