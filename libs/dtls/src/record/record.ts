/** ContentType of RFC 5246 section 6.2.1 and RFC 9146 section 4. */
export const CONTENT = { change_cipher_spec: 20, alert: 21, handshake: 22, application_data: 23, tls12_cid: 25 } as const;

export const VERSION_1_2 = 0xfefd;
/** DTLS 1.0: many clients write it into their first record, and a HelloVerifyRequest carries it (RFC 6347 section 4.2.1). */
export const VERSION_1_0 = 0xfeff;

export const RECORD_HEADER_BYTES = 13;
export const MAX_SEQUENCE = 2 ** 48 - 1;
/** Most that a record may hold (RFC 5246 section 6.2.1). */
export const MAX_PLAINTEXT = 2 ** 14;

/** What stands before the content. `type` is 25 exactly when there is a Connection ID. */
export interface RecordHeader {
  readonly type: number;
  readonly version: number;
  readonly epoch: number;
  readonly sequence: number;
  readonly cid: Uint8Array;
}

export interface DtlsRecord extends RecordHeader {
  /** A view of the datagram; protected in every epoch but 0. */
  readonly fragment: Buffer;
}

export const NO_CID: Uint8Array = new Uint8Array(0);

/**
 * Header of a record whose fragment has `length` bytes, and room for them, which the caller is to fill to the last. `sequence` is at
 * most 2^48 - 1: a session ends before it, for a number used twice would betray its key.
 */
export function beginRecord({ type, version, epoch, sequence, cid }: RecordHeader, length: number): Buffer {
  const out = Buffer.allocUnsafe(RECORD_HEADER_BYTES + cid.length + length);
  out[0] = type;
  out.writeUInt16BE(version, 1);
  out.writeUInt16BE(epoch, 3);
  out.writeUIntBE(sequence, 5, 6);
  out.set(cid, 11);
  out.writeUInt16BE(length, 11 + cid.length);
  return out;
}

export function encodeRecord(header: RecordHeader, fragment: Uint8Array): Buffer {
  const out = beginRecord(header, fragment.length);
  out.set(fragment, out.length - fragment.length);
  return out;
}

/**
 * The records of a datagram. What cannot be read ends it, silently (RFC 6347 section 4.1.2.7): there is nobody to blame whom
 * we know. A tls12_cid record does not say how long its Connection ID is (RFC 9146 section 4): ours are all of `cidBytes`,
 * and where we have asked for none there can be no such record.
 */
export function readRecords(datagram: Uint8Array, cidBytes: number): DtlsRecord[] {
  const bytes = Buffer.from(datagram.buffer, datagram.byteOffset, datagram.length);
  const records: DtlsRecord[] = [];
  for (let at = 0; at < bytes.length;) {
    const hasCid = bytes[at] === CONTENT.tls12_cid;
    if (hasCid && cidBytes === 0) break;
    const header = RECORD_HEADER_BYTES + (hasCid ? cidBytes : 0);
    if (bytes.length - at < header) break;
    const length = bytes.readUInt16BE(at + header - 2);
    if (bytes.length - at - header < length) break;
    records.push({
      type: bytes[at]!,
      version: bytes.readUInt16BE(at + 1),
      epoch: bytes.readUInt16BE(at + 3),
      sequence: bytes.readUIntBE(at + 5, 6),
      cid: hasCid ? bytes.subarray(at + 11, at + 11 + cidBytes) : NO_CID,
      fragment: bytes.subarray(at + header, at + header + length),
    });
    at += header + length;
  }
  return records;
}
