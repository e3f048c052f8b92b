import {
  CODE,
  classOf,
  codeOfMethod,
  CoapError,
  decodeMessage,
  emptyMessage,
  encodeMessage,
  peekHeader,
  writeOptions,
  type CoapMessage,
  type CoapOptions,
  type CoapRequest,
} from '@drover/coap';
import type { Dice } from '../chance.ts';
import { DeviceSocket, type Air, type Receiver } from './device-socket.ts';
import { Exchanges, type Listener, type MessageContent } from './exchanges.ts';
import { DeviceContext, OscoreLink } from './oscore-link.ts';
import { SecuredLink, type DeviceCertificate, type DeviceKey } from './secured-link.ts';
import { Serving, type Answerer, type WireTraits } from './serving.ts';

const ACK_TIMEOUT_MS = 2000;
/** Of a port that has been measured. */
const MIN_TIMEOUT_MS = 250;
const TOKEN_BYTES = 4;

/** The life that a port belongs to. */
export interface PortOwner extends Answerer {
  readonly dice: Dice;
  /** A sleeping device hears nothing. */
  isAwake(): boolean;
  /** A datagram came, awake or not; its bytes with those of IP and UDP. */
  heard(wireBytes: number): void;
  /** A datagram came or went. */
  active(): void;
  /** The server wants no more of what this notification belongs to. */
  unobserved(messageId: number): void;
  closed(port: CoapPort): void;
  /** A DTLS session has begun; `isAgain`: because the server had the one before it no more. */
  shookHands(isAgain: boolean): void;
  /** To bind to. */
  readonly localAddress: string;
}

/** The same for all devices of a profile. */
export interface PortParts extends Air {
  readonly traits: WireTraits;
  /** Wall ms; RFC 7252's without it. */
  readonly ackTimeoutMs?: number;
}

/** What a device shows who it is with. */
export type DeviceSecret = DeviceKey | DeviceCertificate | DeviceContext;

export interface NotificationContent {
  readonly options: Partial<CoapOptions>;
  readonly payload: Uint8Array;
  readonly confirmable: boolean;
}

/**
 * CoAP as a small device has it, on a socket of its own: written apart from the server's endpoint, so that neither hides
 * the mistakes of the other, and lean, because a fleet holds one per device: what it says and what it is asked have parts of
 * their own while there is something of it.
 */
export class CoapPort implements Receiver {
  readonly owner: PortOwner;
  readonly air: PortParts;
  #socket: DeviceSocket;
  /** Of a device with a key: outlives sleep and new addresses, and goes with the power. */
  readonly #secured: SecuredLink | OscoreLink | undefined;
  /** The one server of such a device. */
  #server = '';
  #messageId: number;
  /** First timeout, from how fast the last answers were: three times that, and half of it from before. */
  #timeoutMs: number;
  #exchanges: Exchanges | undefined;
  #serving: Serving | undefined;
  #isClosed = false;

  constructor(owner: PortOwner, air: PortParts, key?: DeviceSecret) {
    this.owner = owner;
    this.air = air;
    this.#timeoutMs = air.ackTimeoutMs ?? ACK_TIMEOUT_MS;
    this.#messageId = owner.dice.below(0x10000);
    this.#socket = this.#open();
    this.#secured = key && this.#secure(key);
  }

  /** Requests of ours wait for their answers. */
  get isBusy(): boolean {
    return this.#exchanges?.hasRequests ?? false;
  }

  request(peer: string, request: CoapRequest, listener: Listener): void {
    if (this.#isClosed) return;
    const { method, path, query = [], payload } = request;
    const token = Uint8Array.from({ length: TOKEN_BYTES }, () => this.owner.dice.below(256));
    const { contentFormat, accept, block1, block2, size1 } = request;
    const options = writeOptions({ uriPath: path, uriQuery: query, contentFormat, accept, block1, block2, size1 });
    this.#confirmable(peer, { code: codeOfMethod(method), token, options, payload: payload ?? new Uint8Array(0) }, listener);
  }

  /** Answers the message id, by which a server refuses it. */
  notify(peer: string, token: Uint8Array, content: NotificationContent): number {
    if (this.#isClosed) return -1;
    const message = { code: CODE.CONTENT, token, options: writeOptions(content.options), payload: content.payload };
    if (content.confirmable) return this.#confirmable(peer, message, undefined);
    const messageId = this.#nextId();
    this.#send(peer, encodeMessage({ type: 'NON', messageId, ...message }));
    return messageId;
  }

  /** Another address from now on, as behind a NAT that forgot; everything else goes on. */
  rebind(): void {
    if (this.#isClosed) return;
    this.#socket.close();
    this.#socket = this.#open();
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#socket.close();
    this.owner.closed(this);
  }

  #open(): DeviceSocket {
    return new DeviceSocket(this);
  }

  #secure(key: DeviceSecret): SecuredLink | OscoreLink {
    const transmit = (bytes: Uint8Array): void => this.#transmit(this.#server, bytes);
    const deliver = (bytes: Uint8Array): void => this.#heard(this.#server, bytes);
    if (key instanceof DeviceContext) return new OscoreLink({ key, transmit, deliver });
    return new SecuredLink({
      key,
      owner: this.owner,
      wheel: this.air.wheel,
      retransmitMs: this.air.ackTimeoutMs,
      transmit,
      deliver,
      opened: (isAgain) => this.owner.shookHands(isAgain),
    });
  }

  arrived(peer: string, bytes: Uint8Array): void {
    if (this.#isClosed || !this.owner.isAwake()) return;
    this.owner.active();
    if (this.#secured === undefined) this.#heard(peer, bytes);
    else if (peer === this.#server) this.#secured.receive(bytes);
  }

  #heard(peer: string, bytes: Uint8Array): void {
    if (this.#isClosed) return;
    const message = this.#decoded(peer, bytes);
    if (message === undefined) return;
    if (message.type === 'ACK' || message.type === 'RST') this.#onReply(peer, message);
    else if (message.code === 0) this.#onPing(peer, message);
    else if (classOf(message.code) === 0) (this.#serving ??= this.#serve()).onRequest(peer, message);
    else this.#onSeparate(peer, message);
  }

  #decoded(peer: string, bytes: Uint8Array): CoapMessage | undefined {
    try {
      return decodeMessage(bytes);
    } catch (error) {
      if (!(error instanceof CoapError)) throw error;
      const header = peekHeader(bytes);
      if (header?.type === 'CON') this.#send(peer, emptyMessage('RST', header.messageId));
      return undefined;
    }
  }

  #onPing(peer: string, { type, messageId }: CoapMessage): void {
    if (type === 'CON') this.#send(peer, emptyMessage(this.air.traits.ping, messageId));
  }

  #onReply(peer: string, message: CoapMessage): void {
    if (message.type === 'RST') this.owner.unobserved(message.messageId);
    this.#exchanges?.onReply(peer, message);
  }

  #onSeparate(peer: string, message: CoapMessage): void {
    const isExpected = this.#exchanges?.expects(peer, message.token) ?? false;
    if (message.type === 'CON') this.#send(peer, emptyMessage(isExpected ? 'ACK' : 'RST', message.messageId));
    this.#exchanges?.onSeparate(peer, message);
  }

  #serve(): Serving {
    const { wheel, traits } = this.air;
    return new Serving({
      owner: this.owner,
      wheel,
      traits,
      send: (peer, bytes) => this.#send(peer, bytes),
      sendSeparate: (peer, content) => void this.#confirmable(peer, content, undefined),
      nextId: () => this.#nextId(),
      idle: () => (this.#serving = undefined),
    });
  }

  #confirmable(peer: string, content: MessageContent, listener: Listener | undefined): number {
    if (this.#isClosed) return -1;
    const messageId = this.#nextId();
    this.#exchanges ??= this.#speak();
    this.#exchanges.begin(peer, content, { messageId, firstTimeoutMs: this.#timeoutMs, listener });
    return messageId;
  }

  #speak(): Exchanges {
    return new Exchanges({
      owner: this.owner,
      wheel: this.air.wheel,
      send: (peer, bytes) => this.#send(peer, bytes),
      measured: (ms) => (this.#timeoutMs = Math.max(MIN_TIMEOUT_MS, Math.ceil((this.#timeoutMs + 3 * ms) / 2))),
      // It may be the session that the server does not have any more.
      unanswered: () => this.#secured?.forget(),
      empty: () => (this.#exchanges = undefined),
    });
  }

  #nextId(): number {
    this.#messageId = (this.#messageId + 1) & 0xffff;
    return this.#messageId;
  }

  #send(peer: string, bytes: Uint8Array): void {
    if (this.#isClosed) return;
    if (this.#secured === undefined) return this.#transmit(peer, bytes);
    this.#server = peer;
    this.#secured.send(bytes);
  }

  #transmit(peer: string, bytes: Uint8Array): void {
    if (this.#isClosed) return;
    this.owner.active();
    this.#socket.send(peer, bytes);
  }
}
