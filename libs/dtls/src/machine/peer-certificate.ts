import { X509Certificate, type KeyObject } from 'node:crypto';
import { sha256 } from '../crypto/prf.ts';
import { isP256, publicKeyOf } from '../crypto/signature.ts';
import { DtlsError, refusal } from '../errors.ts';
import { decodeCertificates, decodeRawKey, encodeCertificates, encodeRawKey } from '../handshake/certificates.ts';
import type { CertificateType } from './choices.ts';
import type { OwnCertificate, PeerIdentity, PeerTrust, Presented } from './identity.ts';

const MOST_NAME_BYTES = 255;

/** A peer as its Certificate message shows it. Whether it holds the private key is still to be seen. */
export interface ShownPeer {
  readonly publicKey: KeyObject;
  readonly identity: PeerIdentity;
}

export function encodeOwn({ chain, rawKey }: Pick<OwnCertificate, 'chain' | 'rawKey'>, type: CertificateType): Buffer {
  return type === 'x509' ? encodeCertificates(chain ?? []) : encodeRawKey(rawKey ?? Buffer.alloc(0));
}

/** "I have none" (RFC 5246 section 7.4.6). */
export const encodeNone = (type: CertificateType): Buffer => encodeOwn({ chain: [], rawKey: Buffer.alloc(0) }, type);

export const hasType = ({ chain, rawKey }: OwnCertificate, type: CertificateType): boolean =>
  (type === 'x509' ? chain : rawKey) !== undefined;

/** `undefined` where the peer says that it has none; throws what `verifyPeer` answers. */
export function readPeer(
  body: Uint8Array,
  type: CertificateType,
  { trust, serverName }: { trust: PeerTrust; serverName?: string },
): ShownPeer | undefined {
  if (type === 'rpk') {
    const spki = decodeRawKey(body);
    if (spki.length === 0) return undefined;
    const publicKey = publicKeyOf(spki);
    judge(trust, { kind: 'rpk', spki, serverName });
    return { publicKey, identity: { kind: 'rpk', spki } };
  }
  const chain = decodeCertificates(body);
  const parsed = chain.map(parse);
  const [own] = parsed;
  if (own === undefined) return undefined;
  const publicKey = keyOf(own);
  const name = judge(trust, { kind: 'x509', chain: parsed, serverName });
  return { publicKey, identity: { kind: 'x509', name, fingerprint: sha256(chain[0]!) } };
}

function judge(trust: PeerTrust, presented: Presented): string {
  const verdict = trust.verifyPeer(presented);
  if ('alert' in verdict) throw refusal(verdict.alert, 'the peer is not trusted');
  if (Buffer.byteLength(verdict.name) > MOST_NAME_BYTES) throw new DtlsError('DTLS_BAD_CERTIFICATE', 'a name of more than 255 bytes');
  return verdict.name;
}

function parse(der: Buffer): X509Certificate {
  try {
    const certificate = new X509Certificate(der);
    // PEM parses too, and so does DER with something behind it; neither may stand here.
    if (certificate.raw.equals(der)) return certificate;
  } catch {
    // Said below.
  }
  throw new DtlsError('DTLS_BAD_CERTIFICATE', 'not a certificate');
}

function keyOf(certificate: X509Certificate): KeyObject {
  let key: KeyObject | undefined;
  try {
    key = certificate.publicKey;
  } catch {
    // An algorithm that OpenSSL does not know.
  }
  if (key === undefined || !isP256(key)) throw new DtlsError('DTLS_UNSUPPORTED_CERTIFICATE', 'not a key on P-256');
  return key;
}
