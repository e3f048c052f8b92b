import { encodeMessage, readOptions, type CoapMessage, type IncomingResponse } from '@drover/coap';
import { monotonicMs } from '@drover/platform';
import type { Dice } from '../chance.ts';
import type { TimerOwner, Wheel } from '../wheel.ts';

const ACK_RANDOM_SHARE = 0.5;
const MAX_RETRANSMIT = 4;
/** For an answer that was promised by an empty ACK. */
const SEPARATE_WITHIN_MS = 120_000;

export interface Answer {
  readonly response: IncomingResponse;
  readonly retransmissions: number;
}

/** Gets `undefined` when nothing came back. */
export type Listener = (answer: Answer | undefined) => void;

export type MessageContent = Pick<CoapMessage, 'code' | 'token' | 'options' | 'payload'>;

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

export interface ExchangesParts {
  readonly owner: TimerOwner & { readonly dice: Dice };
  readonly wheel: Wheel;
  readonly send: (peer: string, bytes: Uint8Array) => void;
  /** How long the server took to say something to a message that went out once, wall ms. */
  readonly measured: (ms: number) => void;
  /** Nothing came back for one of them, however often it was repeated. */
  readonly unanswered: () => void;
  /** Nothing is under way any more. */
  readonly empty: () => void;
}

/** What a device has said and waits to hear of: confirmable messages, repeated until something comes back (RFC 7252 section 4.2). */
export class Exchanges {
  readonly #parts: ExchangesParts;
  readonly #list: Exchange[] = [];

  constructor(parts: ExchangesParts) {
    this.#parts = parts;
  }

  /** Requests wait for their answers. */
  get hasRequests(): boolean {
    return this.#list.some(({ listener }) => listener !== undefined);
  }

  /** `firstTimeoutMs`: wall ms, before chance adds to it. */
  begin(peer: string, content: MessageContent, about: { messageId: number; firstTimeoutMs: number; listener: Listener | undefined }): void {
    const { messageId, firstTimeoutMs, listener } = about;
    const timeoutMs = firstTimeoutMs * (1 + ACK_RANDOM_SHARE * this.#parts.owner.dice.next());
    const bytes = encodeMessage({ type: 'CON', messageId, ...content });
    const { token } = content;
    const sentAt = monotonicMs();
    const exchange: Exchange = { peer, messageId, token, bytes, listener, sentAt, timeoutMs, retransmissions: 0, isAcknowledged: false };
    this.#list.push(exchange);
    this.#parts.send(peer, bytes);
    this.#repeatLater(exchange);
  }

  /** An ACK or RST. */
  onReply(peer: string, message: CoapMessage): void {
    const exchange = this.#list.find((each) => each.messageId === message.messageId && each.peer === peer);
    if (exchange === undefined) return;
    if (message.type === 'RST') return this.#over(exchange, undefined);
    if (exchange.retransmissions === 0) this.#parts.measured(monotonicMs() - exchange.sentAt);
    if (message.code !== 0) this.#answered(exchange, message);
    else if (exchange.listener === undefined) this.#over(exchange, undefined);
    else if (!exchange.isAcknowledged) this.#promised(exchange);
  }

  /** Whether a response with this token would be an answer to something. */
  expects(peer: string, token: Uint8Array): boolean {
    return this.#byToken(peer, token) !== undefined;
  }

  /** A response in a message of its own. */
  onSeparate(peer: string, message: CoapMessage): void {
    const exchange = this.#byToken(peer, message.token);
    if (exchange) this.#answered(exchange, message);
  }

  #byToken(peer: string, token: Uint8Array): Exchange | undefined {
    return this.#list.find((each) => each.peer === peer && Buffer.compare(each.token, token) === 0);
  }

  #promised(exchange: Exchange): void {
    exchange.isAcknowledged = true;
    const { owner, wheel } = this.#parts;
    wheel.afterWall(owner, SEPARATE_WITHIN_MS, () => this.#over(exchange, undefined));
  }

  #answered(exchange: Exchange, message: CoapMessage): void {
    if (exchange.listener === undefined || Buffer.compare(exchange.token, message.token) !== 0) return;
    const { options } = readOptions(message);
    const response = { code: message.code, options, payload: message.payload };
    this.#over(exchange, { response, retransmissions: exchange.retransmissions });
  }

  #repeatLater(exchange: Exchange): void {
    const { owner, wheel, send } = this.#parts;
    wheel.afterWall(owner, exchange.timeoutMs, () => {
      if (exchange.isAcknowledged || !this.#list.includes(exchange)) return;
      if (exchange.retransmissions >= MAX_RETRANSMIT) return this.#unanswered(exchange);
      exchange.retransmissions += 1;
      exchange.timeoutMs *= 2;
      send(exchange.peer, exchange.bytes);
      this.#repeatLater(exchange);
    });
  }

  #unanswered(exchange: Exchange): void {
    this.#parts.unanswered();
    this.#over(exchange, undefined);
  }

  #over(exchange: Exchange, answer: Answer | undefined): void {
    const at = this.#list.indexOf(exchange);
    if (at < 0) return;
    this.#list.splice(at, 1);
    if (this.#list.length === 0) this.#parts.empty();
    exchange.listener?.(answer);
  }
}
