import { createPrivateKey, createPublicKey, sign, verify, type KeyObject } from 'node:crypto';
import { canonicalJson, isoOf, type Instant } from '@drover/kernel';
import { hex, logRoot, type LogState } from './chain.ts';
import { AuditError } from './errors.ts';
import { sha256 } from './merkle.ts';

/** The whole log in a few bytes: how long it is and what it holds, signed. Kept elsewhere, it makes rewriting impossible to hide. */
export interface TreeHead {
  readonly size: number;
  readonly root: string;
  readonly time: string;
  readonly keyId: string;
  readonly signature: string;
}

/** A public key that evidence is checked with. */
export interface AuditKey {
  readonly key: KeyObject;
  /** First 8 bytes of the fingerprint. */
  readonly id: string;
  /** SHA-256 of the SPKI DER, in hex. */
  readonly fingerprint: string;
}

export interface AuditSigner extends AuditKey {
  readonly privateKey: KeyObject;
}

const TREE_HEAD_DOMAIN = 'drover/audit/tree-head/v1\n';

/** Reads an Ed25519 public key, SPKI PEM. */
export function auditKey(publicKeyPem: string): AuditKey {
  return describe(readKey(() => createPublicKey(publicKeyPem)));
}

/** Reads an Ed25519 private key, PKCS#8 PEM. */
export function auditSigner(privateKeyPem: string): AuditSigner {
  const privateKey = readKey(() => createPrivateKey(privateKeyPem));
  return { ...describe(createPublicKey(privateKey)), privateKey };
}

export function signTreeHead(log: LogState, now: Instant, signer: AuditSigner): TreeHead {
  const content = { size: log.edge.size, root: logRoot(log), time: isoOf(now), keyId: signer.id };
  return { ...content, signature: signText(TREE_HEAD_DOMAIN + canonicalJson(content), signer) };
}

export function isTreeHeadSigned({ signature, size, root, time, keyId }: TreeHead, key: AuditKey): boolean {
  return keyId === key.id && isTextSigned(TREE_HEAD_DOMAIN + canonicalJson({ size, root, time, keyId }), signature, key);
}

/** Ed25519 over the UTF-8 of the text, in base64. */
export function signText(text: string, { privateKey }: AuditSigner): string {
  return sign(null, Buffer.from(text), privateKey).toString('base64');
}

export function isTextSigned(text: string, signature: string, { key }: AuditKey): boolean {
  const bytes = Buffer.from(signature, 'base64');
  // A lenient decoder would let one signature be written in many ways.
  return bytes.toString('base64') === signature && verify(null, Buffer.from(text), key, bytes);
}

function describe(key: KeyObject): AuditKey {
  const fingerprint = hex(sha256(key.export({ type: 'spki', format: 'der' })));
  return { key, id: fingerprint.slice(0, 16), fingerprint };
}

function readKey(read: () => KeyObject): KeyObject {
  let key: KeyObject | undefined;
  try {
    key = read();
  } catch {
    // Falls through: the cause may quote key material.
  }
  if (key?.asymmetricKeyType === 'ed25519') return key;
  throw new AuditError('AUDIT_KEY_INVALID', 'evidence is signed with Ed25519 keys in PEM');
}
