import type { Entropy } from '@drover/kernel';
import type { OwnCertificate, PeerTrust } from './identity.ts';
import type { Resumption } from './resumption.ts';
import type { ServerSettings } from './settings.ts';

/** What a server's handshakes stand on. */
export interface ServerContext {
  readonly settings: ServerSettings;
  readonly entropy: Entropy;
  readonly trust: PeerTrust;
  readonly resumption: Resumption;
  readonly own?: OwnCertificate;
  /** Makes keys for identities that nobody knows; as secret as the keys of those that somebody knows. */
  readonly decoy: Uint8Array;
  /** Gets the secret of each session, for protocol analysers: development only. */
  readonly keyLog?: ((line: string) => void) | undefined;
  drawCid(): Buffer;
}
