import { packFlight, type FlightItem } from '../handshake/flight.ts';
import type { Fragment, HandshakeMessage } from '../handshake/message.ts';
import { Reassembly } from '../handshake/reassembly.ts';
import { Transcript } from '../handshake/transcript.ts';
import type { Channel } from '../record/channel.ts';
import { encodeRecord, MAX_PLAINTEXT, NO_CID, RECORD_HEADER_BYTES, VERSION_1_2 } from '../record/record.ts';
import type { DtlsSettings } from './settings.ts';

/** No path and no peer is so narrow that a handshake must go in smaller pieces. */
const LEAST_DATAGRAM = 256;

export interface ConversationStart {
  /** Number of the first handshake message that we send, and of the first that we expect. */
  readonly firstSent: number;
  readonly firstExpected: number;
  /** Number of our first record of epoch 0. */
  readonly recordSequence: number;
}

/**
 * The mechanics of a handshake that both roles share: messages put together, numbered and hashed, and our flight, which goes
 * out again until the peer's next one comes (RFC 6347 section 4.2.4). What the messages mean is the role's business.
 */
export class Conversation {
  readonly transcript = new Transcript();
  /** Once there are keys. */
  channel?: Channel;
  /** Most bytes of content in a record, once the peer has said so: max_fragment_length holds from the first flight on. */
  recordLimit = MAX_PLAINTEXT;
  readonly #settings: DtlsSettings;
  readonly #incoming: Reassembly;
  readonly #firstExpected: number;
  #flight: FlightItem[] = [];
  #recordVersion = VERSION_1_2;
  #nextSent: number;
  #recordSequence: number;
  #transmissions = 0;

  constructor(settings: DtlsSettings, start: ConversationStart) {
    this.#settings = settings;
    this.#firstExpected = start.firstExpected;
    this.#incoming = new Reassembly(start.firstExpected, settings.maxCertificateBytes);
    this.#nextSent = start.firstSent;
    this.#recordSequence = start.recordSequence;
  }

  /** How often the flight has gone out. */
  get transmissions(): number {
    return this.#transmissions;
  }

  get nextExpected(): number {
    return this.#incoming.next;
  }

  /** A message of the peer, whole, has come. */
  get hasHeard(): boolean {
    return this.#incoming.next > this.#firstExpected;
  }

  /** Bytes of messages that are not whole yet. */
  get kept(): number {
    return this.#incoming.kept;
  }

  hear(fragment: Fragment): 'taken' | 'old' | 'ignored' {
    return this.#incoming.add(fragment);
  }

  /** The peer's next message; it is up to the caller to add it to the transcript, for some are checked against what was before. */
  take(): HandshakeMessage | undefined {
    return this.#incoming.take();
  }

  /** What we said before was heard: a new flight begins. */
  beginFlight(): void {
    this.#flight = [];
    this.#transmissions = 0;
  }

  /** Puts a message into the flight and the transcript. */
  say(type: number, body: Uint8Array, isProtected = false): void {
    const message = { type, sequence: this.#nextSent++, body };
    this.transcript.add(message);
    this.#flight.push({ kind: 'message', message, isProtected });
  }

  sayChangeCipherSpec(): void {
    this.#flight.push({ kind: 'change-cipher-spec' });
  }

  /** The flight as datagrams, with new record numbers each time. */
  transmit(): Buffer[] {
    this.#transmissions += 1;
    const { channel } = this;
    const writer = {
      plain: (type: number, bytes: Buffer) => this.plain(type, bytes),
      protect: (type: number, bytes: Buffer) => channel!.seal(type, bytes),
      overhead: channel?.overhead ?? 0,
      recordLimit: this.recordLimit,
    };
    return packFlight(this.#flight, writer, this.#mostOfADatagram);
  }

  /** Who takes only short records has seldom room for a datagram with several of them (Scandium has not). */
  get #mostOfADatagram(): number {
    const { mtu } = this.#settings;
    return this.recordLimit === MAX_PLAINTEXT ? mtu : Math.min(mtu, RECORD_HEADER_BYTES + Math.max(this.recordLimit, LEAST_DATAGRAM));
  }

  /** A record of epoch 0. */
  plain(type: number, bytes: Buffer): Buffer {
    return encodeRecord({ type, version: this.#recordVersion, epoch: 0, sequence: this.#recordSequence++, cid: NO_CID }, bytes);
  }

  /** When the flight that has just gone out should go out again, if nothing comes. */
  get timeoutMs(): number {
    return Math.min(this.#settings.maxRetransmitMs, this.#settings.retransmitMs * 2 ** (this.#transmissions - 1));
  }

  get mayRepeat(): boolean {
    return this.#transmissions <= this.#settings.maxRetransmissions;
  }
}
