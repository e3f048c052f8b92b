import { credentialKey } from '@drover/credentials';
import type { SharedCredential } from '../../link/security.ts';
import type { DeviceTrust } from '../dtls/device-trust.ts';

/** Connections over TLS by what CoAP calls them, and whose they are. A connection does not outlive the process. */
export class TlsPeers {
  readonly #trust: DeviceTrust;
  /** `credentialKey` by peer. */
  readonly #owners = new Map<string, string>();

  constructor(trust: DeviceTrust) {
    this.#trust = trust;
  }

  add(peer: string, credential: SharedCredential): void {
    this.#owners.set(peer, credentialKey(credential));
  }

  remove(peer: string): void {
    this.#owners.delete(peer);
  }

  /** Whose connection it is; undefined when it has ended, or its credential opens nothing any more. */
  credentialAt(peer: string): SharedCredential | undefined {
    const owner = this.#owners.get(peer);
    const found = owner === undefined ? undefined : this.#trust.ofOwner(owner);
    return found && 'credential' in found ? found.credential : undefined;
  }

  /** Those that a credential which has changed does not hold any more. */
  barredBy(credential: Pick<SharedCredential, 'kind' | 'identity'>): string[] {
    const owner = credentialKey(credential);
    if ('credential' in this.#trust.ofOwner(owner)) return [];
    return [...this.#owners].filter(([, each]) => each === owner).map(([peer]) => peer);
  }
}
