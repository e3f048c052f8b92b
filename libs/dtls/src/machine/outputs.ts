import type { AlertName } from '../alerts.ts';
import type { SuiteName } from '../crypto/suites.ts';
import type { PeerIdentity } from './identity.ts';

/** Names an established session. Compare by identity; what it tells changes with the session. */
export interface SessionHandle {
  readonly identity: PeerIdentity;
  /** Where it answers to: the newest address that it was heard from. */
  readonly address: string;
  /** The last address that was shown to be right. */
  readonly provenAddress: string;
  readonly suite: SuiteName;
  /** What the peer called us; empty where it did not. */
  readonly serverName: string;
  /** Ours, as hex; empty where none was agreed. */
  readonly connectionId: string;
  /** Most bytes of data in one datagram, as the peer has asked; the path may take less. */
  readonly maxDataBytes: number;
}

/**
 * `peer`: close_notify. `alert`: a fatal one, theirs or ours. `replaced`: the same address has begun anew, or the same identity too often. `evicted`: more sessions than
 * places. `local`: `close` was called. `spent`: no sequence number is left.
 */
export type CloseReason = 'peer' | 'alert' | 'replaced' | 'evicted' | 'local' | 'spent';

/** A state to be kept; hand `number` to `saved` once it will survive a crash. Holds keys: encrypt it. */
export interface SessionSave {
  readonly number: number;
  readonly bytes: Buffer;
}

/** What a machine says. Handed to the sink at once, also from within `send`. */
export type DtlsOutput =
  | { readonly type: 'datagram'; readonly address: string; readonly bytes: Buffer }
  | { readonly type: 'opened'; readonly session: SessionHandle; readonly isResumed: boolean }
  | {
      readonly type: 'data';
      readonly session: SessionHandle;
      /** Where it came from: not shown to be right unless it is the session's `provenAddress`. */
      readonly address: string;
      readonly bytes: Buffer;
      readonly sequence: number;
      /**
       * After a crash nobody knows whether this record came before it: it may be a replay. Answer nothing but a question that
       * shows freshness (Echo, RFC 9175), and call `resolveDoubt` with its number when the answer is right.
       */
      readonly isDoubtful: boolean;
    }
  | { readonly type: 'closed'; readonly session: SessionHandle; readonly reason: CloseReason; readonly alert?: AlertName | number }
  /** A handshake that came to nothing. `timeout`: its deadline passed. */
  | { readonly type: 'refused'; readonly address: string; readonly by: 'us' | 'peer' | 'timeout'; readonly alert?: AlertName | number }
  | { readonly type: 'save'; readonly session: SessionHandle; readonly save: SessionSave };

export type DtlsSink = (output: DtlsOutput) => void;

/**
 * `withheld`: the address is not shown to be right and has had its share. `waiting`: the numbers for it are not saved yet;
 * try again after `saved`. `closed`: there is no such session any more.
 */
export type SendOutcome = 'sent' | 'withheld' | 'waiting' | 'closed';
