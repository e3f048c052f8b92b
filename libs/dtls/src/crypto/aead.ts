import { createCipheriv, createDecipheriv, createSecretKey } from 'node:crypto';
import type { RecordHeader } from '../record/record.ts';
import { additionalData, recordNumber } from './additional-data.ts';
import type { DirectionKeys } from './prf.ts';

const EXPLICIT_NONCE = 8;
export const AEAD_TAG_BYTES = { 'aes-128-ccm-8': 8, 'aes-128-gcm': 16 } as const;
export type AeadCipher = keyof typeof AEAD_TAG_BYTES;

/**
 * Node wants to be told the mode by its type, and CCM the length before anything else. A key object, though it is made anew each
 * time, takes half the time of a buffer, of which Node finds out by an exception that it is none.
 */
function cipherFor(cipher: AeadCipher, key: Buffer, nonce: Buffer) {
  return cipher === 'aes-128-ccm-8'
    ? createCipheriv('aes-128-ccm', createSecretKey(key), nonce, { authTagLength: 8 })
    : createCipheriv('aes-128-gcm', createSecretKey(key), nonce, { authTagLength: 16 });
}

function decipherFor(cipher: AeadCipher, key: Buffer, nonce: Buffer) {
  return cipher === 'aes-128-ccm-8'
    ? createDecipheriv('aes-128-ccm', createSecretKey(key), nonce, { authTagLength: 8 })
    : createDecipheriv('aes-128-gcm', createSecretKey(key), nonce, { authTagLength: 16 });
}

/** RFC 6655 section 3 (CCM_8) and RFC 5288 section 3 (GCM). The explicit nonce is the record's number, which never comes twice. */
export function sealAead(cipher: AeadCipher, keys: DirectionKeys, header: RecordHeader, plaintext: Uint8Array): Buffer {
  const number = recordNumber(header);
  const encryption = cipherFor(cipher, keys.key, Buffer.concat([keys.iv, number]));
  encryption.setAAD(additionalData(header, plaintext.length), { plaintextLength: plaintext.length });
  const ciphertext = encryption.update(plaintext);
  encryption.final();
  return Buffer.concat([number, ciphertext, encryption.getAuthTag()]);
}

/** `undefined` where the tag does not hold; Node compares it in constant time. The nonce is what the sender says it is. */
export function openAead(cipher: AeadCipher, keys: DirectionKeys, header: RecordHeader, fragment: Buffer): Buffer | undefined {
  const end = fragment.length - AEAD_TAG_BYTES[cipher];
  if (end < EXPLICIT_NONCE) return undefined;
  const length = end - EXPLICIT_NONCE;
  const decryption = decipherFor(cipher, keys.key, Buffer.concat([keys.iv, fragment.subarray(0, EXPLICIT_NONCE)]));
  decryption.setAuthTag(fragment.subarray(end));
  decryption.setAAD(additionalData(header, length), { plaintextLength: length });
  try {
    const plaintext = decryption.update(fragment.subarray(EXPLICIT_NONCE, end));
    decryption.final();
    return plaintext;
  } catch {
    return undefined;
  }
}
