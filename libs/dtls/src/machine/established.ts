import { decodeAlert, encodeAlert, type AlertName } from '../alerts.ts';
import { DtlsError } from '../errors.ts';
import { MESSAGE, readFragments } from '../handshake/message.ts';
import { CONTENT, RECORD_HEADER_BYTES, type DtlsRecord } from '../record/record.ts';
import type { Content } from '../record/inner-plaintext.ts';
import type { KeysAtHand } from './keys-at-hand.ts';
import type { CloseReason, DtlsSink, SendOutcome } from './outputs.ts';
import type { ServerSession } from './session.ts';
import type { Sessions } from './sessions.ts';
import { encodeSession } from './session-codec.ts';

interface EstablishedParts {
  readonly sink: DtlsSink;
  readonly sessions: Sessions;
  readonly keysAtHand: KeysAtHand;
  /** Sends the last flight again, if it is still kept and not too often. */
  repeatLastFlight(session: ServerSession): void;
  /** The peer has our last flight. */
  forgetLastFlight(session: ServerSession): void;
  /** The session is over: what else was kept for it goes. */
  ended(session: ServerSession, isFatal: boolean): void;
}

/** Where a record came from, and when. */
export interface Arrival {
  readonly address: string;
  readonly now: number;
}

/** The life of sessions after their handshake: records in and out, numbers saved before they are used, the end. */
export class Established {
  readonly #parts: EstablishedParts;

  constructor(parts: EstablishedParts) {
    this.#parts = parts;
  }

  /** `false` for a record that is not, or no longer, this session's: somebody else's, or nobody's. */
  receive(session: ServerSession, record: DtlsRecord, { address, now }: Arrival): boolean {
    const received = session.channel.open(record);
    // A number that came already may also be one of a new handshake from the same address: its keys will tell.
    if (received === 'stray' || received === 'forged' || received === 'replayed') return false;
    if (received === 'empty' || received === 'overflow') {
      this.#fail(session, received === 'empty' ? 'unexpected_message' : 'record_overflow');
      return true;
    }
    const before = session.lastHeardAt;
    session.lastHeardAt = Math.floor(now);
    this.#parts.keysAtHand.heard(session, before);
    session.path.arrived(address, RECORD_HEADER_BYTES + record.cid.length + record.fragment.length, received.isNewest);
    this.saveIfNeeded(session);
    // Above the mark: after a crash it would be taken a second time. Lost, then; its sender repeats it.
    const isCovered = received.sequence <= session.reservation.marks.receive;
    if (isCovered) this.#take(session, received.content, { address, sequence: received.sequence });
    return true;
  }

  /** Throws `DTLS_TOO_LONG` for more than the peer takes in a record: a datagram is not cut. */
  send(session: ServerSession, bytes: Uint8Array): SendOutcome {
    if (session.isClosed) return 'closed';
    if (bytes.length > session.maxDataBytes) {
      throw new DtlsError('DTLS_TOO_LONG', `${bytes.length} bytes, the peer takes ${session.maxDataBytes}`);
    }
    const content = { type: CONTENT.application_data, bytes: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length) };
    return this.#put(session, content);
  }

  close(session: ServerSession, reason: CloseReason): void {
    if (session.isClosed) return;
    this.#put(session, { type: CONTENT.alert, bytes: encodeAlert('close_notify') });
    this.#end(session, { reason });
  }

  /** Without a word to the peer. */
  drop(session: ServerSession, reason: CloseReason): void {
    if (!session.isClosed) this.#end(session, { reason });
  }

  saveIfNeeded(session: ServerSession): void {
    const { channel, reservation } = session;
    if (session.isClosed || !reservation.isNeeded(channel.sendNext, channel.received)) return;
    const { number, marks } = reservation.ask(channel.sendNext, channel.received);
    this.#parts.sink({ type: 'save', session, save: { number, bytes: encodeSession(session, marks) } });
  }

  #put(session: ServerSession, { type, bytes }: Content): SendOutcome {
    const { channel, path } = session;
    if (channel.isSpent) {
      this.#end(session, { reason: 'spent' });
      return 'closed';
    }
    if (!this.#hasNumber(session)) return 'waiting';
    if (!path.spend(channel.overhead + bytes.length)) return 'withheld';
    const { address } = path;
    this.#parts.sink({ type: 'datagram', address, bytes: channel.seal(type, bytes) });
    this.saveIfNeeded(session);
    return 'sent';
  }

  /** For one record. Asks for more where there is none; a save may be safe at once. */
  #hasNumber(session: ServerSession): boolean {
    const { channel, reservation } = session;
    if (channel.sendNext >= reservation.marks.send) this.saveIfNeeded(session);
    return channel.sendNext < reservation.marks.send;
  }

  #take(session: ServerSession, content: Content, { address, sequence }: { address: string; sequence: number }): void {
    switch (content.type) {
      case CONTENT.application_data:
        if (session.linger) this.#parts.forgetLastFlight(session);
        this.#parts.sink({
          type: 'data',
          session,
          address,
          bytes: content.bytes,
          sequence,
          isDoubtful: sequence < session.trustedFrom,
        });
        return;
      case CONTENT.alert:
        return this.#onAlert(session, content.bytes);
      case CONTENT.handshake:
        return this.#onHandshake(session, content.bytes);
      default:
        // RFC 5246 section 6: an unexpected type of record is fatal. It was authentic, so the peer means it.
        return this.#fail(session, 'unexpected_message');
    }
  }

  #onAlert(session: ServerSession, bytes: Buffer): void {
    const alert = decodeAlert(bytes);
    if (alert === undefined) return this.#fail(session, 'decode_error');
    if (alert.name === 'close_notify') {
      // RFC 5246 section 7.2.1: answered with one of ours, and nothing after it.
      this.#put(session, { type: CONTENT.alert, bytes: encodeAlert('close_notify') });
      return this.#end(session, { reason: 'peer' });
    }
    if (alert.level === 'fatal') this.#end(session, { reason: 'alert', alert: alert.name ?? alert.code });
  }

  #onHandshake(session: ServerSession, bytes: Buffer): void {
    const fragments = readFragments(bytes);
    if (fragments === undefined) return this.#fail(session, 'decode_error');
    if (fragments.some(({ type }) => type === MESSAGE.finished)) return this.#repeat(session);
    // Renegotiation is refused, once: a peer that insists is not answered again (RFC 5746 section 4.5).
    if (!fragments.some(({ type }) => type === MESSAGE.client_hello) || session.hasRefusedRenegotiation) return;
    session.hasRefusedRenegotiation = true;
    this.#put(session, { type: CONTENT.alert, bytes: encodeAlert('no_renegotiation') });
  }

  /** It has one protected record, Finished, which takes a number like any other. */
  #repeat(session: ServerSession): void {
    if (session.channel.isSpent || !this.#hasNumber(session)) return;
    this.#parts.repeatLastFlight(session);
    this.saveIfNeeded(session);
  }

  #fail(session: ServerSession, alert: AlertName): void {
    this.#put(session, { type: CONTENT.alert, bytes: encodeAlert(alert) });
    this.#end(session, { reason: 'alert', alert });
  }

  #end(session: ServerSession, { reason, alert }: { reason: CloseReason; alert?: AlertName | number }): void {
    if (session.isClosed) return;
    session.isClosed = true;
    this.#parts.sessions.remove(session);
    this.#parts.keysAtHand.forget(session);
    this.#parts.ended(session, reason === 'alert');
    session.channel.wipe();
    this.#parts.sink({ type: 'closed', session, reason, alert });
  }
}
