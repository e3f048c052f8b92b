import { type Entropy, TimerHeap } from '@drover/kernel';
import { Chance } from './chance.ts';
import { classOf, SIGNAL } from './codes.ts';
import type { CoapRequest, CoapResponse, CoapTransport, IncomingHandle, RequestHandle, StreamSink } from './endpoint-types.ts';
import { CoapError } from './errors.ts';
import type { StreamConnection, StreamRole, StreamTimer } from './stream-connection.ts';
import { StreamConnections } from './stream-connections.ts';
import { StreamExchanges } from './stream-exchanges.ts';
import { isSignal } from './stream-frame.ts';
import type { StreamMessage } from './stream-frame.ts';
import { StreamServing } from './stream-serving.ts';
import { DEFAULT_STREAM_SETTINGS } from './stream-settings.ts';
import type { PeerTiming } from './settings.ts';
import type { StreamSettings } from './stream-settings.ts';
import { hasCustody, pongFrame, unknownCritical } from './stream-signals.ts';

/**
 * CoAP over reliable streams (RFC 8323), for one server and its many connections, with no socket and no timer of its own:
 * the twin of `CoapEndpoint`. A peer is one connection and is named `tcp:address:port`. `now` is real monotonic milliseconds.
 */
export class CoapStreams implements CoapTransport {
  readonly #settings: StreamSettings;
  readonly #sink: StreamSink;
  readonly #timers = new TimerHeap<StreamTimer>();
  readonly #exchanges: StreamExchanges;
  readonly #connections: StreamConnections;
  readonly #serving: StreamServing;

  constructor(sink: StreamSink, entropy: Entropy, settings: Partial<StreamSettings> = {}) {
    this.#settings = { ...DEFAULT_STREAM_SETTINGS, ...settings };
    this.#sink = sink;
    const parts = { settings: this.#settings, chance: new Chance(entropy), sink, timers: this.#timers };
    this.#exchanges = new StreamExchanges(parts);
    this.#connections = new StreamConnections({ ...parts, exchanges: this.#exchanges });
    this.#serving = new StreamServing(parts);
  }

  /** A connection stands. One too many is closed at once (`close`). */
  opened(peer: string, now: number, role: StreamRole): void {
    this.#connections.open(peer, now, role);
  }

  /** Any piece of the stream. Never throws for what a peer sent: what is not CoAP is answered Abort, and the connection ends. */
  receive(peer: string, bytes: Uint8Array, now: number): void {
    const connection = this.#connections.find(peer);
    if (connection === undefined) return;
    connection.decoder.push(bytes);
    for (let message = this.#next(connection); message !== undefined; message = this.#next(connection)) {
      this.#take(connection, message, now);
    }
    this.#connections.account(connection);
  }

  /** The connection ended, whoever ended it: its requests fail (`closed`), its observations are gone. */
  closed(peer: string): void {
    const connection = this.#connections.find(peer);
    if (connection !== undefined) this.#connections.drop(connection);
  }

  /** The outcome comes through the sink. Without a connection it is `closed`: we open none by ourselves. */
  request(peer: string, request: CoapRequest, now: number): RequestHandle {
    const handle: RequestHandle = { peer, correlation: request.correlation };
    this.#exchanges.request(this.#connections.find(peer), handle, request, now);
    return handle;
  }

  cancelRequest(handle: RequestHandle, now: number): void {
    const connection = this.#connections.find(handle.peer);
    if (connection !== undefined) this.#exchanges.cancel(connection, handle, now);
  }

  cancelObservation(handle: RequestHandle, now: number): RequestHandle | undefined {
    const connection = this.#connections.find(handle.peer);
    return connection && this.#exchanges.askAgain(connection, handle, { observe: 1, now });
  }

  /** Registers an observation anew, for one whose Max-Age has passed; the answer comes under the handle returned. */
  refreshObservation(handle: RequestHandle, now: number): RequestHandle | undefined {
    const connection = this.#connections.find(handle.peer);
    return connection && this.#exchanges.askAgain(connection, handle, { observe: 0, now });
  }

  /** `false` if the request was answered already, or its connection is gone. An answer beyond the peer's limit becomes 5.00. */
  respond(handle: IncomingHandle, response: CoapResponse): boolean {
    const connection = this.#serving.respond(handle, response);
    if (connection !== undefined) this.#connections.endIfReleased(connection);
    return connection !== undefined;
  }

  /** Nothing to say: the stream itself acknowledges. */
  acknowledge(_handle: IncomingHandle): void {}

  /** Gives up requests (`forgotten`) and observations, and with them the connection: Release, then close. */
  forgetPeer(peer: string): void {
    const connection = this.#connections.find(peer);
    if (connection === undefined) return;
    this.#exchanges.fail(connection, 'forgotten');
    this.#connections.release(connection);
  }

  /** The peer has lost them: it registered anew. Requests under way go on. */
  forgetObservations(peer: string): void {
    this.#connections.find(peer)?.observations.clear();
  }

  /** Nothing to do: whoever completed the handshake of TCP receives at its address. */
  prove(_peer: string): void {}

  isProven(peer: string): boolean {
    return this.#connections.find(peer) !== undefined;
  }

  /** Coverage changes how often a datagram is repeated; a stream leaves that to TCP. */
  setCoverage(_peer: string): void {}

  setTiming(peer: string, timing: PeerTiming | undefined): void {
    const connection = this.#connections.find(peer);
    if (connection !== undefined) connection.responseTimeoutMs = timing?.responseTimeoutMs;
  }

  /** How long an answer may take: no retransmission timeout is measured here. */
  timeoutOf(peer: string): number {
    return this.#connections.find(peer)?.responseTimeoutMs ?? this.#settings.responseTimeoutMs;
  }

  /** Payload that one message to this peer may carry by BERT (RFC 8323 section 6); `undefined`: one block of up to 1024 bytes. */
  roomOf(peer: string): number | undefined {
    return this.#connections.find(peer)?.room(this.#settings);
  }

  nextTimerAt(): number | undefined {
    return this.#timers.nextAt();
  }

  /** Fires what is due. */
  advance(now: number): void {
    for (let due = this.#timers.popDue(now); due !== undefined; due = this.#timers.popDue(now)) {
      if (due.kind === 'connection') this.#connections.due(due, now);
      else {
        this.#exchanges.due(due, now);
        this.#connections.endIfReleased(due.connection);
      }
    }
  }

  /** Sizes of what is kept, for metrics and for tests of the bounds. */
  get load(): { readonly connections: number; readonly bufferedBytes: number } {
    return { connections: this.#connections.size, bufferedBytes: this.#connections.bufferedBytes };
  }

  #next(connection: StreamConnection): StreamMessage | undefined {
    try {
      return connection.isClosed ? undefined : connection.decoder.next();
    } catch (error) {
      if (!(error instanceof CoapError)) throw error;
      this.#connections.abort(connection, error.message);
      return undefined;
    }
  }

  #take(connection: StreamConnection, message: StreamMessage, now: number): void {
    if (connection.state === 'greeting' && message.code !== SIGNAL.CSM) {
      return this.#connections.abort(connection, 'the first message must be a CSM');
    }
    this.#connections.heard(connection, now);
    if (isSignal(message.code)) return this.#signalled(connection, message, now);
    if (message.code === 0) return; // Empty: a sign of life and nothing else (RFC 8323 section 3.4).
    if (classOf(message.code) === 0) return this.#serving.receive(connection, message);
    this.#exchanges.respond(connection, message, now);
    this.#connections.endIfReleased(connection);
  }

  /** RFC 8323 sections 5.2 to 5.6. */
  #signalled(connection: StreamConnection, message: StreamMessage, now: number): void {
    const unknown = unknownCritical(message);
    if (unknown !== undefined) {
      const badCsmOption = message.code === SIGNAL.CSM ? unknown : undefined;
      return this.#connections.abort(connection, `signalling option ${unknown} is critical and unknown here`, badCsmOption);
    }
    switch (message.code) {
      case SIGNAL.CSM:
        return this.#connections.capable(connection, message, now);
      case SIGNAL.PING:
        return this.#pong(connection, message);
      case SIGNAL.PONG:
        return; // That it was heard is all it says.
      case SIGNAL.RELEASE:
        return this.#connections.releasedBy(connection, now);
      case SIGNAL.ABORT:
        return this.#connections.end(connection);
      default:
        return this.#connections.abort(connection, 'unknown signalling message');
    }
  }

  #pong(connection: StreamConnection, ping: StreamMessage): void {
    const isDone = hasCustody(ping) && connection.open === 0;
    this.#sink({ type: 'datagram', peer: connection.peer, bytes: pongFrame(ping.token, isDone) });
  }
}
