import {
  CODE,
  emptyMessage,
  encodeMessage,
  methodOf,
  readOptions,
  writeOptions,
  type CoapMessage,
  type CoapResponse,
  type IncomingRequest,
} from '@drover/coap';
import type { TimerOwner, Wheel } from '../wheel.ts';
import type { MessageContent } from './exchanges.ts';
import { Remembered } from './remembered.ts';

/** An answer later than this is acknowledged first, so that the server does not ask again. */
const ACKNOWLEDGE_AFTER_MS = 1000;

/** An answer to a server, and how long the radio and the device take for it, wall ms. */
export interface Reply {
  readonly response: CoapResponse;
  readonly delayMs?: number;
  /** No empty ACK before the answer, however late that is. */
  readonly holdsAck?: true;
  /** `acknowledged`: an empty ACK and then nothing, ever. `silent`: nothing at all. */
  readonly instead?: 'acknowledged' | 'silent';
}

/** Whoever has the answers. */
export interface Answerer extends TimerOwner {
  serve(request: IncomingRequest, from: { readonly peer: string; readonly token: Uint8Array }): Reply;
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

export interface ServingParts {
  readonly owner: Answerer;
  readonly wheel: Wheel;
  readonly traits: WireTraits;
  readonly send: (peer: string, bytes: Uint8Array) => void;
  /** A late answer goes in a confirmable message of its own. */
  readonly sendSeparate: (peer: string, content: MessageContent) => void;
  readonly nextId: () => number;
  /** Nothing has been asked for a while. */
  readonly idle: () => void;
}

/** Requests of the server: each is served once, however many copies of it come, at once or when the radio is through with it. */
export class Serving {
  readonly #parts: ServingParts;
  readonly #remembered: Remembered;

  constructor(parts: ServingParts) {
    this.#parts = parts;
    this.#remembered = new Remembered(parts.owner, parts.wheel, parts.idle);
  }

  onRequest(peer: string, message: CoapMessage): void {
    const { traits, wheel, owner, send } = this.#parts;
    const { token, messageId } = message;
    const known = traits.forgetsDuplicates ? undefined : this.#remembered.find(peer, messageId, token);
    if (known) return known.answer && send(peer, known.answer);
    const place = this.#remembered.add(peer, messageId, token);
    const reply = this.#served(peer, message);
    if (reply.instead === 'silent') return;
    const delayMs = reply.delayMs ?? 0;
    const isLate = (delayMs > ACKNOWLEDGE_AFTER_MS && !reply.holdsAck) || reply.instead === 'acknowledged';
    const isSeparate = isLate && message.type === 'CON';
    if (isSeparate) send(peer, (place.answer = emptyMessage('ACK', messageId)));
    if (reply.instead === 'acknowledged') return;
    const answer = (): void => {
      if (isSeparate) this.#parts.sendSeparate(peer, contentOf(reply, token));
      else send(peer, (place.answer = this.#encoded(reply, message)));
    };
    // It may outlive the power: the closed port then keeps silent.
    if (delayMs <= 0) answer();
    else wheel.afterWall(owner, delayMs, answer);
  }

  #served(peer: string, message: CoapMessage): Reply {
    const { options, badCritical } = readOptions(message);
    const method = methodOf(message.code);
    if (method === undefined) return { response: { code: CODE.METHOD_NOT_ALLOWED } };
    if (badCritical !== undefined) return { response: { code: CODE.BAD_OPTION } };
    const request = { method, confirmable: message.type === 'CON', options, payload: message.payload };
    return this.#parts.owner.serve(request, { peer, token: message.token });
  }

  #encoded(reply: Reply, { type, messageId, token }: CoapMessage): Uint8Array {
    const { traits, nextId } = this.#parts;
    const content = contentOf(reply, token);
    if (type === 'CON' || traits.answersNonByAck) return encodeMessage({ type: 'ACK', messageId, ...content });
    return encodeMessage({ type: 'NON', messageId: nextId(), ...content });
  }
}

function contentOf({ response: { code, options = {}, payload = new Uint8Array(0) } }: Reply, token: Uint8Array): MessageContent {
  return { code, token, options: writeOptions(options), payload };
}
