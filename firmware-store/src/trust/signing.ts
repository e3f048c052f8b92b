import { sign } from 'node:crypto';
import { encodeEnvelope, parseEnvelope, toBeSigned, type EnvelopeSignature } from './envelope.ts';
import type { PrivateKey } from './keys.ts';
import { parseManifest } from './manifest.ts';

/** Signs a manifest's bytes with each key. Refuses bytes that are no manifest: what is signed must be readable. */
export function signManifest(payload: Uint8Array, keys: readonly PrivateKey[]): Uint8Array {
  parseManifest(payload);
  return encodeEnvelope({ payload, signatures: keys.map((key) => signatureBy(payload, key)) });
}

/** Adds one signature to an envelope, so that signers need not sit at one desk. Signing again replaces one's own signature. */
export function countersign(envelope: Uint8Array, key: PrivateKey): Uint8Array {
  const { payload, signatures } = parseEnvelope(envelope);
  parseManifest(payload);
  const others = signatures.filter(({ keyId }) => keyId !== key.publicKey.id);
  return encodeEnvelope({ payload, signatures: [...others, signatureBy(payload, key)] });
}

function signatureBy(payload: Uint8Array, { key, publicKey }: PrivateKey): EnvelopeSignature {
  const signer = { keyId: publicKey.id, algorithm: publicKey.algorithm };
  const message = toBeSigned(payload, signer);
  const signature = signer.algorithm === 'EdDSA' ? sign(null, message, key) : sign('sha256', message, { key, dsaEncoding: 'ieee-p1363' });
  return { ...signer, signature };
}
