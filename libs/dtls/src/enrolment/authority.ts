import { createHash, sign, type KeyObject, type X509Certificate } from 'node:crypto';
import type { Entropy } from '@drover/kernel';
import { childrenOf } from '../x509/der.ts';
import { subjectKeyIdOf } from '../x509/extensions.ts';
import * as der from './der-writer.ts';
import { EnrolmentError } from './errors.ts';

/** Of a common name (RFC 5280 appendix A.1), in characters. */
export const MAX_COMMON_NAME = 64;
/** A clock of a device may be behind ours, ms. */
const BEFORE_NOW_MS = 3_600_000;
/** 159 bits by chance: positive, and within 20 bytes (RFC 5280 section 4.1.2.2). */
const SERIAL_BYTES = 20;
const OID = {
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
  commonName: '2.5.4.3',
  subjectKeyId: '2.5.29.14',
  keyUsage: '2.5.29.15',
  basicConstraints: '2.5.29.19',
  authorityKeyId: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
  clientAuth: '1.3.6.1.5.5.7.3.2',
} as const;

/** What the certificate is to say. */
export interface Issue {
  /** Who the device is: at most 64 characters. */
  readonly commonName: string;
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Uint8Array;
  /** ms since 1970, of the wall. */
  readonly now: number;
  /** ms. It never lives longer than its issuer. */
  readonly lifetime: number;
}

/** Signs the certificates of devices. Its key stays where it is. */
export class CertificateAuthority {
  readonly certificate: X509Certificate;
  readonly #key: KeyObject;
  readonly #entropy: Entropy;

  /** Throws `CA_INVALID` for a certificate that may not sign others, or another key. */
  constructor(certificate: X509Certificate, key: KeyObject, entropy: Entropy) {
    if (!certificate.ca) throw new EnrolmentError('CA_INVALID', 'the certificate is not that of an authority');
    if (key.asymmetricKeyType !== 'ec' || key.asymmetricKeyDetails?.namedCurve !== 'prime256v1')
      throw new EnrolmentError('CA_INVALID', 'the key is not on P-256');
    if (!certificate.checkPrivateKey(key)) throw new EnrolmentError('CA_INVALID', 'the key is not that of the certificate');
    this.certificate = certificate;
    this.#key = key;
    this.#entropy = entropy;
  }

  /** A certificate for a client on P-256, DER. Throws `SUBJECT_INVALID`; `CA_INVALID` when its own has ended. */
  issue({ commonName, spki, now, lifetime }: Issue): Buffer {
    if (commonName === '' || commonName.length > MAX_COMMON_NAME || !der.isPrintable(commonName))
      throw new EnrolmentError('SUBJECT_INVALID', `a common name is 1 to ${MAX_COMMON_NAME} characters, without control characters`);
    const until = Math.min(now + lifetime, this.certificate.validToDate.getTime());
    if (until <= now) throw new EnrolmentError('CA_INVALID', 'the certificate of the authority has ended');
    const algorithm = der.sequence(der.oid(OID.ecdsaWithSha256));
    const toBeSigned = der.sequence(
      der.tagged(0, der.integer(Buffer.of(2))),
      der.integer(this.#serial()),
      algorithm,
      this.#subject(),
      der.sequence(der.time(now - BEFORE_NOW_MS), der.time(until)),
      nameOf(commonName),
      spki,
      der.tagged(3, der.sequence(...this.#extensions(spki))),
    );
    return der.sequence(toBeSigned, algorithm, der.bitString(sign('sha256', toBeSigned, this.#key)));
  }

  #serial(): Buffer {
    const bytes = Buffer.from(this.#entropy.bytes(SERIAL_BYTES));
    bytes[0] = (bytes[0]! & 0x7f) | 0x40;
    return bytes;
  }

  /** Byte for byte: a chain is found by it. */
  #subject(): Buffer {
    const [toBeSigned] = childrenOf(this.certificate.raw);
    const parts = childrenOf(toBeSigned!.whole);
    const afterVersion = parts[0]!.tag === 0xa0 ? 1 : 0;
    return parts[afterVersion + 4]!.whole;
  }

  #extensions(spki: Uint8Array): Buffer[] {
    const issuerKeyId = subjectKeyIdOf(this.certificate.raw);
    return [
      extension(OID.basicConstraints, der.sequence(), true),
      // digitalSignature alone: seven bits of that byte do not count.
      extension(OID.keyUsage, der.bitString(Buffer.of(0x80), 7), true),
      extension(OID.extendedKeyUsage, der.sequence(der.oid(OID.clientAuth))),
      extension(OID.subjectKeyId, der.octetString(keyIdOf(spki))),
      ...(issuerKeyId ? [extension(OID.authorityKeyId, der.sequence(der.element(0x80, issuerKeyId)))] : []),
    ];
  }
}

const nameOf = (commonName: string): Buffer => der.sequence(der.set(der.sequence(der.oid(OID.commonName), der.utf8String(commonName))));

function extension(name: string, value: Buffer, isCritical = false): Buffer {
  const critical = isCritical ? [der.element(0x01, Buffer.of(0xff))] : [];
  return der.sequence(der.oid(name), ...critical, der.octetString(value));
}

/** The leftmost 160 bits of a digest, as RFC 7093 section 2 lets it be. */
const keyIdOf = (spki: Uint8Array): Buffer => createHash('sha256').update(spki).digest().subarray(0, 20);
