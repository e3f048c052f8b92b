import { createCipheriv, createDecipheriv, createHmac, timingSafeEqual } from 'node:crypto';
import type { RecordHeader } from '../record/record.ts';
import { additionalData, recordNumber } from './additional-data.ts';
import type { DirectionKeys } from './prf.ts';

const BLOCK = 16;
export const CBC_MAC_BYTES = 32;

/**
 * AES-128-CBC with HMAC-SHA256, only as encrypt-then-MAC (RFC 7366 section 3, RFC 9146 section 5.2): the MAC covers IV and
 * ciphertext and is checked before anything is decrypted, so that there is no padding to make an oracle of (Lucky Thirteen).
 */
export function sealCbc(keys: DirectionKeys, header: RecordHeader, plaintext: Uint8Array): Buffer {
  const iv = ivFor(keys, header);
  const encryption = createCipheriv('aes-128-cbc', keys.key, iv).setAutoPadding(false);
  const padding = BLOCK - (plaintext.length % BLOCK);
  const ciphertext = encryption.update(Buffer.concat([plaintext, Buffer.alloc(padding, padding - 1)]));
  const sealed = Buffer.concat([iv, ciphertext, encryption.final()]);
  return Buffer.concat([sealed, macOf(keys, header, sealed)]);
}

export function openCbc(keys: DirectionKeys, header: RecordHeader, fragment: Buffer): Buffer | undefined {
  const end = fragment.length - CBC_MAC_BYTES;
  if (end < 2 * BLOCK || end % BLOCK !== 0) return undefined;
  if (!timingSafeEqual(fragment.subarray(end), macOf(keys, header, fragment.subarray(0, end)))) return undefined;
  const decryption = createDecipheriv('aes-128-cbc', keys.key, fragment.subarray(0, BLOCK)).setAutoPadding(false);
  const padded = Buffer.concat([decryption.update(fragment.subarray(BLOCK, end)), decryption.final()]);
  const padding = padded[padded.length - 1]! + 1;
  // Whoever made the MAC also made the padding: a wrong one is a fault of the peer and betrays nothing.
  if (padding > padded.length || padded.subarray(-padding).some((byte) => byte !== padding - 1)) return undefined;
  return padded.subarray(0, padded.length - padding);
}

function macOf(keys: DirectionKeys, header: RecordHeader, sealed: Uint8Array): Buffer {
  return createHmac('sha256', keys.mac).update(additionalData(header, sealed.length)).update(sealed).digest();
}

/**
 * Unpredictable for whoever lacks the MAC key, and another for each record. No MAC begins with these bytes: read as an
 * epoch they are 26,988, and ours is never above 1.
 */
function ivFor(keys: DirectionKeys, header: RecordHeader): Buffer {
  return createHmac('sha256', keys.mac).update('iv').update(recordNumber(header)).digest().subarray(0, BLOCK);
}
