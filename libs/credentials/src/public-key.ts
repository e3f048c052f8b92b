import { createHash, createPublicKey } from 'node:crypto';
import { CredentialError } from './errors.ts';

/** How a raw public key, or the key of a certificate, is named: `sha256:` over its SubjectPublicKeyInfo. */
export function spkiName(spki: Uint8Array): string {
  return `sha256:${createHash('sha256').update(spki).digest('hex')}`;
}

/** The SubjectPublicKeyInfo of a key on P-256, from PEM or DER. Throws `KEY_NOT_PUBLIC`, also for a private key. */
export function readPublicKey(bytes: Uint8Array): Buffer {
  const text = Buffer.from(bytes).toString('latin1');
  if (text.includes('PRIVATE KEY')) throw new CredentialError('KEY_NOT_PUBLIC', 'this is a private key: it stays with the device');
  try {
    const key = text.includes('-----BEGIN')
      ? createPublicKey(text)
      : createPublicKey({ key: Buffer.from(bytes), format: 'der', type: 'spki' });
    if (key.asymmetricKeyDetails?.namedCurve === 'prime256v1') return key.export({ type: 'spki', format: 'der' });
  } catch {
    // Said below: what OpenSSL calls it helps nobody.
  }
  throw new CredentialError('KEY_NOT_PUBLIC', 'expected a public key on P-256, PEM or DER (SubjectPublicKeyInfo)');
}
