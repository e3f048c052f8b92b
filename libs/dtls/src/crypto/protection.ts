import { beginRecord, CONTENT, encodeRecord, MAX_PLAINTEXT, VERSION_1_2, type DtlsRecord, type RecordHeader } from '../record/record.ts';
import { unwrap, wrap, type Content } from '../record/inner-plaintext.ts';
import { AEAD_TAG_BYTES, EXPLICIT_NONCE_BYTES, openAead, sealAead, type AeadCipher } from './aead.ts';
import { CBC_MAC_BYTES, openCbc, sealCbc } from './cbc.ts';
import type { DirectionKeys } from './prf.ts';
import type { Cipher } from './suites.ts';

/** The most that a record of this cipher is longer than its content, header and Connection ID apart. */
export const OVERHEAD = {
  'aes-128-ccm-8': EXPLICIT_NONCE_BYTES + AEAD_TAG_BYTES['aes-128-ccm-8'],
  'aes-128-gcm': EXPLICIT_NONCE_BYTES + AEAD_TAG_BYTES['aes-128-gcm'],
  'aes-128-cbc-sha256': 16 + 16 + CBC_MAC_BYTES,
} as const satisfies Record<Cipher, number>;

export interface Protection {
  readonly cipher: Cipher;
  readonly keys: DirectionKeys;
}

/** Which record: its epoch, its number, and the Connection ID of whoever is to read it (empty: none). */
export interface RecordPlace {
  readonly epoch: number;
  readonly sequence: number;
  readonly cid: Uint8Array;
}

/** A whole protected record. */
export function sealRecord({ cipher, keys }: Protection, { epoch, sequence, cid }: RecordPlace, content: Content): Buffer {
  const hasCid = cid.length > 0;
  const header: RecordHeader = { type: hasCid ? CONTENT.tls12_cid : content.type, version: VERSION_1_2, epoch, sequence, cid };
  if (cipher !== 'aes-128-cbc-sha256') return sealInPlace({ cipher, keys }, header, content);
  return encodeRecord(header, sealCbc(keys, header, hasCid ? wrap(content.type, content.bytes) : content.bytes));
}

/** The plaintext is written where its ciphertext will stand. */
function sealInPlace(
  { cipher, keys }: { cipher: AeadCipher; keys: DirectionKeys },
  header: RecordHeader,
  { type, bytes }: Content,
): Buffer {
  const hasCid = header.type === CONTENT.tls12_cid;
  const length = OVERHEAD[cipher] + bytes.length + (hasCid ? 1 : 0);
  const record = beginRecord(header, length);
  const fragment = record.subarray(record.length - length);
  fragment.set(bytes, EXPLICIT_NONCE_BYTES);
  // DTLSInnerPlaintext (RFC 9146 section 4), without padding.
  if (hasCid) fragment[EXPLICIT_NONCE_BYTES + bytes.length] = type;
  sealAead(cipher, keys, header, fragment);
  return record;
}

/** `forged`: its tag does not hold. `empty`: authentic, but without a type. `overflow`: authentic, but longer than any record may be. */
export type Opened = Content | 'forged' | 'empty' | 'overflow';

export function openRecord({ cipher, keys }: Protection, record: DtlsRecord): Opened {
  const plaintext =
    cipher === 'aes-128-cbc-sha256' ? openCbc(keys, record, record.fragment) : openAead(cipher, keys, record, record.fragment);
  if (plaintext === undefined) return 'forged';
  const content = record.type === CONTENT.tls12_cid ? unwrap(plaintext) : { type: record.type, bytes: plaintext };
  if (content === undefined) return 'empty';
  return content.bytes.length > MAX_PLAINTEXT ? 'overflow' : content;
}
