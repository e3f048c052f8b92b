import { DtlsError } from '../errors.ts';
import { readAll } from './reader.ts';
import { numbers, uint, vector } from './writer.ts';

/** ClientCertificateType of RFC 8422 section 5.5. */
const ECDSA_SIGN = 64;
const MOST_CERTIFICATES = 8;

/** Certificate (RFC 5246 section 7.4.2): DER, the sender's own first; none at all says "I have none". */
export function encodeCertificates(chain: readonly Uint8Array[]): Buffer {
  return vector(3, ...chain.map((der) => vector(3, der)));
}

export function decodeCertificates(body: Uint8Array): Buffer[] {
  return readAll(body, 'Certificate', (from) => {
    const list = from.vector(3, 0);
    return readAll(list, 'Certificate', (entries) => {
      const chain: Buffer[] = [];
      while (entries.left > 0) {
        if (chain.length === MOST_CERTIFICATES) throw new DtlsError('DTLS_BAD_CERTIFICATE', `more than ${MOST_CERTIFICATES} certificates`);
        chain.push(entries.vector(3, 1));
      }
      return chain;
    });
  });
}

/** Certificate with a raw public key (RFC 7250 section 3): a SubjectPublicKeyInfo; empty says "I have none". */
export function encodeRawKey(spki: Uint8Array): Buffer {
  return vector(3, spki);
}

export function decodeRawKey(body: Uint8Array): Buffer {
  return readAll(body, 'Certificate', (from) => from.vector(3, 0));
}

export interface CertificateRequest {
  readonly signatureAlgorithms: readonly number[];
  /** Distinguished names, DER; none: any. */
  readonly authorities: readonly Uint8Array[];
}

/** RFC 5246 section 7.4.4. */
export function encodeCertificateRequest({ signatureAlgorithms, authorities }: CertificateRequest): Buffer {
  return Buffer.concat([
    numbers(1, 1, [ECDSA_SIGN]),
    numbers(2, 2, signatureAlgorithms),
    vector(2, ...authorities.map((name) => vector(2, name))),
  ]);
}

export function decodeCertificateRequest(body: Uint8Array): CertificateRequest {
  return readAll(body, 'CertificateRequest', (from) => {
    const types = from.numbers(1, 1);
    const signatureAlgorithms = from.numbers(2, 2);
    const authorities = readAll(from.vector(2, 0), 'CertificateRequest', (names) => {
      const list: Buffer[] = [];
      while (names.left > 0) list.push(names.vector(2, 1));
      return list;
    });
    if (!types.includes(ECDSA_SIGN)) throw new DtlsError('DTLS_HANDSHAKE_FAILURE', 'the server takes no ECDSA signatures');
    return { signatureAlgorithms, authorities };
  });
}

/** A signature with its algorithm (RFC 5246 section 4.7): all of CertificateVerify, and the end of ServerKeyExchange. */
export interface Signed {
  readonly algorithm: number;
  readonly signature: Buffer;
}

export function encodeSigned({ algorithm, signature }: Signed): Buffer {
  return Buffer.concat([uint(2, algorithm), vector(2, signature)]);
}

export function decodeCertificateVerify(body: Uint8Array): Signed {
  return readAll(body, 'CertificateVerify', (from) => ({ algorithm: from.uint(2), signature: from.vector(2, 0) }));
}
