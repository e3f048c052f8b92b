import { DEFAULT_SUITES, type SuiteName } from '../crypto/suites.ts';
import { GROUP, type Group } from '../crypto/ecdh.ts';

/** What both roles have. All times are milliseconds of protocol time: monotonic, never scaled. */
export interface DtlsSettings {
  /** In order of preference. */
  readonly suites: readonly SuiteName[];
  readonly groups: readonly Group[];
  /** Most bytes of a datagram in a handshake: of what UDP carries, without its header and IP's. */
  readonly mtu: number;
  /** First timeout of a flight; doubles with each repetition (RFC 6347 section 4.2.4.1). For devices on NB-IoT 9 s (RFC 7925 section 11). */
  readonly retransmitMs: number;
  readonly maxRetransmitMs: number;
  readonly maxRetransmissions: number;
  /** A handshake that has not ended by then is forgotten. */
  readonly handshakeMs: number;
  /** How long a last flight is kept for a peer that has not received it. */
  readonly lingerMs: number;
  /** Most bytes of a peer's Certificate message. */
  readonly maxCertificateBytes: number;
  /** Larger datagrams are dropped. */
  readonly maxDatagramBytes: number;
  /** Ask the peer to send no larger records (RFC 8449); `undefined`: 2^14. */
  readonly recordSizeLimit?: number;
  /** A session without RFC 7627 is refused. Old devices lack it; without it nothing is resumed in any case. */
  readonly requireExtendedMasterSecret: boolean;
}

export const DEFAULT_SETTINGS: DtlsSettings = {
  suites: DEFAULT_SUITES,
  groups: [GROUP.x25519, GROUP.secp256r1],
  mtu: 1200,
  retransmitMs: 1000,
  maxRetransmitMs: 60_000,
  maxRetransmissions: 6,
  handshakeMs: 90_000,
  lingerMs: 30_000,
  maxCertificateBytes: 8192,
  maxDatagramBytes: 16_384,
  requireExtendedMasterSecret: false,
};

/** What the server has beside these. */
export interface ServerSettings extends DtlsSettings {
  /** Handshakes under way after the cookie; more are not begun. */
  readonly maxHalfOpen: number;
  /** Of them from one host, whatever its ports. Many devices may share one behind a carrier's NAT. */
  readonly maxHalfOpenPerHost: number;
  /** Past it the session that was heard of least lately goes. */
  readonly maxSessions: number;
  /** Of them for one identity: a device that begins anew every hour, or a thief of one key, must not take the places of others. */
  readonly maxSessionsPerIdentity: number;
  /** Sessions in the middle of something whose keys stand ready: about 2 KB more for each. */
  readonly maxKeysAtHand: number;
  /** A cookie is good for this long, and at most twice as long. */
  readonly cookieMs: number;
  /** First bytes of our Connection IDs: the number of this gateway, so that a balancer finds it. */
  readonly cidPrefix: Uint8Array;
  /** Bytes of our Connection IDs, prefix included; 0: none. At least four of them must be left to chance. */
  readonly cidBytes: number;
  /** `hidden`: an unknown PSK identity fails like a wrong key does; `told`: with the alert unknown_psk_identity, on which devices give up. */
  readonly unknownIdentity: 'hidden' | 'told';
  /** psk_identity_hint (RFC 4279 section 5.2); empty: none. */
  readonly pskHint: string;
  /** Whether a client of a certificate suite must show its key. */
  readonly clientAuthentication: 'required' | 'none';
  /** Alerts to senders of records that belong to no session, per second. */
  readonly strayAlertsPerSecond: number;
  /** How long a session may be resumed by ticket or id; 0: not at all. */
  readonly resumptionMs: number;
  /** Sessions kept for clients that resume by id and know no tickets. */
  readonly maxResumable: number;
  /** Host names that are ours; empty: any. Others are refused with unrecognized_name. */
  readonly serverNames: readonly string[];
  /** Numbers reserved at a time where sessions are saved; 0: they are not, and end with the process. */
  readonly reserve: number;
  /** Bytes to an address not shown to be right, for each byte from there. */
  readonly maxAmplification: number;
}

export const DEFAULT_SERVER_SETTINGS: ServerSettings = {
  ...DEFAULT_SETTINGS,
  maxHalfOpen: 10_000,
  maxHalfOpenPerHost: 1000,
  maxSessions: 1_000_000,
  maxSessionsPerIdentity: 4,
  maxKeysAtHand: 4096,
  cookieMs: 30_000,
  cidPrefix: new Uint8Array(0),
  cidBytes: 8,
  unknownIdentity: 'hidden',
  pskHint: '',
  clientAuthentication: 'required',
  strayAlertsPerSecond: 100,
  resumptionMs: 86_400_000,
  maxResumable: 10_000,
  serverNames: [],
  reserve: 0,
  maxAmplification: 3,
};
