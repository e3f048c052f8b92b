import type { Entropy } from '@drover/kernel';
import { KeyRing, newDataKey, rewrap, unwrapKey, type KeyPurpose, type KeyService, type WrappedKey } from '@drover/credentials';

const PURPOSES: readonly KeyPurpose[] = ['secrets', 'fingerprints', 'sessions'];
const ID_BYTES = 8;

/** Data keys with the key service that they are wrapped by. A key is stored before anything is sealed under it. */
export class KeyShelf {
  readonly ring: KeyRing;
  readonly #service: KeyService;
  readonly #entropy: Entropy;

  constructor(service: KeyService, entropy: Entropy) {
    this.#service = service;
    this.#entropy = entropy;
    this.ring = new KeyRing(entropy);
  }

  /** Rejects with `KEY_ENCRYPTION_KEY_WRONG`. */
  async load(keys: readonly WrappedKey[]): Promise<void> {
    for (const key of keys) this.ring.add(key.id, key.purpose, await unwrapKey(key, this.#service));
  }

  /** Those of the first start; the caller stores them. */
  async makeMissing(): Promise<WrappedKey[]> {
    const made: WrappedKey[] = [];
    for (const purpose of PURPOSES) {
      if (this.ring.has(purpose)) continue;
      const { key, use } = await this.make(purpose);
      use();
      made.push(key);
    }
    return made;
  }

  /** The caller stores it, and says in the same turn that it may be used: nothing is under a key that may not be there. */
  async make(purpose: KeyPurpose): Promise<{ readonly key: WrappedKey; readonly use: () => void }> {
    const id = Buffer.from(this.#entropy.bytes(ID_BYTES)).toString('hex');
    const { plain, wrapped } = await newDataKey({ id, purpose }, this.#service, this.#entropy);
    return { key: wrapped, use: () => this.ring.add(id, purpose, plain) };
  }
}

/** Keys under another key-encryption key than the one in use, wrapped again by it. The others are left out. */
export async function rewrapped(keys: readonly WrappedKey[], { from, to }: { from: KeyService; to: KeyService }): Promise<WrappedKey[]> {
  const moved: WrappedKey[] = [];
  for (const key of keys) if (key.under !== to.keyName) moved.push(await rewrap(key, from, to));
  return moved;
}
