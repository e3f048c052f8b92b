import {
  CODE,
  classOf,
  codeOfMethod,
  CoapError,
  decodeMessage,
  emptyMessage,
  encodeMessage,
  methodOf,
  peekHeader,
  readOptions,
  writeOptions,
  type CoapMessage,
  type CoapOptions,
  type CoapRequest,
  type CoapResponse,
  type IncomingRequest,
  type IncomingResponse,
} from '@drover/coap';
import { monotonicMs } from '@drover/platform';
import type { Dice } from '../chance.ts';
import type { TimerOwner } from '../wheel.ts';
import { DeviceSocket, type Air, type Receiver } from './device-socket.ts';
import { Remembered } from './remembered.ts';
import { DeviceContext, OscoreLink } from './oscore-link.ts';
import { SecuredLink, type DeviceCertificate, type DeviceKey } from './secured-link.ts';

/** An answer later than this is acknowledged first, so that the server does not ask again. */
const ACKNOWLEDGE_AFTER_MS = 1000;
const ACK_TIMEOUT_MS = 2000;
const ACK_RANDOM_SHARE = 0.5;
/** Of a port that has been measured. */
const MIN_TIMEOUT_MS = 250;
const MAX_RETRANSMIT = 4;
/** For an answer that was promised by an empty ACK. */
const SEPARATE_WITHIN_MS = 120_000;
const TOKEN_BYTES = 4;

export interface Answer {
  readonly response: IncomingResponse;
  readonly retransmissions: number;
}

/** An answer to a server, and how long the radio and the device take for it, wall ms. */
export interface Reply {
  readonly response: CoapResponse;
  readonly delayMs?: number;
  /** No empty ACK before the answer, however late that is. */
  readonly holdsAck?: true;
  /** `acknowledged`: an empty ACK and then nothing, ever. `silent`: nothing at all. */
  readonly instead?: 'acknowledged' | 'silent';
}

/** How a stack answers what is neither request nor response of LwM2M. */
export interface WireTraits {
  /** A CoAP ping is answered RST by the book, by an empty ACK elsewhere. */
  readonly ping: 'RST' | 'ACK';
  readonly answersNonByAck: boolean;
  /** Every copy of a request is served anew. */
  readonly forgetsDuplicates: boolean;
}

export const BY_THE_BOOK: WireTraits = { ping: 'RST', answersNonByAck: false, forgetsDuplicates: false };

/** The life that a port belongs to. */
export interface PortOwner extends TimerOwner {
  readonly dice: Dice;
  /** A sleeping device hears nothing. */
  isAwake(): boolean;
  /** A datagram came, awake or not; its bytes with those of IP and UDP. */
  heard(wireBytes: number): void;
  /** A datagram came or went. */
  active(): void;
  serve(request: IncomingRequest, from: { readonly peer: string; readonly token: Uint8Array }): Reply;
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

type Listener = (answer: Answer | undefined) => void;

/** A confirmable message of ours. */
interface Exchange {
  readonly peer: string;
  readonly messageId: number;
  readonly token: Uint8Array;
  readonly bytes: Uint8Array;
  /** Of a request; a separate response has none. */
  readonly listener: Listener | undefined;
  readonly sentAt: number;
  timeoutMs: number;
  retransmissions: number;
  isAcknowledged: boolean;
}

/**
 * CoAP as a small device has it, on a socket of its own: written apart from the server's endpoint, so that neither hides
 * the mistakes of the other, and lean, because a fleet holds one per device.
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
  #exchanges: Exchange[] | undefined;
  #remembered: Remembered | undefined;
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
    return this.#exchanges?.some(({ listener }) => listener !== undefined) ?? false;
  }

  /** `listener` gets `undefined` when nothing came back. */
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
    else if (classOf(message.code) === 0) this.#onRequest(peer, message);
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
    const exchange = this.#exchanges?.find((each) => each.messageId === message.messageId && each.peer === peer);
    if (message.type === 'RST') {
      this.owner.unobserved(message.messageId);
      if (exchange) this.#over(exchange, undefined);
      return;
    }
    if (exchange === undefined) return;
    this.#measure(exchange);
    if (message.code !== 0) this.#answered(exchange, message);
    else if (exchange.listener === undefined) this.#over(exchange, undefined);
    else if (!exchange.isAcknowledged) this.#promised(exchange);
  }

  #promised(exchange: Exchange): void {
    exchange.isAcknowledged = true;
    this.air.wheel.afterWall(this.owner, SEPARATE_WITHIN_MS, () => this.#over(exchange, undefined));
  }

  #onSeparate(peer: string, message: CoapMessage): void {
    const exchange = this.#exchanges?.find((each) => each.peer === peer && Buffer.compare(each.token, message.token) === 0);
    if (message.type === 'CON') this.#send(peer, emptyMessage(exchange ? 'ACK' : 'RST', message.messageId));
    if (exchange) this.#answered(exchange, message);
  }

  #answered(exchange: Exchange, message: CoapMessage): void {
    if (exchange.listener === undefined || Buffer.compare(exchange.token, message.token) !== 0) return;
    const { options } = readOptions(message);
    const response = { code: message.code, options, payload: message.payload };
    this.#over(exchange, { response, retransmissions: exchange.retransmissions });
  }

  #onRequest(peer: string, message: CoapMessage): void {
    const { traits, wheel } = this.air;
    const { token, messageId } = message;
    this.#remembered ??= new Remembered(this.owner, wheel, () => (this.#remembered = undefined));
    const known = traits.forgetsDuplicates ? undefined : this.#remembered.find(peer, messageId, token);
    if (known) return known.answer && this.#send(peer, known.answer);
    const place = this.#remembered.add(peer, messageId, token);
    const isConfirmable = message.type === 'CON';
    const reply = this.#served(peer, message);
    if (reply.instead === 'silent') return;
    const delayMs = reply.delayMs ?? 0;
    const isLate = (delayMs > ACKNOWLEDGE_AFTER_MS && !reply.holdsAck) || reply.instead === 'acknowledged';
    if (isLate && isConfirmable) this.#send(peer, (place.answer = emptyMessage('ACK', messageId)));
    if (reply.instead === 'acknowledged') return;
    const answer = (): void => {
      if (this.#isClosed) return;
      const { code, options = {}, payload = new Uint8Array(0) } = reply.response;
      const content = { code, token, options: writeOptions(options), payload };
      if (isLate && isConfirmable) return void this.#confirmable(peer, content, undefined);
      const type = isConfirmable || traits.answersNonByAck ? 'ACK' : 'NON';
      place.answer = encodeMessage({ type, messageId: type === 'ACK' ? messageId : this.#nextId(), ...content });
      this.#send(peer, place.answer);
    };
    // It may outlive the power: the closed port then keeps silent.
    if (delayMs <= 0) answer();
    else wheel.afterWall(this.owner, delayMs, answer);
  }

  #served(peer: string, message: CoapMessage): Reply {
    const { options, badCritical } = readOptions(message);
    const method = methodOf(message.code);
    if (method === undefined) return { response: { code: CODE.METHOD_NOT_ALLOWED } };
    if (badCritical !== undefined) return { response: { code: CODE.BAD_OPTION } };
    const request = { method, confirmable: message.type === 'CON', options, payload: message.payload };
    return this.owner.serve(request, { peer, token: message.token });
  }

  #confirmable(peer: string, content: MessageContent, listener: Listener | undefined): number {
    const messageId = this.#nextId();
    const timeoutMs = this.#timeoutMs * (1 + ACK_RANDOM_SHARE * this.owner.dice.next());
    const bytes = encodeMessage({ type: 'CON', messageId, ...content });
    const { token } = content;
    const sentAt = monotonicMs();
    const exchange: Exchange = { peer, messageId, token, bytes, listener, sentAt, timeoutMs, retransmissions: 0, isAcknowledged: false };
    (this.#exchanges ??= []).push(exchange);
    this.#send(peer, bytes);
    this.#repeatLater(exchange);
    return messageId;
  }

  #repeatLater(exchange: Exchange): void {
    this.air.wheel.afterWall(this.owner, exchange.timeoutMs, () => {
      if (exchange.isAcknowledged || !this.#exchanges?.includes(exchange)) return;
      if (exchange.retransmissions >= MAX_RETRANSMIT) return this.#unanswered(exchange);
      exchange.retransmissions += 1;
      exchange.timeoutMs *= 2;
      this.#send(exchange.peer, exchange.bytes);
      this.#repeatLater(exchange);
    });
  }

  /** It may be the session that the server does not have any more. */
  #unanswered(exchange: Exchange): void {
    this.#secured?.forget();
    this.#over(exchange, undefined);
  }

  #over(exchange: Exchange, answer: Answer | undefined): void {
    const at = this.#exchanges?.indexOf(exchange) ?? -1;
    if (this.#exchanges === undefined || at < 0) return;
    if (this.#exchanges.length === 1) this.#exchanges = undefined;
    else this.#exchanges.splice(at, 1);
    exchange.listener?.(answer);
  }

  #measure({ sentAt, retransmissions }: Exchange): void {
    if (retransmissions === 0) this.#timeoutMs = Math.max(MIN_TIMEOUT_MS, Math.ceil((this.#timeoutMs + 3 * (monotonicMs() - sentAt)) / 2));
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

export interface NotificationContent {
  readonly options: Partial<CoapOptions>;
  readonly payload: Uint8Array;
  readonly confirmable: boolean;
}

type MessageContent = Pick<CoapMessage, 'code' | 'token' | 'options' | 'payload'>;
