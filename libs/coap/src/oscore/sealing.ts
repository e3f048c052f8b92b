import { createCipheriv, createDecipheriv } from 'node:crypto';
import { CoapError } from '../errors.ts';
import { optionsLength, payloadFrom, PAYLOAD_MARKER, readRawOptions, writeRawOptions, type RawOption } from '../message.ts';
import { cborOf } from './cbor-items.ts';
import { OscoreError } from './errors.ts';
import { ALGORITHM, nonceOf, type OscoreKeys } from './keys.ts';

/** Code, inner options and payload of a message: what is sealed (RFC 8613 section 5.3). */
export interface InnerMessage {
  readonly code: number;
  readonly options: readonly RawOption[];
  readonly payload: Uint8Array;
}

/** The request that a message is, or answers: both sides authenticate it (section 5.4). */
export interface RequestBinding {
  readonly kid: Uint8Array;
  readonly piv: Uint8Array;
}

const VERSION = 1;
const [CIPHER, TAG_BYTES] = ['aes-128-ccm', 8] as const;

/** `piv` and `id`: whose number makes the nonce; of a response without one of its own those of the request. */
export interface NonceParts {
  readonly id: Uint8Array;
  readonly piv: Uint8Array;
}

/** Sealed with this side's key. A nonce must never be given twice. */
export function seal(keys: OscoreKeys, inner: InnerMessage, nonce: NonceParts, binding: RequestBinding): Uint8Array {
  return sealBytes(keys, plaintextOf(inner), nonce, binding);
}

/** Whatever the bytes are. */
export function sealBytes(keys: OscoreKeys, plain: Uint8Array, nonce: NonceParts, binding: RequestBinding): Uint8Array {
  const cipher = createCipheriv(CIPHER, keys.senderKey, nonceOf(keys.commonIv, nonce.id, nonce.piv), { authTagLength: TAG_BYTES });
  cipher.setAAD(additionalData(binding), { plaintextLength: plain.length });
  return Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

/** Throws OSCORE_DECRYPTION for what the other side has not sealed so, OSCORE_MESSAGE for what is no message inside. */
export function open(keys: OscoreKeys, sealed: Uint8Array, nonce: NonceParts, binding: RequestBinding): InnerMessage {
  const length = sealed.length - TAG_BYTES;
  if (length < 1) throw new OscoreError('OSCORE_DECRYPTION', 'too short to be sealed');
  const cipher = createDecipheriv(CIPHER, keys.recipientKey, nonceOf(keys.commonIv, nonce.id, nonce.piv), { authTagLength: TAG_BYTES });
  cipher.setAuthTag(sealed.subarray(length));
  cipher.setAAD(additionalData(binding), { plaintextLength: length });
  return messageIn(decrypted(() => Buffer.concat([cipher.update(sealed.subarray(0, length)), cipher.final()])));
}

function decrypted(decrypt: () => Uint8Array): Uint8Array {
  try {
    return decrypt();
  } catch {
    throw new OscoreError('OSCORE_DECRYPTION', 'not sealed by the other side of this context, or for another request');
  }
}

/** `Enc_structure` of COSE around the external data; options of class I there are none (section 5.4). */
function additionalData({ kid, piv }: RequestBinding): Uint8Array {
  const external = cborOf([VERSION, [ALGORITHM], kid, piv, new Uint8Array(0)]);
  return cborOf(['Encrypt0', new Uint8Array(0), external]);
}

function plaintextOf({ code, options, payload }: InnerMessage): Uint8Array {
  const end = 1 + optionsLength(options);
  const plain = new Uint8Array(end + (payload.length > 0 ? 1 + payload.length : 0));
  plain[0] = code;
  writeRawOptions(plain, 1, options);
  if (payload.length === 0) return plain;
  plain[end] = PAYLOAD_MARKER;
  plain.set(payload, end + 1);
  return plain;
}

function messageIn(plain: Uint8Array): InnerMessage {
  try {
    const { list, end } = readRawOptions(plain, 1);
    return { code: plain[0]!, options: list, payload: payloadFrom(plain, end) };
  } catch (error) {
    if (error instanceof CoapError) throw new OscoreError('OSCORE_MESSAGE', error.message);
    throw error;
  }
}
