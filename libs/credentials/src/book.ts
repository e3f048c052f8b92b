import type { Endpoint } from '@drover/kernel';
import { credentialKey, type Credential, type KnownCredential } from './credential.ts';

const NONE: readonly never[] = [];

/** All credentials of a server, by identity, by endpoint and by equal keys. */
export class CredentialBook<C extends KnownCredential = Credential> {
  readonly #byKey = new Map<string, C>();
  readonly #byEndpoint = new Map<Endpoint, readonly C[]>();
  /** Those of equal keys, revoked ones too: a key that was revoked does not come back. */
  readonly #byFingerprint = new Map<string, string | string[]>();

  get size(): number {
    return this.#byKey.size;
  }

  put(credential: C): void {
    const key = credentialKey(credential);
    const before = this.#byKey.get(key);
    this.#byKey.set(key, credential);
    const others = this.of(credential.endpoint).filter((each) => credentialKey(each) !== key);
    this.#byEndpoint.set(credential.endpoint, [...others, credential]);
    if (before === undefined) this.#addFingerprint(credential.fingerprint, key);
  }

  with(kind: Credential['kind'], identity: string): C | undefined {
    return this.#byKey.get(credentialKey({ kind, identity }));
  }

  /** By its `credentialKey`. */
  at(key: string): C | undefined {
    return this.#byKey.get(key);
  }

  /** In the order in which they came, revoked ones too. */
  of(endpoint: Endpoint): readonly C[] {
    return this.#byEndpoint.get(endpoint) ?? NONE;
  }

  withKey(fingerprint: string): C[] {
    const keys = this.#byFingerprint.get(fingerprint);
    return (keys === undefined ? [] : typeof keys === 'string' ? [keys] : keys).map((key) => this.#byKey.get(key)!);
  }

  values(): IterableIterator<C> {
    return this.#byKey.values();
  }

  #addFingerprint(fingerprint: string | undefined, key: string): void {
    if (fingerprint === undefined) return;
    const known = this.#byFingerprint.get(fingerprint);
    this.#byFingerprint.set(fingerprint, known === undefined ? key : typeof known === 'string' ? [known, key] : [...known, key]);
  }
}
