import type { TimerHeap } from '@drover/kernel';
import { BERT_SZX } from './block.ts';
import type { Chance } from './chance.ts';
import { classOf, CODE, codeOfMethod } from './codes.ts';
import type { CoapRequest, FailureReason, RequestHandle, StreamSink } from './endpoint-types.ts';
import { NO_BYTES } from './message.ts';
import { readOptions } from './options.ts';
import { sameToken, tokenKey } from './peer.ts';
import { requestOptions } from './request-options.ts';
import type { StreamConnection, StreamExchange, StreamObservation, StreamTimer } from './stream-connection.ts';
import { encodeFrame } from './stream-frame.ts';
import type { StreamMessage } from './stream-frame.ts';
import type { StreamSettings } from './stream-settings.ts';

const TOKEN_BYTES = 6;

export interface StreamParts {
  readonly settings: StreamSettings;
  readonly chance: Chance;
  readonly sink: StreamSink;
  readonly timers: TimerHeap<StreamTimer>;
}

/** Our requests over streams: one at a time per peer, matched by token alone (RFC 8323 section 3.3). */
export class StreamExchanges {
  readonly #parts: StreamParts;

  constructor(parts: StreamParts) {
    this.#parts = parts;
  }

  request(connection: StreamConnection | undefined, handle: RequestHandle, request: CoapRequest, now: number): void {
    if (connection === undefined || connection.state === 'releasing') return this.#parts.sink({ type: 'failed', handle, reason: 'closed' });
    const { maxQueuedPerPeer, maxObservationsPerPeer } = this.#parts.settings;
    const observationsFull = request.observe === 0 && connection.observations.size >= maxObservationsPerPeer;
    if (connection.queue.length >= maxQueuedPerPeer || observationsFull) {
      return this.#parts.sink({ type: 'failed', handle, reason: 'overflow' });
    }
    this.#enqueue({ ...this.#exchange(connection, handle, request), observe: request.observe }, now);
  }

  /** GET with the same token and options, to end an observation (`observe` 1) or to renew it (RFC 7641 sections 3.3.1, 3.6). */
  askAgain(
    connection: StreamConnection,
    handle: RequestHandle,
    { observe, now }: { observe: 0 | 1; now: number },
  ): RequestHandle | undefined {
    const observation = connection.observationOf(handle);
    if (observation === undefined || connection.queue.length >= 2 * this.#parts.settings.maxQueuedPerPeer) return undefined;
    if (observe === 1) connection.observations.delete(tokenKey(observation.token));
    const again: RequestHandle = { peer: handle.peer, correlation: handle.correlation };
    const { request, token } = observation;
    this.#enqueue({ ...this.#exchange(connection, again, request), token, observe }, now);
    return again;
  }

  /** Forgets a request. An observation is ended at the peer too: a stream has no RST that would stop its notifications. */
  cancel(connection: StreamConnection, handle: RequestHandle, now: number): void {
    const queued = connection.queue.findIndex((exchange) => exchange.handle === handle);
    if (queued >= 0) connection.queue.splice(queued, 1);
    const observation = connection.observationOf(handle);
    if (observation !== undefined) this.#endSilently(connection, observation, now);
    const { active } = connection;
    if (active?.handle !== handle) return;
    this.#finish(active);
    if (active.observe === 0) this.#endSilently(connection, active, now);
    this.startNext(connection, now);
  }

  /** All of a connection's requests and observations end here. */
  fail(connection: StreamConnection, reason: FailureReason): void {
    connection.observations.clear();
    const given = [...(connection.active === undefined ? [] : [connection.active]), ...connection.queue.splice(0)];
    for (const exchange of given) this.#fail(exchange, reason);
  }

  /** What has not been sent yet. */
  failQueued(connection: StreamConnection, reason: FailureReason): void {
    for (const exchange of connection.queue.splice(0)) this.#fail(exchange, reason);
  }

  due(exchange: StreamExchange, now: number): void {
    this.#fail(exchange, 'timeout');
    this.startNext(exchange.connection, now);
  }

  /** A response: to the request under way, or a notification. Any other was given up before, and is ignored. */
  respond(connection: StreamConnection, message: StreamMessage, now: number): void {
    const { active } = connection;
    if (active !== undefined && sameToken(active.token, message.token)) return this.#complete(active, message, now);
    const observation = connection.observations.get(tokenKey(message.token));
    if (observation !== undefined) this.#notified(connection, observation, message);
  }

  startNext(connection: StreamConnection, now: number): void {
    while (connection.active === undefined && connection.mayAsk) {
      const exchange = connection.queue.shift();
      if (exchange === undefined) return;
      this.#start(exchange, now);
    }
  }

  #exchange(connection: StreamConnection, handle: RequestHandle, request: CoapRequest): StreamExchange {
    return { kind: 'exchange', handle, request, connection, token: this.#freshToken(connection), sentAt: 0, at: 0, place: -1 };
  }

  #endSilently(connection: StreamConnection, { handle, request, token }: StreamObservation, now: number): void {
    connection.observations.delete(tokenKey(token));
    this.#enqueue({ ...this.#exchange(connection, handle, request), token, observe: 1, silent: true }, now);
  }

  #enqueue(exchange: StreamExchange, now: number): void {
    exchange.connection.queue.push(exchange);
    this.startNext(exchange.connection, now);
  }

  #start(exchange: StreamExchange, now: number): void {
    const { connection, request, token, observe } = exchange;
    const options = requestOptions(request, observe, BERT_SZX);
    const bytes = encodeFrame({ code: codeOfMethod(request.method), token, options, payload: request.payload ?? NO_BYTES });
    const isBeyondPeer =
      bytes.length > connection.peerCan.maxMessageBytes || (isBert(request) && connection.room(this.#parts.settings) === undefined);
    if (isBeyondPeer) return this.#fail(exchange, 'overflow');
    connection.active = exchange;
    exchange.sentAt = now;
    this.#parts.timers.arm(
      exchange,
      now + (request.responseTimeoutMs ?? connection.responseTimeoutMs ?? this.#parts.settings.responseTimeoutMs),
    );
    this.#parts.sink({ type: 'datagram', peer: connection.peer, bytes });
  }

  #complete(exchange: StreamExchange, message: StreamMessage, now: number): void {
    const { connection, handle } = exchange;
    this.#finish(exchange);
    const { options, badCritical } = readOptions(message, { maxSzx: BERT_SZX });
    if (badCritical !== undefined) this.#tell(exchange, 'rejected');
    else if (!this.#repeatWithEcho(exchange, message.code, options.echo)) {
      if (exchange.observe === 0) this.#observed(exchange, classOf(message.code) === 2 && options.observe !== undefined);
      const response = { code: message.code, options, payload: message.payload };
      const rttMs = now - exchange.sentAt;
      if (!exchange.silent) this.#parts.sink({ type: 'response', handle, response, retransmissions: 0, rttMs });
    }
    this.startNext(connection, now);
  }

  /** The peer takes the request only with what it just gave us (RFC 9175 section 2.3): once more, with it, before all others. */
  #repeatWithEcho(exchange: StreamExchange, code: number, echo: Uint8Array | undefined): boolean {
    const { connection, request } = exchange;
    if (code !== CODE.UNAUTHORIZED || echo === undefined || request.echo !== undefined || !connection.mayAsk) return false;
    connection.queue.unshift({ ...exchange, request: { ...request, echo: echo.slice() } });
    return true;
  }

  #observed({ connection, handle, token, request }: StreamExchange, stands: boolean): void {
    const key = tokenKey(token);
    const known = connection.observations.get(key);
    if (stands) connection.observations.set(key, { handle: known?.handle ?? handle, token, request });
    else connection.observations.delete(key);
  }

  /** Whatever the value of Observe: the order is that of arrival (RFC 8323 section 7.1). */
  #notified(connection: StreamConnection, { handle, token }: StreamObservation, message: StreamMessage): void {
    const { options, badCritical } = readOptions(message, { maxSzx: BERT_SZX });
    const ended = options.observe === undefined || classOf(message.code) !== 2 || badCritical !== undefined;
    if (ended) connection.observations.delete(tokenKey(token));
    this.#parts.sink({ type: 'notification', handle, response: { code: message.code, options, payload: message.payload }, ended });
  }

  #fail(exchange: StreamExchange, reason: FailureReason): void {
    this.#finish(exchange);
    this.#tell(exchange, reason);
  }

  #tell({ silent, handle }: StreamExchange, reason: FailureReason): void {
    if (!silent) this.#parts.sink({ type: 'failed', handle, reason });
  }

  #finish(exchange: StreamExchange): void {
    this.#parts.timers.clear(exchange);
    if (exchange.connection.active === exchange) exchange.connection.active = undefined;
  }

  #freshToken(connection: StreamConnection): Uint8Array {
    let token = this.#parts.chance.bytes(TOKEN_BYTES);
    while (connection.observations.has(tokenKey(token))) token = this.#parts.chance.bytes(TOKEN_BYTES);
    return token;
  }
}

function isBert({ block1, block2 }: CoapRequest): boolean {
  return block1?.szx === BERT_SZX || block2?.szx === BERT_SZX;
}
