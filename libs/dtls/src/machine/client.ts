import { decodeAlert, encodeAlert, type AlertName } from '../alerts.ts';
import { DtlsError } from '../errors.ts';
import { MESSAGE, readFragments } from '../handshake/message.ts';
import { CONTENT, readRecords, type DtlsRecord } from '../record/record.ts';
import { ClientHandshake } from './client-handshake.ts';
import type { ClientContext, Resumed } from './client-context.ts';
import { DEFAULT_CLIENT_SETTINGS, type ClientSettings } from './client-settings.ts';
import { ClientSession } from './client-session.ts';
import { Conversation } from './conversation.ts';
import { KeysAtHand } from './keys-at-hand.ts';
import { HandshakeDriver, type Heard } from './handshake-driver.ts';
import type { CloseReason, DtlsSink, SendOutcome } from './outputs.ts';

/** What a client stands on; `resume` is what an earlier handshake has left. */
export type ClientPorts = Omit<ClientContext, 'settings'> & {
  readonly sink: DtlsSink;
  readonly server: string;
  /** Shared by the clients of a process that has many; without it each has its own keys at hand. */
  readonly keysAtHand?: KeysAtHand;
};

interface Attempt {
  readonly conversation: Conversation;
  readonly handshake: ClientHandshake;
  readonly driver: HandshakeDriver;
  readonly deadline: number;
}

/**
 * One client of one server, with no socket and no timer of its own (RFC 6347, RFC 9146): `connect` once, then bytes and time.
 * `now` is real monotonic milliseconds.
 */
export class DtlsClient {
  readonly #settings: ClientSettings;
  readonly #ports: ClientPorts;
  readonly #keysAtHand: KeysAtHand;
  #attempt?: Attempt;
  #session?: ClientSession;
  #timerAt?: number;
  #resumable?: Resumed;

  constructor(ports: ClientPorts, settings: Partial<ClientSettings> = {}) {
    this.#settings = { ...DEFAULT_CLIENT_SETTINGS, ...settings };
    this.#ports = ports;
    this.#keysAtHand = ports.keysAtHand ?? new KeysAtHand(1);
  }

  get session(): ClientSession | undefined {
    return this.#session;
  }

  /** For the `resume` of the next client. Holds the master secret. */
  get resumable(): Resumed | undefined {
    return this.#resumable;
  }

  connect(now: number): void {
    const conversation = new Conversation(this.#settings, { firstSent: 0, firstExpected: 0, recordSequence: 0 });
    const handshake = new ClientHandshake(conversation, { ...this.#ports, settings: this.#settings });
    const driver = new HandshakeDriver(conversation, handshake);
    this.#attempt = { conversation, handshake, driver, deadline: now + this.#settings.handshakeMs };
    this.#transmit(this.#attempt, now);
  }

  /** Never throws for what the server sent. */
  receive(datagram: Uint8Array, now: number): void {
    if (datagram.length > this.#settings.maxDatagramBytes) return;
    for (const record of readRecords(datagram, this.#settings.cidBytes ?? 0)) {
      if (this.#session === undefined) this.#hear(record, now);
      else if (record.epoch > 0) this.#onProtected(this.#session, record, now);
    }
  }

  /** Throws `DTLS_TOO_LONG` for more than the server takes in a record. */
  send(bytes: Uint8Array): SendOutcome {
    const session = this.#session;
    if (session === undefined) return 'closed';
    if (bytes.length > session.maxDataBytes) throw new DtlsError('DTLS_TOO_LONG', `${bytes.length} bytes`);
    return this.#put(session, CONTENT.application_data, Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
  }

  close(): void {
    const session = this.#session;
    if (session === undefined) return;
    this.#put(session, CONTENT.alert, encodeAlert('close_notify'));
    this.#end(session, 'local');
  }

  nextTimerAt(): number | undefined {
    return this.#timerAt;
  }

  advance(now: number): void {
    const attempt = this.#attempt;
    if (this.#timerAt === undefined || now < this.#timerAt || attempt === undefined) return;
    if (this.#session) return this.#forget();
    if (now >= attempt.deadline) {
      this.#forget();
      this.#ports.sink({ type: 'refused', address: this.#ports.server, by: 'timeout' });
    } else if (attempt.conversation.mayRepeat) this.#transmit(attempt, now);
    else this.#timerAt = attempt.deadline;
  }

  #hear(record: DtlsRecord, now: number): void {
    const attempt = this.#attempt;
    if (attempt === undefined) return;
    try {
      this.#react(attempt, attempt.driver.hear(record), now);
    } catch (error) {
      if (!(error instanceof DtlsError) || error.alert === undefined) throw error;
      this.#refuse(attempt, error.alert);
    }
  }

  #react(attempt: Attempt, heard: Heard, now: number): void {
    if (typeof heard === 'object') {
      const { level, name, code } = heard.alert;
      if (level === 'warning' && name !== 'close_notify') return;
      // What a server says to a late record of a session that has ended (`strays.ts`), and not to our hello. Nobody signed it either.
      if (name === 'unexpected_message' && !attempt.conversation.hasHeard) return;
      this.#forget();
      this.#ports.sink({ type: 'refused', address: this.#ports.server, by: 'peer', alert: name ?? code });
      return;
    }
    if (heard === 'answered' || (heard === 'repeated' && attempt.conversation.mayRepeat)) this.#transmit(attempt, now);
    if (attempt.handshake.identity !== undefined) this.#open(attempt, now);
  }

  #transmit({ conversation, deadline }: Attempt, now: number): void {
    for (const bytes of conversation.transmit()) this.#ports.sink({ type: 'datagram', address: this.#ports.server, bytes });
    this.#timerAt = conversation.mayRepeat ? Math.min(deadline, now + conversation.timeoutMs) : deadline;
  }

  #refuse({ conversation, handshake }: Attempt, alert: AlertName): void {
    const bytes = encodeAlert(alert);
    const record = handshake.hasSentFinished ? conversation.channel!.seal(CONTENT.alert, bytes) : conversation.plain(CONTENT.alert, bytes);
    this.#ports.sink({ type: 'datagram', address: this.#ports.server, bytes: record });
    this.#forget();
    this.#ports.sink({ type: 'refused', address: this.#ports.server, by: 'us', alert });
  }

  /** After a resumption our Finished was the last: it is kept for a server that has not received it. */
  #open(attempt: Attempt, now: number): void {
    const { handshake, conversation } = attempt;
    this.#resumable = handshake.resumable;
    const session = new ClientSession(
      this.#ports.server,
      {
        identity: handshake.identity!,
        suite: handshake.agreed.suite.name,
        serverName: this.#settings.serverName ?? '',
        channel: conversation.channel!,
      },
      now,
    );
    this.#session = session;
    handshake.wipe();
    if (handshake.isResumed) this.#timerAt = now + this.#settings.lingerMs;
    else this.#forget();
    this.#ports.sink({ type: 'opened', session, isResumed: handshake.isResumed });
  }

  #onProtected(session: ClientSession, record: DtlsRecord, now: number): void {
    const received = session.channel.open(record);
    if (received === 'empty' || received === 'overflow') {
      return this.#fail(session, received === 'empty' ? 'unexpected_message' : 'record_overflow');
    }
    if (typeof received === 'string') return;
    const before = session.lastHeardAt;
    session.lastHeardAt = now;
    this.#keysAtHand.heard(session, before);
    const { type, bytes } = received.content;
    if (type === CONTENT.application_data) {
      this.#forget();
      const { sequence } = received;
      this.#ports.sink({ type: 'data', session, address: session.address, bytes, sequence, isDoubtful: false });
    } else if (type === CONTENT.alert) this.#onAlert(session, bytes);
    else if (type === CONTENT.handshake) this.#onHandshake(session, bytes);
    else this.#fail(session, 'unexpected_message');
  }

  #onAlert(session: ClientSession, bytes: Buffer): void {
    const alert = decodeAlert(bytes);
    if (alert === undefined) return this.#fail(session, 'decode_error');
    if (alert.name === 'close_notify') {
      this.#put(session, CONTENT.alert, encodeAlert('close_notify'));
      return this.#end(session, 'peer');
    }
    if (alert.level === 'fatal') this.#end(session, 'alert', alert.name ?? alert.code);
  }

  /** A Finished again wants our last flight; a HelloRequest would be a renegotiation. */
  #onHandshake(session: ClientSession, bytes: Buffer): void {
    const types = (readFragments(bytes) ?? []).map(({ type }) => type);
    const conversation = this.#attempt?.conversation;
    if (types.includes(MESSAGE.finished)) {
      if (!conversation?.mayRepeat) return;
      for (const flight of conversation.transmit()) this.#ports.sink({ type: 'datagram', address: session.address, bytes: flight });
    } else if (types.includes(MESSAGE.hello_request) && !session.hasRefusedRenegotiation) {
      session.hasRefusedRenegotiation = true;
      this.#put(session, CONTENT.alert, encodeAlert('no_renegotiation'));
    }
  }

  #put(session: ClientSession, type: number, bytes: Buffer): SendOutcome {
    if (session.channel.isSpent) {
      this.#end(session, 'spent');
      return 'closed';
    }
    this.#ports.sink({ type: 'datagram', address: session.address, bytes: session.channel.seal(type, bytes) });
    return 'sent';
  }

  #fail(session: ClientSession, alert: AlertName): void {
    this.#put(session, CONTENT.alert, encodeAlert(alert));
    this.#end(session, 'alert', alert);
  }

  #end(session: ClientSession, reason: CloseReason, alert?: AlertName | number): void {
    if (this.#session !== session) return;
    this.#session = undefined;
    this.#forget();
    // RFC 5246 section 7.2.2.
    if (reason === 'alert') this.#resumable = undefined;
    this.#keysAtHand.forget(session);
    session.channel.wipe();
    this.#ports.sink({ type: 'closed', session, reason, alert });
  }

  #forget(): void {
    this.#attempt = undefined;
    this.#timerAt = undefined;
  }
}
