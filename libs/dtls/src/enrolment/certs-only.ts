import * as der from './der-writer.ts';

const SIGNED_DATA = '1.2.840.113549.1.7.2';
const DATA = '1.2.840.113549.1.7.1';

/** Certificates in a CMS SignedData that nobody has signed (RFC 5652 section 5.1): `application/pkcs7-mime; smime-type=certs-only`. */
export function certsOnly(certificates: readonly Uint8Array[]): Buffer {
  const signed = der.sequence(der.integer(Buffer.of(1)), der.set(), der.sequence(der.oid(DATA)), der.tagged(0, ...certificates), der.set());
  return der.sequence(der.oid(SIGNED_DATA), der.tagged(0, signed));
}
