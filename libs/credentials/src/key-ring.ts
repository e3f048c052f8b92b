import type { Entropy } from '@drover/kernel';
import type { Binding } from './credential.ts';
import { aboutOf, fingerprintOf, openBox, sealBox, type Sealed } from './envelope.ts';
import { CredentialError } from './errors.ts';
import type { KeyPurpose } from './key-service.ts';

/** Secrets under one data key; then another one is made. */
export const SECRETS_PER_KEY = 65_536;

/** Data keys, unwrapped, and what is done with them. Lives as long as the process; nothing of it is ever written. */
export class KeyRing {
  readonly #entropy: Entropy;
  readonly #keys = new Map<string, { readonly purpose: KeyPurpose; readonly plain: Uint8Array; used: number }>();

  constructor(entropy: Entropy) {
    this.#entropy = entropy;
  }

  add(id: string, purpose: KeyPurpose, plain: Uint8Array): void {
    this.#keys.set(id, { purpose, plain, used: 0 });
  }

  /** A secret of an earlier process is under this key. */
  noteUse({ key }: Sealed): void {
    const known = this.#keys.get(key);
    if (known) known.used += 1;
  }

  /** Room for so many more secrets under the newest key. */
  hasRoomFor(secrets: number): boolean {
    return SECRETS_PER_KEY - (this.#newest('secrets')?.used ?? SECRETS_PER_KEY) >= secrets;
  }

  has(purpose: KeyPurpose): boolean {
    return this.#newest(purpose) !== undefined;
  }

  seal(secret: Uint8Array, binding: Binding): Sealed {
    const { id, key } = this.#require('secrets');
    key.used += 1;
    return { key: id, box: sealBox(key.plain, secret, { about: aboutCredential(binding), entropy: this.#entropy }).toString('base64') };
  }

  /** Throws `SECRET_SEALED`. */
  open({ key, box }: Sealed, binding: Binding): Buffer {
    return openBox(this.#known(key).plain, Buffer.from(box, 'base64'), aboutCredential(binding));
  }

  fingerprint(secret: Uint8Array): string {
    return fingerprintOf(this.#require('fingerprints').key.plain, secret);
  }

  /** The state of a session, under the name that it has. */
  sealSession(name: string, state: Uint8Array): Sealed {
    const { id, key } = this.#require('sessions');
    return { key: id, box: sealBox(key.plain, state, { about: aboutSession(name), entropy: this.#entropy }).toString('base64') };
  }

  /** Throws `SECRET_SEALED`. */
  openSession(name: string, { key, box }: Sealed): Buffer {
    return openBox(this.#known(key).plain, Buffer.from(box, 'base64'), aboutSession(name));
  }

  #newest(purpose: KeyPurpose) {
    return [...this.#keys.values()].findLast((key) => key.purpose === purpose);
  }

  #require(purpose: KeyPurpose) {
    const found = [...this.#keys].findLast(([, key]) => key.purpose === purpose);
    if (!found) throw new CredentialError('SECRET_SEALED', `there is no data key for ${purpose}`);
    return { id: found[0], key: found[1] };
  }

  #known(id: string) {
    const key = this.#keys.get(id);
    if (!key) throw new CredentialError('SECRET_SEALED', `there is no data key ${id}`);
    return key;
  }
}

/** A row that somebody copies to another device opens nothing there. */
const aboutCredential = ({ namespace, endpoint, kind, identity }: Binding): Buffer =>
  aboutOf('drover credential 1', namespace, endpoint, kind, identity);

const aboutSession = (name: string): Buffer => aboutOf('drover session 1', name);
