import type { RecordHeader } from '../record/record.ts';

const CID_TYPE = 25;
const ONES = 0xffff_ffff;

/**
 * What a record's tag covers beside its content: RFC 5246 section 6.2.3.3, and with a Connection ID RFC 9146 section 5.3.
 * The eight bytes of ones keep the two forms apart, whatever the Connection ID.
 * @param length bytes of the plaintext; of the DTLSInnerPlaintext where there is a Connection ID
 */
export function additionalData(header: RecordHeader, length: number): Buffer {
  const { type, version, epoch, sequence, cid } = header;
  if (type !== CID_TYPE) {
    const out = Buffer.allocUnsafe(13);
    out.writeUInt16BE(epoch, 0);
    out.writeUIntBE(sequence, 2, 6);
    out[8] = type;
    out.writeUInt16BE(version, 9);
    out.writeUInt16BE(length, 11);
    return out;
  }
  const out = Buffer.allocUnsafe(23 + cid.length);
  out.writeUInt32BE(ONES, 0);
  out.writeUInt32BE(ONES, 4);
  out[8] = CID_TYPE;
  out[9] = cid.length;
  out[10] = CID_TYPE;
  out.writeUInt16BE(version, 11);
  out.writeUInt16BE(epoch, 13);
  out.writeUIntBE(sequence, 15, 6);
  out.set(cid, 21);
  out.writeUInt16BE(length, 21 + cid.length);
  return out;
}

/** Epoch and sequence number, as they stand in the header: the explicit nonce of RFC 5288 and RFC 6655 in DTLS. */
export function recordNumber({ epoch, sequence }: RecordHeader): Buffer {
  const out = Buffer.allocUnsafe(8);
  out.writeUInt16BE(epoch, 0);
  out.writeUIntBE(sequence, 2, 6);
  return out;
}
