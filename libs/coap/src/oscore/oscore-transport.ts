import type { CoapOutput, CoapRequest, CoapResponse, CoapSink, CoapTransport, IncomingHandle, RequestHandle } from '../endpoint-types.ts';
import type { Coverage, PeerTiming } from '../settings.ts';
import { addressOf, partsOfPeer } from './oscore-peers.ts';
import type { OscoreContexts, OscoreParts, OscoreSink } from './oscore-types.ts';
import { SealedRequests } from './sealed-requests.ts';
import { SealedServing } from './sealed-serving.ts';

/**
 * Object security (RFC 8613) around a `CoapEndpoint` whose `takesOscore` is set. Who protects is a peer of its own, named by
 * `oscorePeer`: what it says is opened before it is handed out under that name, and what goes to that name is sealed; blocks
 * and observations are inside. What is not protected passes as it is, from and to an address.
 */
export class OscoreTransport implements CoapTransport {
  readonly #inner: CoapTransport;
  readonly #sink: OscoreSink;
  readonly #contexts: OscoreContexts;
  readonly #requests: SealedRequests;
  readonly #serving: SealedServing;
  #now = 0;

  /** @param make the endpoint beneath, around its sink */
  constructor(make: (sink: CoapSink) => CoapTransport, parts: OscoreParts) {
    this.#sink = parts.sink;
    this.#contexts = parts.contexts;
    this.#requests = new SealedRequests(() => this.#inner, parts);
    this.#serving = new SealedServing(() => this.#inner, parts);
    this.#inner = make((output) => this.#onOutput(output));
  }

  /** The mark of this number is safe on disk: what has waited for it goes out. */
  saved(name: string, number: number, now: number): void {
    const named = this.#contexts.named(name);
    if (named === undefined) return;
    named.context.saved(number);
    this.#serving.saved(named, now);
    this.#requests.saved(named, now);
  }

  receive(address: string, bytes: Uint8Array, now: number): void {
    this.#now = now;
    this.#inner.receive(address, bytes, now);
  }

  /** To a peer of a context that has no number reserved it waits until a mark is saved; where there is no such context it is `closed`. */
  request(peer: string, request: CoapRequest, now: number): RequestHandle {
    this.#now = now;
    const parts = partsOfPeer(peer);
    if (parts === undefined) return this.#inner.request(peer, request, now);
    const handle: RequestHandle = { peer, correlation: request.correlation };
    const named = this.#contexts.named(parts.context);
    if (named) this.#requests.ask(handle, named, request, now);
    else this.#sink({ type: 'failed', handle, reason: 'closed' });
    return handle;
  }

  respond(handle: IncomingHandle, response: CoapResponse, now: number): boolean {
    return this.#serving.respond(handle, response, now);
  }

  acknowledge(handle: IncomingHandle): void {
    this.#inner.acknowledge(this.#serving.beneath(handle));
  }

  cancelRequest(handle: RequestHandle, now: number): void {
    if (partsOfPeer(handle.peer)) this.#requests.cancel(handle, now);
    else this.#inner.cancelRequest(handle, now);
  }

  cancelObservation(handle: RequestHandle, now: number): RequestHandle | undefined {
    return this.#requests.again(handle, 1, (beneath, anew) => this.#inner.cancelObservation(beneath, now, anew));
  }

  refreshObservation(handle: RequestHandle, now: number): RequestHandle | undefined {
    return this.#requests.again(handle, 0, (beneath, anew) => this.#inner.refreshObservation(beneath, now, anew));
  }

  /** Of several contexts at one address, only this one. */
  forgetPeer(peer: string): void {
    if (partsOfPeer(peer)) this.#requests.forget(peer, 'all', this.#now);
    else this.#inner.forgetPeer(peer);
  }

  forgetObservations(peer: string): void {
    if (partsOfPeer(peer)) this.#requests.forget(peer, 'observations', this.#now);
    else this.#inner.forgetObservations(peer);
  }

  prove(peer: string, now: number): void {
    this.#inner.prove(addressOf(peer), now);
  }

  isProven(peer: string, now: number): boolean {
    return this.#inner.isProven(addressOf(peer), now);
  }

  setCoverage(peer: string, coverage: Coverage, now: number): void {
    this.#inner.setCoverage(addressOf(peer), coverage, now);
  }

  setTiming(peer: string, timing: PeerTiming | undefined, now: number): void {
    this.#inner.setTiming(addressOf(peer), timing, now);
  }

  timeoutOf(peer: string): number {
    return this.#inner.timeoutOf(addressOf(peer));
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
