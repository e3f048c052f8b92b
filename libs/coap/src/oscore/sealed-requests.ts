import { CODE, codeOfMethod } from '../codes.ts';
import type { CoapOutput, CoapRequest, CoapTransport, IncomingResponse, Renewed, RequestHandle } from '../endpoint-types.ts';
import { NO_BYTES } from '../message.ts';
import { requestOptions } from '../request-options.ts';
import { AskedRequests, type Asked } from './asked-requests.ts';
import { OscoreError } from './errors.ts';
import { openedAnswer } from './opened-answer.ts';
import { addressOf, partsOfPeer } from './oscore-peers.ts';
import { isInForce, tellMark, type NamedContext, type OscoreContexts, type OscoreParts, type OscoreSink } from './oscore-types.ts';
import { protectRequest } from './protection.ts';

type Answer = Extract<CoapOutput, { type: 'response' | 'notification' }>;
interface Waiting {
  readonly handle: RequestHandle;
  readonly request: CoapRequest;
}

/** An answer without a number of its own is older than every notification. */
const BEFORE_ALL = -1;
/** Requests of one context that wait for a number: what a mark takes is no longer than a few turns of the disk. */
const MOST_WAITING = 16;

/** Our requests to peers that are known by a context. */
export class SealedRequests {
  readonly #inner: () => CoapTransport;
  readonly #sink: OscoreSink;
  readonly #contexts: OscoreContexts;
  readonly #asked = new AskedRequests();
  readonly #waiting = new Map<string, Waiting[]>();
  /** Handed to the transport beneath just now: it may fail before it has a name there. */
  #sending: RequestHandle | undefined;

  constructor(inner: () => CoapTransport, { sink, contexts }: Pick<OscoreParts, 'sink' | 'contexts'>) {
    this.#inner = inner;
    this.#sink = sink;
    this.#contexts = contexts;
  }

  ask(handle: RequestHandle, named: NamedContext, request: CoapRequest, now: number): void {
    const { sealed, binding } = this.#protect(named, request, request.observe) ?? {};
    if (sealed === undefined || binding === undefined) return this.#wait(handle, named, request);
    const { confirmable, ackTimeoutMs, responseTimeoutMs, correlation, observe } = request;
    const method = observe === undefined ? 'POST' : 'FETCH';
    const outer = { method, path: [], confirmable, ackTimeoutMs, responseTimeoutMs, correlation, observe, ...sealed } as CoapRequest;
    this.#sending = handle;
    const beneath = this.#inner().request(addressOf(handle.peer), outer, now);
    if (this.#sending === undefined) return; // It has failed already.
    this.#sending = undefined;
    this.#asked.add(beneath, { ...named, request, binding, handle, sequence: BEFORE_ALL });
  }

  /** A mark was saved: there are numbers again. */
  saved(named: NamedContext, now: number): void {
    const waiting = this.#waiting.get(named.name) ?? [];
    this.#waiting.delete(named.name);
    for (const { handle, request } of waiting) this.ask(handle, named, request, now);
  }

  cancel(handle: RequestHandle, now: number): void {
    const beneath = this.#asked.beneath(handle);
    if (beneath !== handle) this.#inner().cancelRequest(beneath, now);
    this.#asked.done(beneath);
    this.#takeWaiting(handle.peer, (each) => each === handle);
  }

  /** Of this peer: what it observes, or everything; requests under way are told of. */
  forget(peer: string, what: 'observations' | 'all', now: number): void {
    for (const beneath of this.#asked.openAt(peer)) {
      const { handle, isAnswered = false } = this.#asked.at(beneath)!;
      if (!isAnswered && what === 'observations') continue;
      this.#inner().cancelRequest(beneath, now);
      this.#asked.done(beneath);
      if (!isAnswered) this.#sink({ type: 'failed', handle, reason: 'forgotten' });
    }
    if (what === 'observations') return;
    for (const { handle } of this.#takeWaiting(peer, (each) => each.peer === peer))
      this.#sink({ type: 'failed', handle, reason: 'forgotten' });
  }

  /** An observation ended (`observe` 1) or renewed: sealed anew, because a number is used once. */
  again(
    handle: RequestHandle,
    observe: 0 | 1,
    ask: (beneath: RequestHandle, anew: Renewed | undefined) => RequestHandle | undefined,
  ): RequestHandle | undefined {
    const beneath = this.#asked.beneath(handle);
    const asked = this.#asked.at(beneath);
    if (asked === undefined) return ask(beneath, undefined);
    if (!isInForce(asked, this.#contexts)) return undefined;
    const { sealed, binding } = this.#protect(asked, asked.request, observe) ?? {};
    if (sealed === undefined || binding === undefined) return undefined;
    const renewed = ask(beneath, sealed);
    if (renewed === undefined) return undefined;
    const { peer, correlation } = handle;
    const anew = { peer, correlation };
    this.#asked.add(renewed, { ...asked, binding, handle: anew, sequence: BEFORE_ALL, isAnswered: false });
    // Notifications are told under the old handle, and from now on they are sealed for the new request.
    if (observe === 0) this.#asked.replace(beneath, { ...asked, binding });
    else this.#asked.done(beneath);
    return anew;
  }

  /** What an answer says inside; undefined where there is nothing to tell. */
  opened(answer: Answer, now: number): CoapOutput | undefined {
    const asked = this.#asked.at(answer.handle);
    if (asked === undefined) return answer;
    const { handle } = asked;
    const inside = isInForce(asked, this.#contexts) ? openedAnswer(asked, answer.response) : undefined;
    if (answer.type === 'notification') {
      if (answer.ended) this.#asked.done(answer.handle);
      if (inside === undefined || inside.sequence <= asked.sequence) return undefined;
      asked.sequence = inside.sequence;
      return { ...answer, handle, response: inside.response };
    }
    const observes = inside?.response.options.observe !== undefined;
    if (!observes) this.#asked.done(answer.handle);
    if (inside === undefined) return { type: 'failed', handle, reason: 'unprotected' };
    if (this.#repeatWithEcho(asked, inside.response, now)) return undefined;
    asked.sequence = inside.sequence;
    asked.isAnswered = true;
    return { ...answer, handle, response: inside.response };
  }

  failed(output: Extract<CoapOutput, { type: 'failed' }>): CoapOutput {
    const asked = this.#asked.at(output.handle);
    this.#asked.done(output.handle);
    const handle = asked?.handle ?? this.#sending;
    if (asked === undefined) this.#sending = undefined;
    return handle === undefined ? output : { ...output, handle };
  }

  /** The device has forgotten what it has received and asks who we are (RFC 8613 appendix B.1.2): once more, with what it gave. */
  #repeatWithEcho(asked: Asked, { code, options: { echo } }: IncomingResponse, now: number): boolean {
    const { handle, request, name, context } = asked;
    if (code !== CODE.UNAUTHORIZED || echo === undefined || request.echo !== undefined) return false;
    this.ask(handle, { name, context }, { ...request, echo: echo.slice() }, now);
    return true;
  }

  #wait(handle: RequestHandle, named: NamedContext, request: CoapRequest): void {
    const waiting = this.#waiting.get(named.name) ?? [];
    if (named.context.isSpent || waiting.length >= MOST_WAITING) return this.#sink({ type: 'failed', handle, reason: 'overflow' });
    this.#waiting.set(named.name, [...waiting, { handle, request }]);
    tellMark(named, this.#sink);
  }

  #takeWaiting(peer: string, isMeant: (handle: RequestHandle) => boolean): Waiting[] {
    const name = partsOfPeer(peer)?.context ?? '';
    const waiting = this.#waiting.get(name) ?? [];
    const rest = waiting.filter(({ handle }) => !isMeant(handle));
    if (rest.length > 0) this.#waiting.set(name, rest);
    else this.#waiting.delete(name);
    return waiting.filter(({ handle }) => isMeant(handle));
  }

  #protect(named: NamedContext, request: CoapRequest, observe: 0 | 1 | undefined) {
    const { method, payload = NO_BYTES } = request;
    const inner = { code: codeOfMethod(method), options: requestOptions(request, observe), payload };
    try {
      const made = protectRequest(named.context, inner);
      tellMark(named, this.#sink);
      return made;
    } catch (error) {
      if (error instanceof OscoreError && error.code === 'OSCORE_SEQUENCE_EXHAUSTED') return undefined;
      throw error;
    }
  }
}
