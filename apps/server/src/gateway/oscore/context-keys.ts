import { deriveKeys, type OscoreKeys } from '@drover/coap';
import { unpackMaterial, type KeyRing } from '@drover/credentials';
import type { SharedCredential } from '../../link/security.ts';

/** Contexts whose keys are kept, about 1 KB each; those of the others are derived again when somebody speaks, in a tenth of a millisecond. */
export const KEPT_KEYS = 10_000;

/** Keys of contexts, derived when they are needed. The one not asked for the longest goes first. */
export class ContextKeys {
  readonly #ring: Pick<KeyRing, 'open'>;
  readonly #most: number;
  readonly #keys = new Map<string, OscoreKeys>();

  constructor(ring: Pick<KeyRing, 'open'>, most = KEPT_KEYS) {
    this.#ring = ring;
    this.#most = most;
  }

  get size(): number {
    return this.#keys.size;
  }

  /** Throws SECRET_SEALED or OSCORE_KEYS. */
  of(credential: SharedCredential): OscoreKeys {
    const { identity } = credential;
    const known = this.#keys.get(identity);
    const keys = known ?? this.#derive(credential);
    if (known) this.#keys.delete(identity);
    else if (this.#keys.size >= this.#most) this.forget(this.#keys.keys().next().value!);
    this.#keys.set(identity, keys);
    return keys;
  }

  forget(identity: string): void {
    const keys = this.#keys.get(identity);
    this.#keys.delete(identity);
    for (const secret of keys ? [keys.senderKey, keys.recipientKey, keys.commonIv] : []) secret.fill(0);
  }

  /** A credential says it from the device's side: who sends there receives here. */
  #derive(credential: SharedCredential): OscoreKeys {
    const packed = this.#ring.open(credential.secret!, credential);
    const { senderId, recipientId, ...material } = unpackMaterial(packed);
    packed.fill(0);
    const keys = deriveKeys({ ...material, senderId: recipientId, recipientId: senderId });
    material.masterSecret.fill(0);
    return keys;
  }
}
