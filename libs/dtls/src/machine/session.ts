import type { SuiteName } from '../crypto/suites.ts';
import { readAll } from '../handshake/reader.ts';
import type { Channel } from '../record/channel.ts';
import type { HalfOpen } from './half-open.ts';
import { encodeIdentity, readIdentity } from './identity-codec.ts';
import type { PeerIdentity } from './identity.ts';
import type { SessionHandle } from './outputs.ts';
import type { Path } from './path.ts';
import type { Reservation } from './reservation.ts';

export interface SessionParts {
  readonly identity: PeerIdentity;
  readonly serverName: string;
  readonly suite: SuiteName;
  readonly channel: Channel;
  readonly path: Path;
  readonly reservation: Reservation;
  /** Records with lower numbers may be replays: their numbers were not saved one by one before a crash. */
  readonly trustedFrom: number;
  /** For the table of sessions to be resumed, each byte a character; empty where a ticket was given, or nothing. */
  readonly sessionId: string;
}

/** What a server keeps of a session. There may be a million of these: no field that most do not need. */
export class ServerSession implements SessionHandle {
  readonly serverName: string;
  readonly suite: SuiteName;
  readonly channel: Channel;
  readonly path: Path;
  readonly reservation: Reservation;
  readonly sessionId: string;
  /** As text: a string is a tenth of the objects that it stands for. */
  readonly #identity: string;
  trustedFrom: number;
  lastHeardAt: number;
  isClosed = false;
  hasRefusedRenegotiation = false;
  /** Our last flight, while the peer may not have received it. */
  linger?: HalfOpen;

  constructor(parts: SessionParts, now: number) {
    this.#identity = encodeIdentity(parts.identity).toString('latin1');
    this.serverName = parts.serverName;
    this.suite = parts.suite;
    this.channel = parts.channel;
    this.path = parts.path;
    this.reservation = parts.reservation;
    this.sessionId = parts.sessionId;
    this.trustedFrom = parts.trustedFrom;
    this.lastHeardAt = Math.floor(now);
  }

  /** Equal where identities are; `undefined` for an anonymous client. */
  get identityKey(): string | undefined {
    return this.#identity.length > 1 ? this.#identity : undefined;
  }

  get identity(): PeerIdentity {
    return readAll(Buffer.from(this.#identity, 'latin1'), 'identity', readIdentity);
  }

  get address(): string {
    return this.path.address;
  }

  get provenAddress(): string {
    return this.path.proven;
  }

  get connectionId(): string {
    return Buffer.from(this.channel.readCid).toString('hex');
  }

  get maxDataBytes(): number {
    return this.channel.recordLimit;
  }
}
