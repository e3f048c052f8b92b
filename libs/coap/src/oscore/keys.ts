import { hkdfSync } from 'node:crypto';
import { cborOf } from './cbor-items.ts';
import { OscoreError } from './errors.ts';

/** AES-CCM-16-64-128 (RFC 9053 section 4.2), which every implementation has; HKDF with SHA-256. */
export const ALGORITHM = 10;
const [KEY_BYTES, NONCE_BYTES] = [16, 13];
/** A nonce has room for an ID of so many bytes beside length and Partial IV (RFC 8613 section 3.3). */
export const MOST_ID_BYTES = NONCE_BYTES - 6;
export const MOST_PIV_BYTES = 5;
export const MOST_CONTEXT_BYTES = 255;
const LEAST_SECRET_BYTES = 16;

/** What both sides have been given (RFC 8613 section 3.2); in LwM2M an instance of Object 21. */
export interface OscoreSecret {
  readonly masterSecret: Uint8Array;
  readonly masterSalt?: Uint8Array;
  readonly idContext?: Uint8Array;
  /** Of this side, and of the other one; 0 to 7 bytes each, and never the same. */
  readonly senderId: Uint8Array;
  readonly recipientId: Uint8Array;
}

/** What messages are sealed and opened with (RFC 8613 section 3.1). */
export interface OscoreKeys {
  readonly senderId: Uint8Array;
  readonly recipientId: Uint8Array;
  readonly idContext: Uint8Array | undefined;
  readonly senderKey: Uint8Array;
  readonly recipientKey: Uint8Array;
  readonly commonIv: Uint8Array;
}

/** Throws OSCORE_KEYS for identifiers that do not fit, are the same, or a secret that is too short to be one. */
export function deriveKeys({ masterSecret, masterSalt, idContext, senderId, recipientId }: OscoreSecret): OscoreKeys {
  if (masterSecret.length < LEAST_SECRET_BYTES)
    throw new OscoreError('OSCORE_KEYS', `a master secret has ${LEAST_SECRET_BYTES} bytes or more`);
  if (Math.max(senderId.length, recipientId.length) > MOST_ID_BYTES)
    throw new OscoreError('OSCORE_KEYS', `an ID has ${MOST_ID_BYTES} bytes at most`);
  if ((idContext?.length ?? 0) > MOST_CONTEXT_BYTES)
    throw new OscoreError('OSCORE_KEYS', `an ID Context has ${MOST_CONTEXT_BYTES} bytes at most`);
  // The same key in both directions would use each nonce twice.
  if (Buffer.compare(senderId, recipientId) === 0) throw new OscoreError('OSCORE_KEYS', 'both sides have the same ID');
  const derive = (id: Uint8Array, type: 'Key' | 'IV', length: number): Uint8Array => {
    const info = cborOf([id, idContext ?? null, ALGORITHM, type, length]);
    return new Uint8Array(hkdfSync('sha256', masterSecret, masterSalt ?? new Uint8Array(0), info, length));
  };
  return {
    senderId,
    recipientId,
    idContext,
    senderKey: derive(senderId, 'Key', KEY_BYTES),
    recipientKey: derive(recipientId, 'Key', KEY_BYTES),
    commonIv: derive(new Uint8Array(0), 'IV', NONCE_BYTES),
  };
}

/** RFC 8613 section 5.2. `id`: of who counts the Partial IV. */
export function nonceOf(commonIv: Uint8Array, id: Uint8Array, piv: Uint8Array): Uint8Array {
  const nonce = new Uint8Array(NONCE_BYTES);
  nonce[0] = id.length;
  nonce.set(id, 1 + MOST_ID_BYTES - id.length);
  nonce.set(piv, NONCE_BYTES - piv.length);
  return nonce.map((byte, at) => byte ^ commonIv[at]!);
}
