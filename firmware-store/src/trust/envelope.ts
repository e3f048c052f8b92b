import { verify } from 'node:crypto';
import { Tag } from 'cbor2';
import { decodeDeterministic, encodeDeterministic } from './cbor.ts';
import { ArtifactError } from './errors.ts';
import type { KeyId, PublicKey, SigningAlgorithm } from './keys.ts';

/** One signer's part of a COSE_Sign message. Parsed, and not yet believed. */
export interface EnvelopeSignature {
  readonly keyId: KeyId;
  readonly algorithm: SigningAlgorithm;
  readonly signature: Uint8Array;
}

/** A COSE_Sign message (RFC 9052, section 4.1): a payload, and who says so. */
export interface Envelope {
  readonly payload: Uint8Array;
  readonly signatures: readonly EnvelopeSignature[];
}

export const ENVELOPE_MAX_BYTES = 64 * 1024;
export const ENVELOPE_MAX_SIGNATURES = 16;

const COSE_SIGN_TAG = 98;
const HEADER = { ALG: 1, CONTENT_TYPE: 3, KID: 4 } as const;
const COSE_ALGORITHM = { EdDSA: -8, ES256: -7 } as const satisfies Record<SigningAlgorithm, number>;
const KEY_ID_BYTES = 8;
/** Both algorithms: Ed25519 by nature, ES256 as r and s of 32 bytes each. */
const SIGNATURE_BYTES = 64;

/** Signed with the payload, so that a signature made for another kind of document never counts for a firmware. */
const BODY_PROTECTED = encodeDeterministic(new Map([[HEADER.CONTENT_TYPE, 'application/vnd.drover.firmware-manifest+cbor']]));

export function encodeEnvelope({ payload, signatures }: Envelope): Uint8Array {
  const signers = signatures.map(({ signature, ...signer }) => [signerProtected(signer), new Map(), signature]);
  return encodeDeterministic(new Tag(COSE_SIGN_TAG, [BODY_PROTECTED, new Map(), payload, signers]));
}

/** Strict: headers hold what we write and nothing else, so there is nothing unsigned in an envelope to be misled by. */
export function parseEnvelope(bytes: Uint8Array): Envelope {
  if (bytes.length > ENVELOPE_MAX_BYTES) refuse(`it has ${bytes.length} bytes, at most ${ENVELOPE_MAX_BYTES} are read`);
  const message = decodeDeterministic(bytes, 'ARTIFACT_ENVELOPE_INVALID', 'the envelope');
  if (
    !(message instanceof Tag) ||
    Number(message.tag) !== COSE_SIGN_TAG ||
    !Array.isArray(message.contents) ||
    message.contents.length !== 4
  ) {
    return refuse('it is not a COSE_Sign message');
  }
  const [bodyProtected, bodyUnprotected, payload, signers] = message.contents as readonly unknown[];
  if (!isBytes(bodyProtected) || !Buffer.from(bodyProtected).equals(BODY_PROTECTED)) refuse('it is not about a firmware manifest');
  requireEmpty(bodyUnprotected);
  if (!isBytes(payload)) return refuse('it carries no payload');
  if (!Array.isArray(signers) || signers.length > ENVELOPE_MAX_SIGNATURES)
    return refuse(`it has no list of at most ${ENVELOPE_MAX_SIGNATURES} signatures`);
  return { payload, signatures: signers.map(parseSigner) };
}

function parseSigner(signer: unknown): EnvelopeSignature {
  if (!Array.isArray(signer) || signer.length !== 3) return refuse('a signature does not have three parts');
  const [protectedHeader, unprotected, signature] = signer as readonly unknown[];
  requireEmpty(unprotected);
  if (!isBytes(protectedHeader) || !isBytes(signature) || signature.length !== SIGNATURE_BYTES)
    return refuse('a signature has the wrong shape');
  const header = decodeDeterministic(protectedHeader, 'ARTIFACT_ENVELOPE_INVALID', 'a protected header');
  if (!(header instanceof Map) || header.size !== 2) return refuse('a protected header must hold alg and kid alone');
  const kid: unknown = header.get(HEADER.KID);
  if (!isBytes(kid) || kid.length !== KEY_ID_BYTES) return refuse(`a kid must have ${KEY_ID_BYTES} bytes`);
  const algorithm = (['EdDSA', 'ES256'] as const).find((name) => COSE_ALGORITHM[name] === header.get(HEADER.ALG));
  if (algorithm === undefined) return refuse('the signature algorithm is neither EdDSA nor ES256');
  return { keyId: Buffer.from(kid).toString('hex') as KeyId, algorithm, signature };
}

/** The Sig_structure of RFC 9052, section 4.4: the exact bytes a signer signs. */
export function toBeSigned(payload: Uint8Array, signer: Omit<EnvelopeSignature, 'signature'>): Uint8Array {
  return encodeDeterministic(['Signature', BODY_PROTECTED, signerProtected(signer), new Uint8Array(), payload]);
}

/** Whether this key made this signature. The algorithm is the key's: what the envelope says must match, it never chooses. */
export function isSignedBy(payload: Uint8Array, signature: EnvelopeSignature, { id, algorithm, key }: PublicKey): boolean {
  if (signature.keyId !== id || signature.algorithm !== algorithm) return false;
  const message = toBeSigned(payload, signature);
  return algorithm === 'EdDSA'
    ? verify(null, message, key, signature.signature)
    : verify('sha256', message, { key, dsaEncoding: 'ieee-p1363' }, signature.signature);
}

function signerProtected({ algorithm, keyId }: Omit<EnvelopeSignature, 'signature'>): Uint8Array {
  const header = new Map<number, unknown>([
    [HEADER.ALG, COSE_ALGORITHM[algorithm]],
    [HEADER.KID, new Uint8Array(Buffer.from(keyId, 'hex'))],
  ]);
  return encodeDeterministic(header);
}

function requireEmpty(unprotected: unknown): void {
  if (!(unprotected instanceof Map) || unprotected.size > 0) refuse('an unprotected header is not empty');
}

function isBytes(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array;
}

function refuse(why: string): never {
  throw new ArtifactError('ARTIFACT_ENVELOPE_INVALID', `the envelope is refused: ${why}`);
}
