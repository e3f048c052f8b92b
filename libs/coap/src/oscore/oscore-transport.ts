import type { CoapOutput, CoapRequest, CoapResponse, CoapSink, CoapTransport, IncomingHandle, RequestHandle } from '../endpoint-types.ts';
import type { Coverage, PeerTiming } from '../settings.ts';
import type { NamedContext, OscoreContexts, OscoreSink } from './oscore-types.ts';
import { SealedRequests } from './sealed-requests.ts';
import { SealedServing } from './sealed-serving.ts';

/**
 * Object security (RFC 8613) around a `CoapEndpoint` whose `takesOscore` is set: what peers protect is opened before it is
 * handed out, and what goes to a peer that is `secure` is sealed; blocks and observations are inside. What is not protected
 * passes as it is, without a `context`: whoever needs one has to look for it.
 */
export class OscoreTransport implements CoapTransport {
  readonly #inner: CoapTransport;
  readonly #sink: OscoreSink;
  readonly #requests: SealedRequests;
  readonly #serving: SealedServing;
  readonly #secured = new Map<string, NamedContext>();
  #now = 0;

  /** @param make the endpoint beneath, around its sink. @param parts `echoKey`: 32 random bytes, of this process alone */
  constructor(make: (sink: CoapSink) => CoapTransport, parts: { sink: OscoreSink; contexts: OscoreContexts; echoKey: Uint8Array }) {
    this.#sink = parts.sink;
    this.#requests = new SealedRequests(() => this.#inner, parts.sink);
    this.#serving = new SealedServing(() => this.#inner, parts);
    this.#inner = make((output) => this.#onOutput(output));
  }

  /** From now on requests to this peer are protected with this context; with `undefined` they are not any more. */
  secure(peer: string, context: NamedContext | undefined): void {
    if (context === undefined) this.#secured.delete(peer);
    else this.#secured.set(peer, context);
  }

  receive(peer: string, bytes: Uint8Array, now: number): void {
    this.#now = now;
    this.#inner.receive(peer, bytes, now);
  }

  /** A context without a reserved number is an `overflow`: ask again when its mark is saved. */
  request(peer: string, request: CoapRequest, now: number): RequestHandle {
    const secured = this.#secured.get(peer);
    return secured ? this.#requests.ask(peer, secured, request, now) : this.#inner.request(peer, request, now);
  }

  respond(handle: IncomingHandle, response: CoapResponse, now: number): boolean {
    return this.#serving.respond(handle, response, now);
  }

  acknowledge(handle: IncomingHandle): void {
    this.#inner.acknowledge(handle);
  }

  cancelRequest(handle: RequestHandle, now: number): void {
    this.#inner.cancelRequest(this.#requests.beneath(handle), now);
  }

  cancelObservation(handle: RequestHandle, now: number): RequestHandle | undefined {
    return this.#requests.again(handle, 1, (beneath, anew) => this.#inner.cancelObservation(beneath, now, anew));
  }

  refreshObservation(handle: RequestHandle, now: number): RequestHandle | undefined {
    return this.#requests.again(handle, 0, (beneath, anew) => this.#inner.refreshObservation(beneath, now, anew));
  }

  forgetPeer(peer: string): void {
    this.#secured.delete(peer);
    this.#inner.forgetPeer(peer);
  }

  forgetObservations(peer: string): void {
    this.#inner.forgetObservations(peer);
  }

  prove(peer: string, now: number): void {
    this.#inner.prove(peer, now);
  }

  isProven(peer: string, now: number): boolean {
    return this.#inner.isProven(peer, now);
  }

  setCoverage(peer: string, coverage: Coverage, now: number): void {
    this.#inner.setCoverage(peer, coverage, now);
  }

  setTiming(peer: string, timing: PeerTiming | undefined, now: number): void {
    this.#inner.setTiming(peer, timing, now);
  }

  timeoutOf(peer: string): number {
    return this.#inner.timeoutOf(peer);
  }

  nextTimerAt(): number | undefined {
    return this.#inner.nextTimerAt();
  }

  advance(now: number): void {
    this.#now = now;
    this.#inner.advance(now);
  }

  #onOutput(output: CoapOutput): void {
    switch (output.type) {
      case 'datagram':
        return this.#sink(output);
      case 'request':
        return this.#serving.onRequest(output, this.#now);
      case 'failed':
        return this.#sink(this.#requests.failed(output));
      default: {
        const opened = this.#requests.opened(output, this.#now);
        if (opened) this.#sink(opened);
      }
    }
  }
}
