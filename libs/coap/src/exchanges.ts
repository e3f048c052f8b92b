import type { Amplification } from './amplification.ts';
import { classOf, CODE, codeOfMethod } from './codes.ts';
import type { Chance } from './chance.ts';
import type { CoapRequest, CoapSink, FailureReason, IncomingResponse, Renewed, RequestHandle } from './endpoint-types.ts';
import { emptyMessage, encodeMessage, NO_BYTES } from './message.ts';
import type { CoapMessage } from './message.ts';
import { isMulticast } from './multicast.ts';
import { isFresh } from './observations.ts';
import type { Observation } from './observations.ts';
import { readOptions, type ReadOptions } from './options.ts';
import { isSpent, sameToken, tokenKey } from './peer.ts';
import type { Exchange, Peer, Transmission } from './peer.ts';
import type { Peers } from './peers.ts';
import { requestOptions } from './request-options.ts';
import { backedOff, measured, paceOf } from './rto.ts';
import type { EndpointSettings } from './settings.ts';

const TOKEN_BYTES = 6;

/** Our requests: queueing, transmission, matching of what comes back, observations. */
export class Exchanges {
  readonly #settings: EndpointSettings;
  readonly #peers: Peers;
  readonly #chance: Chance;
  readonly #sink: CoapSink;
  readonly #amplification: Amplification;

  constructor(parts: { settings: EndpointSettings; peers: Peers; chance: Chance; sink: CoapSink; amplification: Amplification }) {
    this.#settings = parts.settings;
    this.#peers = parts.peers;
    this.#chance = parts.chance;
    this.#sink = parts.sink;
    this.#amplification = parts.amplification;
  }

  request(address: string, request: CoapRequest, now: number): RequestHandle {
    const handle: RequestHandle = { peer: address, correlation: request.correlation };
    if (isMulticast(address)) {
      this.#sink({ type: 'failed', handle, reason: 'multicast' });
      return handle;
    }
    const peer = this.#peers.findOrAdd(address, now);
    const observationsFull = request.observe === 0 && (peer?.observations.size ?? 0) >= this.#settings.maxObservationsPerPeer;
    if (peer === undefined || peer.queued >= this.#settings.maxQueuedPerPeer || observationsFull) {
      this.#sink({ type: 'failed', handle, reason: 'overflow' });
      return handle;
    }
    this.#enqueue(
      { kind: 'exchange', handle, request, peer, token: this.#freshToken(peer), observe: request.observe, at: 0, place: -1 },
      now,
    );
    return handle;
  }

  /** GET with Observe 1, the same token, path and options; the returned handle names this exchange. */
  cancelObservation(handle: RequestHandle, now: number, anew?: Renewed): RequestHandle | undefined {
    const peer = this.#peers.find(handle.peer);
    const observation = peer && observationOf(peer, handle);
    if (peer === undefined || observation === undefined) return undefined;
    peer.observations.delete(tokenKey(observation.token));
    return this.#askAgain(peer, observation, { observe: 1, now, anew });
  }

  /**
   * Registers an observation anew with its own token (RFC 7641 section 3.3.1), for one whose Max-Age has passed. What comes
   * after it is told under the old handle; the answer under the one returned.
   */
  refreshObservation(handle: RequestHandle, now: number, anew?: Renewed): RequestHandle | undefined {
    const peer = this.#peers.find(handle.peer);
    const observation = peer && observationOf(peer, handle);
    // Beside the queue of requests the same again: a peer that never answers must not be renewed into a list without end.
    if (peer === undefined || observation === undefined || peer.queued >= 2 * this.#settings.maxQueuedPerPeer) return undefined;
    return this.#askAgain(peer, observation, { observe: 0, now, anew });
  }

  #askAgain(
    peer: Peer,
    { handle: old, request, token }: Observation,
    { observe, now, anew }: { observe: 0 | 1; now: number; anew: Renewed | undefined },
  ): RequestHandle {
    const handle: RequestHandle = { peer: old.peer, correlation: old.correlation };
    this.#enqueue({ kind: 'exchange', handle, request: { ...request, ...anew }, peer, token, observe, at: 0, place: -1 }, now);
    return handle;
  }

  /** Forgets a request or an observation without a word; a late CON answer, or the next notification, is answered RST. */
  cancelRequest(handle: RequestHandle, now: number): void {
    const peer = this.#peers.find(handle.peer);
    if (peer === undefined) return;
    const queued = peer.queue.findIndex((exchange) => exchange.handle === handle);
    if (queued >= 0) peer.queue.splice(queued, 1);
    const observation = observationOf(peer, handle);
    if (observation !== undefined) peer.observations.delete(tokenKey(observation.token));
    if (peer.active?.handle === handle) {
      this.#finish(peer.active);
      this.#startNext(peer, now);
    }
  }

  forget(peer: Peer): void {
    peer.observations.clear();
    const given = [...(peer.active === undefined ? [] : [peer.active]), ...peer.queue.splice(0)];
    for (const exchange of given) this.#fail(exchange, 'forgotten');
  }

  /** The exchange's timer fired: repeat, or give up. */
  due(exchange: Exchange, now: number): void {
    const { transmission, peer } = exchange;
    if (transmission === undefined || exchange.rttMs !== undefined || isSpent(transmission, now, this.#settings.maxTransmitSpanMs)) {
      this.#fail(exchange, 'timeout');
      this.#startNext(peer, now);
      return;
    }
    transmission.retransmissions += 1;
    transmission.timeoutMs *= 2;
    this.#peers.timers.arm(exchange, now + transmission.timeoutMs);
    this.#sink({ type: 'datagram', peer: peer.address, bytes: transmission.bytes });
  }

  /** An ACK that belongs to our active request, empty or with the response in it. */
  acknowledged(peer: Peer, message: CoapMessage, now: number): void {
    const exchange = peer.active;
    if (exchange?.transmission?.messageId !== message.messageId) return;
    if (message.code === 0) {
      this.#measure(exchange, now);
      this.#peers.timers.arm(exchange, now + this.#responseTimeoutOf(exchange));
    } else if (sameToken(exchange.token, message.token)) {
      this.#complete(exchange, message, now);
    }
  }

  reset(peer: Peer, messageId: number, now: number): void {
    const exchange = peer.active;
    if (exchange?.transmission?.messageId !== messageId) return;
    this.#fail(exchange, 'reset');
    this.#startNext(peer, now);
  }

  /** A separate response or a notification: what its sender got for it, or `undefined` when it belongs to nothing. */
  respond(peer: Peer, message: CoapMessage, now: number): 'ACK' | 'RST' | undefined {
    const exchange = peer.active;
    if (exchange?.transmission !== undefined && sameToken(exchange.token, message.token)) {
      const rejected = readAnswer(message, exchange.request).badCritical !== undefined;
      this.#acknowledge(peer, message, rejected);
      this.#complete(exchange, message, now);
      return rejected ? 'RST' : 'ACK';
    }
    const observation = peer.observationWith(message.token);
    return observation && this.#notified(peer, observation, { message, now });
  }

  #notified(peer: Peer, observation: Observation, { message, now }: { message: CoapMessage; now: number }): 'ACK' | 'RST' {
    const { options, badCritical } = readAnswer(message, observation.request);
    const ended = options.observe === undefined || classOf(message.code) !== 2 || badCritical !== undefined;
    this.#acknowledge(peer, message, badCritical !== undefined);
    if (ended) peer.observations.delete(tokenKey(observation.token));
    else if (!isFresh(observation, options.observe, now)) return 'ACK';
    if (options.observe !== undefined) observation.sequence = options.observe;
    observation.receivedAt = now;
    const response: IncomingResponse = { code: message.code, options, payload: message.payload };
    this.#sink({ type: 'notification', handle: observation.handle, response, ended });
    return badCritical === undefined ? 'ACK' : 'RST';
  }

  /** Before the caller hears of it: what it sends next must not overtake the acknowledgement. */
  #acknowledge(peer: Peer, message: CoapMessage, rejected: boolean): void {
    if (message.type !== 'CON') return;
    this.#sink({ type: 'datagram', peer: peer.address, bytes: emptyMessage(rejected ? 'RST' : 'ACK', message.messageId) });
  }

  #complete(exchange: Exchange, message: CoapMessage, now: number): void {
    const { peer, handle, transmission } = exchange;
    // Our token came back: whoever sent this receives at that address.
    this.#amplification.prove(peer.address, now);
    this.#measure(exchange, now);
    this.#finish(exchange);
    const { options, badCritical } = readAnswer(message, exchange.request);
    if (badCritical !== undefined) {
      this.#sink({ type: 'failed', handle, reason: 'rejected' });
    } else {
      if (this.#repeatWithEcho(exchange, message.code, { echo: options.echo, now })) return;
      if (exchange.observe === 0) this.#observed(exchange, classOf(message.code) === 2 ? options.observe : undefined, now);
      const response: IncomingResponse = { code: message.code, options, payload: message.payload };
      this.#sink({ type: 'response', handle, response, retransmissions: transmission?.retransmissions ?? 0, rttMs: exchange.rttMs ?? 0 });
    }
    this.#startNext(peer, now);
  }

  /** The device takes a request that changes something only with what it just gave us (RFC 9175 section 2.3): once more, with it. */
  #repeatWithEcho(exchange: Exchange, code: number, { echo, now }: { echo: Uint8Array | undefined; now: number }): boolean {
    const { echo: given, oscore } = exchange.request;
    // Of a protected request whoever protects it repeats it: the same bytes again would be a replay.
    if (code !== CODE.UNAUTHORIZED || echo === undefined || given !== undefined || oscore !== undefined) return false;
    const { peer, handle, observe } = exchange;
    const request = { ...exchange.request, echo: echo.slice() };
    const token = observe === undefined ? this.#freshToken(peer) : exchange.token;
    const again: Exchange = { kind: 'exchange', handle, request, peer, token, observe, at: 0, place: -1 };
    peer.queue.unshift(again);
    this.#startNext(peer, now);
    return true;
  }

  /** The first answer to an observation: it stands from now on, unless the device did not say so. */
  #observed({ peer, token, request, handle }: Exchange, sequence: number | undefined, now: number): void {
    const known = peer.observationWith(token);
    if (sequence === undefined) peer.observations.delete(tokenKey(token));
    else peer.observations.set(tokenKey(token), { handle: known?.handle ?? handle, token, request, sequence, receivedAt: now });
  }

  #fail(exchange: Exchange, reason: FailureReason): void {
    this.#finish(exchange);
    this.#sink({ type: 'failed', handle: exchange.handle, reason });
  }

  #finish(exchange: Exchange): void {
    this.#peers.timers.clear(exchange);
    if (exchange.peer.active === exchange) exchange.peer.active = undefined;
  }

  #enqueue(exchange: Exchange, now: number): void {
    const { peer } = exchange;
    if (peer.active === undefined && peer.queued === 0) return this.#start(exchange, now);
    peer.queue.push(exchange);
    this.#startNext(peer, now);
  }

  #startNext(peer: Peer, now: number): void {
    while (peer.active === undefined) {
      const exchange = peer.nextQueued();
      if (exchange === undefined) return;
      this.#start(exchange, now);
    }
  }

  #start(exchange: Exchange, now: number): void {
    const { peer, request } = exchange;
    const messageId = peer.drawMessageId(now, this.#settings);
    if (messageId === undefined) return this.#fail(exchange, 'overflow');
    peer.active = exchange;
    peer.lastSeenAt = now;
    exchange.transmission = this.#transmissionOf(exchange, messageId, now);
    this.#peers.timers.arm(
      exchange,
      now + (request.confirmable === false ? this.#responseTimeoutOf(exchange) : exchange.transmission.timeoutMs),
    );
    this.#sink({ type: 'datagram', peer: peer.address, bytes: exchange.transmission.bytes });
  }

  #transmissionOf(exchange: Exchange, messageId: number, now: number): Transmission {
    const { request, peer, token } = exchange;
    const bytes = encodeRequest(exchange, { messageId, token });
    const maxRetransmit = request.confirmable === false ? 0 : peer.maxRetransmit(this.#settings);
    const timeoutMs = request.ackTimeoutMs ?? peer.rto.timeoutMs;
    const pace = paceOf(timeoutMs, this.#chance.fraction(), { ...this.#settings, maxRetransmit });
    return {
      bytes,
      messageId,
      sentAt: now,
      timeoutMs: pace.firstTimeoutMs,
      retransmissions: 0,
      maxRetransmissions: pace.maxRetransmissions,
    };
  }

  /** Once per exchange, at the first sign that the peer has got it. */
  #measure(exchange: Exchange, now: number): void {
    const { transmission, request, peer } = exchange;
    if (transmission === undefined || exchange.rttMs !== undefined) return;
    exchange.rttMs = now - transmission.sentAt;
    if (request.confirmable === false || request.ackTimeoutMs !== undefined) return;
    peer.rto =
      transmission.retransmissions === 0
        ? measured(peer.rto, exchange.rttMs, this.#settings)
        : backedOff(peer.rto, transmission.retransmissions, this.#settings);
  }

  #responseTimeoutOf({ request, peer }: Exchange): number {
    return request.responseTimeoutMs ?? peer.responseTimeoutMs(this.#settings);
  }

  #freshToken(peer: Peer): Uint8Array {
    let token = this.#chance.bytes(TOKEN_BYTES);
    while (peer.observationWith(token) !== undefined) token = this.#chance.bytes(TOKEN_BYTES);
    return token;
  }
}

/** A protected answer belongs to a protected request only. */
function readAnswer(message: CoapMessage, { oscore }: CoapRequest): ReadOptions {
  return readOptions(message, { takesOscore: oscore !== undefined });
}

function observationOf(peer: Peer, handle: RequestHandle): Observation | undefined {
  for (const observation of peer.observations.values()) if (observation.handle === handle) return observation;
  return undefined;
}

function encodeRequest({ request, observe }: Exchange, ids: { messageId: number; token: Uint8Array }): Uint8Array {
  return encodeMessage({
    type: request.confirmable === false ? 'NON' : 'CON',
    code: codeOfMethod(request.method),
    ...ids,
    options: requestOptions(request, observe),
    payload: request.payload ?? NO_BYTES,
  });
}
