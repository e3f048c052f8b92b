import { createCipheriv, createDecipheriv, createHmac } from 'node:crypto';
import type { Entropy } from '@drover/kernel';
import { CredentialError } from './errors.ts';

/** A secret as it is kept: which data key it is under, and nonce, ciphertext and tag, base64. */
export interface Sealed {
  readonly key: string;
  readonly box: string;
}

export const DATA_KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const CIPHER = 'aes-256-gcm';
const FINGERPRINT_BYTES = 16;

/** AES-256-GCM with a nonce by chance. Good for 2^32 boxes under one key (NIST SP 800-38D section 8.3). */
export function sealBox(key: Uint8Array, plain: Uint8Array, { about, entropy }: { about: Uint8Array; entropy: Entropy }): Buffer {
  const nonce = entropy.bytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, key, nonce);
  cipher.setAAD(about);
  return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

/** Throws `SECRET_SEALED`: another key, another owner, or bytes that somebody has changed. */
export function openBox(key: Uint8Array, box: Uint8Array, about: Uint8Array): Buffer {
  try {
    const cipher = createDecipheriv(CIPHER, key, box.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
    cipher.setAAD(about);
    cipher.setAuthTag(box.subarray(-TAG_BYTES));
    return Buffer.concat([cipher.update(box.subarray(NONCE_BYTES, -TAG_BYTES)), cipher.final()]);
  } catch {
    throw new CredentialError('SECRET_SEALED', 'a sealed secret cannot be opened: another key, another owner, or altered bytes');
  }
}

/** Each part with its length before it: no two lists of parts have the same bytes. */
export function aboutOf(what: string, ...parts: readonly string[]): Buffer {
  return Buffer.concat(
    [what, ...parts].flatMap((part) => {
      const bytes = Buffer.from(part, 'utf8');
      const length = Buffer.alloc(4);
      length.writeUInt32BE(bytes.length);
      return [length, bytes];
    }),
  );
}

/** The same for equal secrets. Without the key nothing can be tried against it, not even a short password. */
export function fingerprintOf(key: Uint8Array, secret: Uint8Array): string {
  return createHmac('sha256', key).update('drover fingerprint 1').update(secret).digest().subarray(0, FINGERPRINT_BYTES).toString('hex');
}
