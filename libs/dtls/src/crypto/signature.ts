import { createPublicKey, sign, verify, type KeyObject } from 'node:crypto';
import { DtlsError } from '../errors.ts';
import type { Signed } from '../handshake/certificates.ts';

/** SignatureAndHashAlgorithm: ECDSA with SHA-256, the only one that LwM2M devices need (RFC 7925 section 4.4). */
export const ECDSA_SHA256 = 0x0403;
export const SIGNATURE_ALGORITHMS: readonly number[] = [ECDSA_SHA256];

const CURVE = 'prime256v1';

/** Keys on P-256 only: the curve that every device of LwM2M has, and whose signatures the suites are named after. */
export const isP256 = (key: KeyObject): boolean => key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === CURVE;

export function signWith(privateKey: KeyObject, data: Uint8Array): Signed {
  return { algorithm: ECDSA_SHA256, signature: sign('sha256', data, privateKey) };
}

/** Throws `illegal_parameter` for an algorithm that was not offered, `decrypt_error` for a signature that does not hold (RFC 5246 section 7.2.2). */
export function requireSignature(publicKey: KeyObject, data: Uint8Array, { algorithm, signature }: Signed): void {
  if (algorithm !== ECDSA_SHA256) throw new DtlsError('DTLS_ILLEGAL_PARAMETER', `signature algorithm ${algorithm} was not offered`);
  if (!holds(publicKey, data, signature)) throw new DtlsError('DTLS_DECRYPT_ERROR', 'the signature does not hold');
}

function holds(publicKey: KeyObject, data: Uint8Array, signature: Uint8Array): boolean {
  try {
    return verify('sha256', data, publicKey, signature);
  } catch {
    return false;
  }
}

/** A SubjectPublicKeyInfo with a key on P-256 in its one DER form: an identity must not have two spellings. */
export function publicKeyOf(spki: Buffer): KeyObject {
  const key = parse(spki);
  if (key === undefined) throw new DtlsError('DTLS_BAD_CERTIFICATE', 'not a public key');
  if (!isP256(key)) throw new DtlsError('DTLS_UNSUPPORTED_CERTIFICATE', 'not a key on P-256');
  if (!spkiOf(key).equals(spki)) throw new DtlsError('DTLS_BAD_CERTIFICATE', 'not the one form of this public key');
  return key;
}

export const spkiOf = (publicKey: KeyObject): Buffer => publicKey.export({ format: 'der', type: 'spki' });

function parse(spki: Buffer): KeyObject | undefined {
  try {
    return createPublicKey({ key: spki, format: 'der', type: 'spki' });
  } catch {
    return undefined;
  }
}
