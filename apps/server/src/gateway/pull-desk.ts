import { CODE, type CoapResponse, type CoapTransport, type IncomingHandle, type IncomingRequest } from '@drover/coap';
import type { Endpoint } from '@drover/kernel';
import { monotonicMs } from '@drover/platform';
import type { Conversation } from './conversation.ts';
import { PullGate } from './pull-gate.ts';
import { answerPull, ASK_LATER } from './pull-server.ts';

/** A longer pause is acknowledged, so that the device does not repeat its question, ms. */
const ACKNOWLEDGE_AFTER_MS = 1000;
/** Seconds after which a device may ask again when somebody else holds its token. */
const CROWDED_S = 2;

export interface PullDeskParts {
  readonly coap: CoapTransport;
  readonly conversationByToken: (token: string) => Conversation | undefined;
  readonly ownerOf: (token: string) => Endpoint | undefined;
  /** Whether somebody asks for an image that is another's; its code. */
  readonly refuses: (peer: string, owner: Endpoint) => string | undefined;
  /** A pull that is not served now is a sign of life all the same. */
  readonly unserved: (owner: Endpoint) => void;
  readonly wake: () => void;
  /** How long a silent address keeps its token from another, wall ms. */
  readonly heldMs: number;
}

/** Pulls, paced: who shows a token that opens something is answered block by block, at the pace of its carrier. */
export class PullDesk {
  readonly #parts: PullDeskParts;
  readonly #gate: PullGate;

  constructor(parts: PullDeskParts) {
    this.#parts = parts;
    this.#gate = new PullGate(parts.heldMs);
  }

  forget(token: string): void {
    this.#gate.forget(token);
  }

  onRequest(handle: IncomingHandle, request: IncomingRequest, token: string): void {
    const { coap, conversationByToken, ownerOf, unserved } = this.#parts;
    const owner = ownerOf(token);
    const now = monotonicMs();
    if (!owner) return void coap.respond(handle, { code: CODE.NOT_FOUND }, now);
    const foreign = this.#parts.refuses(handle.peer, owner);
    if (foreign !== undefined) return void coap.respond(handle, { code: CODE.BAD_REQUEST, payload: Buffer.from(foreign) }, now);
    if (!this.#gate.admits(token, handle.peer, now))
      return void coap.respond(handle, { code: CODE.TOO_MANY_REQUESTS, options: { maxAge: CROWDED_S } }, now);
    coap.prove(handle.peer, now);
    const conversation = conversationByToken(token);
    const { response, delayMs, served } = answerPull(conversation, request);
    if (!served) unserved(owner);
    if (delayMs <= 0) return this.#answer(handle, response, { conversation, served });
    if (delayMs > ACKNOWLEDGE_AFTER_MS) coap.acknowledge(handle);
    this.#gate.waits(token, 1);
    setTimeout(() => {
      this.#gate.waits(token, -1);
      this.#answer(handle, response, { conversation, served });
    }, delayMs);
  }

  #answer(
    handle: IncomingHandle,
    response: CoapResponse,
    { conversation, served }: { conversation: Conversation | undefined; served: { offset: number; length: number } | undefined },
  ): void {
    const { coap, wake } = this.#parts;
    // A hold that came while the answer was paced stops it too.
    const isStopped = served !== undefined && !conversation?.isServing;
    coap.respond(handle, isStopped ? ASK_LATER : response, monotonicMs());
    if (served && !isStopped) conversation?.served(served.offset, served.length);
    wake();
  }
}
