import type { SuiteName } from '../crypto/suites.ts';
import type { Channel } from '../record/channel.ts';
import type { PeerIdentity } from './identity.ts';
import type { SessionHandle } from './outputs.ts';

export interface ClientSessionParts {
  readonly identity: PeerIdentity;
  readonly serverName: string;
  readonly suite: SuiteName;
  readonly channel: Channel;
}

/** A client's session: its server stays where it is. */
export class ClientSession implements SessionHandle {
  readonly address: string;
  readonly identity: PeerIdentity;
  readonly serverName: string;
  readonly suite: SuiteName;
  readonly channel: Channel;
  lastHeardAt: number;
  hasRefusedRenegotiation = false;

  constructor(server: string, parts: ClientSessionParts, now: number) {
    this.address = server;
    this.identity = parts.identity;
    this.serverName = parts.serverName;
    this.suite = parts.suite;
    this.channel = parts.channel;
    this.lastHeardAt = now;
  }

  get provenAddress(): string {
    return this.address;
  }

  /** What the server wants in records to it, as hex. */
  get connectionId(): string {
    return Buffer.from(this.channel.writeCid).toString('hex');
  }

  get maxDataBytes(): number {
    return this.channel.recordLimit;
  }
}
