import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject } from 'node:crypto';
import type { RecordHeader } from '../record/record.ts';
import { additionalData } from './additional-data.ts';
import type { DirectionKeys } from './prf.ts';

/** What stands before the ciphertext: the record's number, which never comes twice (RFC 6655 section 3, RFC 5288 section 3). */
export const EXPLICIT_NONCE_BYTES = 8;
export const AEAD_TAG_BYTES = { 'aes-128-ccm-8': 8, 'aes-128-gcm': 16 } as const;
export type AeadCipher = keyof typeof AEAD_TAG_BYTES;

const SALT_BYTES = 4;
/** One for all: Node copies it before it returns. */
const nonce = Buffer.alloc(SALT_BYTES + EXPLICIT_NONCE_BYTES);

function nonceOf({ iv }: DirectionKeys, fragment: Buffer): Buffer {
  for (let at = 0; at < SALT_BYTES; at++) nonce[at] = iv[at]!;
  for (let at = 0; at < EXPLICIT_NONCE_BYTES; at++) nonce[SALT_BYTES + at] = fragment[at]!;
  return nonce;
}

/**
 * A key object, also where it is made anew for one record: that takes half the time of a buffer, of which Node finds out by an
 * exception that it is none.
 */
const keyObjectOf = ({ key, keyObject = createSecretKey(key) }: DirectionKeys): KeyObject => keyObject;

/** Node wants to be told the mode by its type, and CCM the length before anything else. */
function cipherFor(cipher: AeadCipher, keys: DirectionKeys, iv: Buffer) {
  return cipher === 'aes-128-ccm-8'
    ? createCipheriv('aes-128-ccm', keyObjectOf(keys), iv, { authTagLength: 8 })
    : createCipheriv('aes-128-gcm', keyObjectOf(keys), iv, { authTagLength: 16 });
}

function decipherFor(cipher: AeadCipher, keys: DirectionKeys, iv: Buffer) {
  return cipher === 'aes-128-ccm-8'
    ? createDecipheriv('aes-128-ccm', keyObjectOf(keys), iv, { authTagLength: 8 })
    : createDecipheriv('aes-128-gcm', keyObjectOf(keys), iv, { authTagLength: 16 });
}

/**
 * In place, for a copy of a block is what a record costs most after its cipher.
 * @param fragment room for the explicit nonce, the plaintext, and room for the tag
 */
export function sealAead(cipher: AeadCipher, keys: DirectionKeys, header: RecordHeader, fragment: Buffer): void {
  fragment.writeUInt16BE(header.epoch, 0);
  fragment.writeUIntBE(header.sequence, 2, 6);
  const end = fragment.length - AEAD_TAG_BYTES[cipher];
  const length = end - EXPLICIT_NONCE_BYTES;
  const encryption = cipherFor(cipher, keys, nonceOf(keys, fragment));
  encryption.setAAD(additionalData(header, length), { plaintextLength: length });
  fragment.set(encryption.update(fragment.subarray(EXPLICIT_NONCE_BYTES, end)), EXPLICIT_NONCE_BYTES);
  encryption.final();
  fragment.set(encryption.getAuthTag(), end);
}

/** `undefined` where the tag does not hold; Node compares it in constant time. The nonce is what the sender says it is. */
export function openAead(cipher: AeadCipher, keys: DirectionKeys, header: RecordHeader, fragment: Buffer): Buffer | undefined {
  const end = fragment.length - AEAD_TAG_BYTES[cipher];
  if (end < EXPLICIT_NONCE_BYTES) return undefined;
  const length = end - EXPLICIT_NONCE_BYTES;
  const decryption = decipherFor(cipher, keys, nonceOf(keys, fragment));
  decryption.setAuthTag(fragment.subarray(end));
  decryption.setAAD(additionalData(header, length), { plaintextLength: length });
  try {
    const plaintext = decryption.update(fragment.subarray(EXPLICIT_NONCE_BYTES, end));
    decryption.final();
    return plaintext;
  } catch {
    return undefined;
  }
}
