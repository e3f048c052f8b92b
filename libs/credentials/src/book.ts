import type { Endpoint } from '@drover/kernel';
import { credentialKey, type Credential } from './credential.ts';

const NONE: readonly Credential[] = [];

/** All credentials of a server, by identity, by endpoint and by equal keys. */
export class CredentialBook {
  readonly #byKey = new Map<string, Credential>();
  readonly #byEndpoint = new Map<Endpoint, readonly Credential[]>();
  /** Those of equal keys, revoked ones too: a key that was revoked does not come back. */
  readonly #byFingerprint = new Map<string, string | string[]>();

  get size(): number {
    return this.#byKey.size;
  }

  put(credential: Credential): void {
    const key = credentialKey(credential);
    const before = this.#byKey.get(key);
    this.#byKey.set(key, credential);
    const others = this.of(credential.endpoint).filter((each) => credentialKey(each) !== key);
    this.#byEndpoint.set(credential.endpoint, [...others, credential]);
    if (before === undefined) this.#addFingerprint(credential.fingerprint, key);
  }

  with(kind: Credential['kind'], identity: string): Credential | undefined {
    return this.#byKey.get(credentialKey({ kind, identity }));
  }

  /** In the order in which they came, revoked ones too. */
  of(endpoint: Endpoint): readonly Credential[] {
    return this.#byEndpoint.get(endpoint) ?? NONE;
  }

  withKey(fingerprint: string): Credential[] {
    const keys = this.#byFingerprint.get(fingerprint);
    return (keys === undefined ? [] : typeof keys === 'string' ? [keys] : keys).map((key) => this.#byKey.get(key)!);
  }

  values(): IterableIterator<Credential> {
    return this.#byKey.values();
  }

  #addFingerprint(fingerprint: string | undefined, key: string): void {
    if (fingerprint === undefined) return;
    const known = this.#byFingerprint.get(fingerprint);
    this.#byFingerprint.set(fingerprint, known === undefined ? key : typeof known === 'string' ? [known, key] : [...known, key]);
  }
}
