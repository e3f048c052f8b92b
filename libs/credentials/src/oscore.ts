import { CredentialError } from './errors.ts';
import { KEY_BYTES } from './key-strength.ts';

/** What only this one has of RFC 8613's choices: what every implementation must have, and what LwM2M's Object 21 means by default. */
export const OSCORE_AEAD = 'AES-CCM-16-64-128';
export const OSCORE_HKDF = 'SHA-256';

/** Bytes of an ID (RFC 8613 section 3.3: the nonce has no room for more). */
const MOST_ID_BYTES = 7;
/** RFC 8613 allows 255; an identity in a log is a line. */
const MOST_CONTEXT_BYTES = 32;
const MOST_SALT_BYTES = 64;
const VERSION = 1;

/** A context as the device has it, which is how Object 21 says it: Sender is the device, Recipient is this server. */
export interface OscoreMaterial {
  readonly masterSecret: Uint8Array;
  readonly masterSalt?: Uint8Array;
  readonly idContext?: Uint8Array;
  readonly senderId: Uint8Array;
  readonly recipientId: Uint8Array;
}

/** What somebody chose beside it. */
export interface OscoreChoice {
  readonly aead?: string;
  readonly hkdf?: string;
}

/**
 * What a request shows of its sender: `kid:` and the device's ID, `/` and the ID Context where there is one, both in hex. Two
 * contexts of a server never have the same, so a request finds one.
 */
export function oscoreIdentity({ senderId, idContext }: Pick<OscoreMaterial, 'senderId' | 'idContext'>): string {
  const kid = `kid:${Buffer.from(senderId).toString('hex')}`;
  return idContext === undefined ? kid : `${kid}/${Buffer.from(idContext).toString('hex')}`;
}

/** Throws ALGORITHM_UNSUPPORTED, OSCORE_ID_INVALID, KEY_TOO_LONG or CREDENTIAL_INVALID. How strong the Master Secret is, `weaknessOf` says. */
export function requireMaterial(material: OscoreMaterial, choice: OscoreChoice = {}): void {
  requireKnown(choice);
  requireIds(material);
  const { masterSecret, masterSalt } = material;
  if (masterSecret.length > KEY_BYTES.max) throw new CredentialError('KEY_TOO_LONG', `a Master Secret has ${KEY_BYTES.max} bytes at most`);
  if ((masterSalt?.length ?? 0) > MOST_SALT_BYTES)
    throw new CredentialError('CREDENTIAL_INVALID', `a Master Salt has ${MOST_SALT_BYTES} bytes at most`);
}

function requireKnown({ aead, hkdf }: OscoreChoice): void {
  if (aead !== undefined && aead !== OSCORE_AEAD)
    throw new CredentialError('ALGORITHM_UNSUPPORTED', `the only AEAD algorithm is ${OSCORE_AEAD}`);
  if (hkdf !== undefined && hkdf !== OSCORE_HKDF) throw new CredentialError('ALGORITHM_UNSUPPORTED', `the only HKDF is ${OSCORE_HKDF}`);
}

function requireIds({ senderId, recipientId, idContext }: OscoreMaterial): void {
  if (Math.max(senderId.length, recipientId.length) > MOST_ID_BYTES)
    throw new CredentialError('OSCORE_ID_INVALID', `an ID has ${MOST_ID_BYTES} bytes at most`);
  // The same key in both directions would use each nonce twice.
  if (Buffer.compare(senderId, recipientId) === 0)
    throw new CredentialError('OSCORE_ID_INVALID', 'the Sender ID and the Recipient ID are the same');
  if ((idContext?.length ?? 0) > MOST_CONTEXT_BYTES)
    throw new CredentialError('OSCORE_ID_INVALID', `an ID Context has ${MOST_CONTEXT_BYTES} bytes at most`);
}

/** As one secret, to be sealed: each part behind a byte that says how long it is. An absent ID Context is no empty one. */
export function packMaterial({ masterSecret, masterSalt, idContext, senderId, recipientId }: OscoreMaterial): Uint8Array {
  const parts = [masterSecret, masterSalt ?? new Uint8Array(0), senderId, recipientId, ...(idContext ? [idContext] : [])];
  return Buffer.concat([Uint8Array.of(VERSION), ...parts.flatMap((part) => [Uint8Array.of(part.length), part])]);
}

/** Throws SECRET_SEALED for bytes that are no material. The parts are copies: the bytes may be overwritten. */
export function unpackMaterial(packed: Uint8Array): OscoreMaterial {
  const parts: Uint8Array[] = [];
  let at = 1;
  for (; at < packed.length; at += 1 + packed[at]!) parts.push(Uint8Array.from(packed.subarray(at + 1, at + 1 + packed[at]!)));
  const [masterSecret, masterSalt, senderId, recipientId, idContext] = parts;
  if (packed[0] !== VERSION || recipientId === undefined || parts.length > 5 || at !== packed.length)
    throw new CredentialError('SECRET_SEALED', 'a sealed OSCORE context is none');
  return {
    masterSecret: masterSecret!,
    ...(masterSalt!.length > 0 && { masterSalt: masterSalt! }),
    senderId: senderId!,
    recipientId,
    ...(idContext && { idContext }),
  };
}
