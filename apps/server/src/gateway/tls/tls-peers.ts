import { credentialKey } from '@drover/credentials';
import type { PeerIdentity } from '@drover/dtls';
import type { SharedCredential } from '../../link/security.ts';
import type { DeviceTrust } from '../dtls/device-trust.ts';

interface TlsPeer {
  readonly identity: PeerIdentity;
  /** `credentialKey` of whose it is. */
  readonly owner: string;
}

/** Connections over TLS by what CoAP calls them: who is at the other end. A connection does not outlive the process. */
export class TlsPeers {
  readonly #trust: DeviceTrust;
  readonly #peers = new Map<string, TlsPeer>();

  constructor(trust: DeviceTrust) {
    this.#trust = trust;
  }

  get size(): number {
    return this.#peers.size;
  }

  add(peer: string, identity: PeerIdentity, credential: SharedCredential): void {
    this.#peers.set(peer, { identity, owner: credentialKey(credential) });
  }

  remove(peer: string): void {
    this.#peers.delete(peer);
  }

  /** Whose connection it is; undefined when it has ended, or its credential opens nothing any more. */
  credentialAt(peer: string): SharedCredential | undefined {
    const known = this.#peers.get(peer);
    const found = known && this.#trust.of(known.identity);
    return found && 'credential' in found ? found.credential : undefined;
  }

  /** Those that a credential which has changed does not hold any more. */
  barredBy(credential: Pick<SharedCredential, 'kind' | 'identity'>): string[] {
    const owner = credentialKey(credential);
    return [...this.#peers].filter(([peer, each]) => each.owner === owner && this.credentialAt(peer) === undefined).map(([peer]) => peer);
  }
}
