import { createPublicKey, sign, type KeyObject } from 'node:crypto';
import * as der from './der-writer.ts';

const ECDSA_WITH_SHA256 = '1.2.840.10045.4.3.2';
const COMMON_NAME = '2.5.4.3';

/** What a device sends: a PKCS #10 request (RFC 2986) for its key on P-256. Without a name its server knows it by its session. */
export function makeRequest(privateKey: KeyObject, commonName?: string): Buffer {
  const spki = createPublicKey(privateKey.export({ format: 'pem', type: 'pkcs8' })).export({ type: 'spki', format: 'der' });
  const names = commonName === undefined ? [] : [der.set(der.sequence(der.oid(COMMON_NAME), der.utf8String(commonName)))];
  const info = der.sequence(der.integer(Buffer.of(0)), der.sequence(...names), spki, der.tagged(0));
  return der.sequence(info, der.sequence(der.oid(ECDSA_WITH_SHA256)), der.bitString(sign('sha256', info, privateKey)));
}
