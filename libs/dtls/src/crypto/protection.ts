import { CONTENT, encodeRecord, MAX_PLAINTEXT, VERSION_1_2, type DtlsRecord, type RecordHeader } from '../record/record.ts';
import { unwrap, wrap, type Content } from '../record/inner-plaintext.ts';
import { AEAD_TAG_BYTES, openAead, sealAead } from './aead.ts';
import { CBC_MAC_BYTES, openCbc, sealCbc } from './cbc.ts';
import type { DirectionKeys } from './prf.ts';
import type { Cipher } from './suites.ts';

/** The most that a record of this cipher is longer than its content, header and Connection ID apart. */
export const OVERHEAD = {
  'aes-128-ccm-8': 8 + AEAD_TAG_BYTES['aes-128-ccm-8'],
  'aes-128-gcm': 8 + AEAD_TAG_BYTES['aes-128-gcm'],
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
  const plaintext = hasCid ? wrap(content.type, content.bytes) : content.bytes;
  const fragment = cipher === 'aes-128-cbc-sha256' ? sealCbc(keys, header, plaintext) : sealAead(cipher, keys, header, plaintext);
  return encodeRecord(header, fragment);
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
