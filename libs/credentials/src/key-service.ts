import { createHash } from 'node:crypto';
import type { Entropy } from '@drover/kernel';
import { aboutOf, DATA_KEY_BYTES, openBox, sealBox } from './envelope.ts';
import { CredentialError } from './errors.ts';

/** What a data key is for; none is used for two things. */
export type KeyPurpose = 'secrets' | 'fingerprints' | 'sessions';

/** A data key as it is stored. */
export interface WrappedKey {
  readonly id: string;
  readonly purpose: KeyPurpose;
  /** What the key service made of it, base64. */
  readonly wrapped: string;
  /** Which key-encryption key that was: `KeyService.keyName`. */
  readonly under: string;
}

/** Holds the key-encryption key, or knows who does: a file, an environment variable, or somebody's key service. A port. */
export abstract class KeyService {
  /** Tells one key-encryption key from another; no secret. */
  abstract readonly keyName: string;
  abstract wrap(key: Uint8Array, about: Uint8Array): Promise<Uint8Array>;
  /** Rejects with `SECRET_SEALED` or an error of its own. */
  abstract unwrap(wrapped: Uint8Array, about: Uint8Array): Promise<Uint8Array>;
}

/** With the key-encryption key in this process. */
export class LocalKeyService extends KeyService {
  readonly keyName: string;
  readonly #key: Uint8Array;
  readonly #entropy: Entropy;

  /** 32 bytes; throws `KEY_ENCRYPTION_KEY_INVALID`. */
  constructor(key: Uint8Array, entropy: Entropy) {
    super();
    if (key.length !== DATA_KEY_BYTES || new Set(key).size < DATA_KEY_BYTES / 4)
      throw new CredentialError('KEY_ENCRYPTION_KEY_INVALID', 'a key-encryption key is 32 random bytes, as base64 or hex');
    this.#key = Uint8Array.from(key);
    this.#entropy = entropy;
    this.keyName = `local-${createHash('sha256').update('drover key name 1').update(key).digest('hex').slice(0, 16)}`;
  }

  async wrap(key: Uint8Array, about: Uint8Array): Promise<Uint8Array> {
    return sealBox(this.#key, key, { about, entropy: this.#entropy });
  }

  async unwrap(wrapped: Uint8Array, about: Uint8Array): Promise<Uint8Array> {
    return openBox(this.#key, wrapped, about);
  }
}

const aboutKey = ({ id, purpose }: Pick<WrappedKey, 'id' | 'purpose'>): Buffer => aboutOf('drover data key 1', id, purpose);

export async function newDataKey(
  { id, purpose }: Pick<WrappedKey, 'id' | 'purpose'>,
  service: KeyService,
  entropy: Entropy,
): Promise<{ readonly plain: Uint8Array; readonly wrapped: WrappedKey }> {
  const plain = entropy.bytes(DATA_KEY_BYTES);
  return { plain, wrapped: { id, purpose, ...(await wrappedBy(service, plain, { id, purpose })) } };
}

/** Rejects with `KEY_ENCRYPTION_KEY_WRONG` where it was another key-encryption key. */
export async function unwrapKey(key: WrappedKey, service: KeyService): Promise<Uint8Array> {
  if (key.under !== service.keyName) throw wrongKey(key, service);
  return service.unwrap(Buffer.from(key.wrapped, 'base64'), aboutKey(key)).catch(() => Promise.reject(wrongKey(key, service)));
}

/** The same data key under another key-encryption key: no secret is touched. */
export async function rewrap(key: WrappedKey, from: KeyService, to: KeyService): Promise<WrappedKey> {
  const plain = await unwrapKey(key, from);
  const after = { ...key, ...(await wrappedBy(to, plain, key)) };
  plain.fill(0);
  return after;
}

async function wrappedBy(service: KeyService, plain: Uint8Array, key: Pick<WrappedKey, 'id' | 'purpose'>) {
  const wrapped = Buffer.from(await service.wrap(plain, aboutKey(key))).toString('base64');
  return { wrapped, under: service.keyName };
}

function wrongKey({ id, under }: WrappedKey, { keyName }: KeyService): CredentialError {
  return new CredentialError(
    'KEY_ENCRYPTION_KEY_WRONG',
    `data key ${id} is under the key-encryption key ${under}, and ${keyName} was given`,
  );
}
