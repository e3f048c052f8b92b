import type { Entropy } from '@drover/kernel';
import type { SuiteName } from '../crypto/suites.ts';
import type { ClientSettings } from './client-settings.ts';
import type { OwnCertificate, PeerIdentity, PeerTrust } from './identity.ts';

/** What a client keeps of a session to resume it. Holds the master secret. */
export interface Resumed {
  readonly suite: SuiteName;
  readonly master: Buffer;
  readonly sessionId: Buffer;
  readonly ticket?: Buffer;
  readonly identity: PeerIdentity;
}

/** What a client's handshake stands on. */
export interface ClientContext {
  readonly settings: ClientSettings;
  readonly entropy: Entropy;
  readonly trust: PeerTrust;
  /** Identity and key for the suites with PSK. */
  readonly psk?: { readonly identity: Uint8Array; readonly key: Uint8Array };
  readonly own?: OwnCertificate;
  readonly resume?: Resumed;
}
