import { childrenOf, elementsOf, TAG, type Element } from './der.ts';

/** Of a certificate, what Node does not tell (RFC 5280 section 4.2). */
export interface CertificateExtensions {
  /** pathLenConstraint: how many certificates of issuers may follow below; without one any number. */
  readonly pathLength: number;
  /** Bits of keyUsage, the first of them the highest; `undefined`: any use. */
  readonly keyUsage?: number;
  /** One that must be understood, and is not: e.g. names that an issuer is bound to. */
  readonly hasUnknownCritical: boolean;
}

export const DIGITAL_SIGNATURE = 0x80;

const EXTENSIONS = 0xa3;
const SUBJECT_KEY_ID = '551d0e';
const OID = { keyUsage: '551d0f', subjectAltName: '551d11', basicConstraints: '551d13', policies: '551d20', extendedKeyUsage: '551d25' };
/** Policies are understood in that any will do. */
const UNDERSTOOD: ReadonlySet<string> = new Set(Object.values(OID));

interface Extension {
  readonly oid: string;
  readonly isCritical: boolean;
  readonly value: Buffer;
}

/** Throws `DTLS_STATE_INVALID` for what is no DER. */
export function extensionsOf(certificate: Buffer): CertificateExtensions {
  const extensions = allOf(certificate);
  return {
    pathLength: pathLengthOf(extensions.find(({ oid }) => oid === OID.basicConstraints)),
    // A BIT STRING: how many of its last bits do not count, and the bits.
    keyUsage: extensions.find(({ oid }) => oid === OID.keyUsage)?.value[3],
    hasUnknownCritical: extensions.some(({ oid, isCritical }) => isCritical && !UNDERSTOOD.has(oid)),
  };
}

/** By which its own certificates know their issuer. Throws `DTLS_STATE_INVALID`. */
export function subjectKeyIdOf(certificate: Buffer): Buffer | undefined {
  const found = allOf(certificate).find(({ oid }) => oid === SUBJECT_KEY_ID);
  return found && elementsOf(found.value)[0]?.content;
}

function allOf(certificate: Buffer): Extension[] {
  const [toBeSigned] = childrenOf(certificate);
  const found = elementsOf(toBeSigned!.content).find(({ tag }) => tag === EXTENSIONS);
  return found === undefined ? [] : childrenOf(found.content).map(readExtension);
}

function readExtension({ content }: Element): Extension {
  const parts = elementsOf(content);
  const isCritical = parts.some(({ tag, content: [value] }) => tag === TAG.boolean && value !== 0);
  return { oid: parts[0]?.content.toString('hex') ?? '', isCritical, value: parts.at(-1)?.content ?? Buffer.alloc(0) };
}

function pathLengthOf(constraints: Extension | undefined): number {
  const length = constraints && childrenOf(constraints.value).find(({ tag }) => tag === TAG.integer);
  return length === undefined ? Number.POSITIVE_INFINITY : Number(`0x${length.content.toString('hex') || '0'}`);
}
