import { createPublicKey, verify, type KeyObject } from 'node:crypto';
import { childrenOf, elementsOf, TAG, type Element } from '../x509/der.ts';
import { EnrolmentError } from './errors.ts';

/** What a device wants to have certified. */
export interface CertificateRequest {
  readonly publicKey: KeyObject;
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Buffer;
  /** Of its subject, where it has one. */
  readonly commonName: string | undefined;
}

/** Of a request with a key on P-256 a few hundred bytes are needed. */
export const MAX_REQUEST_BYTES = 4096;
const ECDSA_WITH_SHA256 = '2a8648ce3d040302';
const COMMON_NAME = '550403';
const SET = 0x31;

/**
 * Reads a PKCS #10 request (RFC 2986) and checks that whoever made it has the key: on P-256, signed with SHA-256, as RFC 9148
 * section 4.4 has it. Throws `EnrolmentError`: `CSR_INVALID`, `CSR_KEY`, `CSR_SIGNATURE`.
 */
export function readRequest(bytes: Uint8Array): CertificateRequest {
  if (bytes.length > MAX_REQUEST_BYTES) throw invalid(`${bytes.length} bytes`);
  const [info, algorithm, signature, ...more] = guarded(() => childrenOf(Buffer.from(bytes)));
  if (!info || !algorithm || !signature || more.length > 0) throw invalid('it is not of three parts');
  const { subject, spki } = guarded(() => partsOf(info));
  const publicKey = keyOf(spki.whole);
  requireSignature(info, { algorithm, signature }, publicKey);
  return { publicKey, spki: Buffer.from(spki.whole), commonName: guarded(() => commonNameOf(subject)) };
}

function partsOf(info: Element): { subject: Element; spki: Element } {
  const [version, subject, spki] = elementsOf(info.content);
  if (info.tag !== TAG.sequence || version?.tag !== TAG.integer || !version.content.equals(Buffer.of(0))) throw invalid('its version');
  if (subject?.tag !== TAG.sequence || spki?.tag !== TAG.sequence) throw invalid('its subject or its key');
  return { subject, spki };
}

function keyOf(spki: Buffer): KeyObject {
  let key: KeyObject;
  try {
    key = createPublicKey({ key: spki, format: 'der', type: 'spki' });
  } catch {
    throw new EnrolmentError('CSR_KEY', 'its public key cannot be read');
  }
  if (key.asymmetricKeyType !== 'ec' || key.asymmetricKeyDetails?.namedCurve !== 'prime256v1')
    throw new EnrolmentError('CSR_KEY', 'its public key is not on P-256');
  return key;
}

function requireSignature(info: Element, { algorithm, signature }: { algorithm: Element; signature: Element }, key: KeyObject): void {
  // Without parameters (RFC 5758 section 3.2).
  const [name, ...parameters] = guarded(() => elementsOf(algorithm.content));
  const isNamed = algorithm.tag === TAG.sequence && name?.tag === TAG.oid && parameters.length === 0;
  if (!isNamed || name.content.toString('hex') !== ECDSA_WITH_SHA256)
    throw new EnrolmentError('CSR_SIGNATURE', 'it is not signed by ECDSA with SHA-256');
  const isWhole = signature.tag === TAG.bitString && signature.content[0] === 0;
  if (!isWhole || !verify('sha256', info.whole, key, signature.content.subarray(1)))
    throw new EnrolmentError('CSR_SIGNATURE', 'whoever made it does not have the key');
}

/** The last one: the most special. */
function commonNameOf(subject: Element): string | undefined {
  const attributes = elementsOf(subject.content).flatMap(({ tag, content }) => (tag === SET ? elementsOf(content) : []));
  const values = attributes.map(({ content }) => elementsOf(content));
  return values
    .filter(([type]) => type?.content.toString('hex') === COMMON_NAME)
    .at(-1)?.[1]
    ?.content.toString('utf8');
}

const invalid = (what: string): EnrolmentError => new EnrolmentError('CSR_INVALID', `not a certificate request: ${what}`);

/** DER that is none is the fault of whoever sent it. */
function guarded<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof EnrolmentError ? error : invalid('DER that is cut off, or not in its one form');
  }
}
