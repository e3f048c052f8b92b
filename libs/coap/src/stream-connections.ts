import type { TimerHeap } from '@drover/kernel';
import type { Chance } from './chance.ts';
import type { StreamSink } from './endpoint-types.ts';
import { StreamConnection } from './stream-connection.ts';
import type { StreamRole, StreamTimer } from './stream-connection.ts';
import type { StreamExchanges } from './stream-exchanges.ts';
import type { StreamMessage } from './stream-frame.ts';
import type { StreamSettings } from './stream-settings.ts';
import { abortFrame, csmFrame, pingFrame, releaseFrame, withCsm } from './stream-signals.ts';

const PING_TOKEN_BYTES = 2;

export interface ConnectionsParts {
  readonly settings: StreamSettings;
  readonly chance: Chance;
  readonly sink: StreamSink;
  readonly timers: TimerHeap<StreamTimer>;
  readonly exchanges: StreamExchanges;
}

/** The lives of connections: greeting, idling, release, abort, end (RFC 8323 section 5). */
export class StreamConnections {
  readonly #parts: ConnectionsParts;
  readonly #connections = new Map<string, StreamConnection>();
  #buffered = 0;

  constructor(parts: ConnectionsParts) {
    this.#parts = parts;
  }

  get size(): number {
    return this.#connections.size;
  }

  get bufferedBytes(): number {
    return this.#buffered;
  }

  find(peer: string): StreamConnection | undefined {
    return this.#connections.get(peer);
  }

  /** One too many is closed at once. A name that is still in use was a connection whose end we did not see. */
  open(peer: string, now: number, role: StreamRole): void {
    const stale = this.#connections.get(peer);
    if (stale !== undefined) this.drop(stale);
    const { settings, sink, timers } = this.#parts;
    if (this.#connections.size >= settings.maxConnections) return sink({ type: 'close', peer });
    const connection = new StreamConnection(peer, now, settings);
    this.#connections.set(peer, connection);
    timers.arm(connection, now + settings.greetingTimeoutMs);
    if (role === 'client') this.#greet(connection);
  }

  /** A whole message came. */
  heard(connection: StreamConnection, now: number): void {
    connection.lastHeardAt = now;
    if (connection.state !== 'pinged') return;
    connection.state = 'open';
    this.#parts.timers.arm(connection, now + this.#parts.settings.pingAfterMs);
  }

  /** Each CSM counts, and the first one opens the way for our requests (section 5.3). */
  capable(connection: StreamConnection, csm: StreamMessage, now: number): void {
    connection.peerCan = withCsm(connection.peerCan, csm);
    if (connection.state !== 'greeting') return;
    connection.state = 'open';
    this.#parts.timers.arm(connection, now + this.#parts.settings.pingAfterMs);
    this.#greet(connection);
    this.#parts.exchanges.startNext(connection, now);
  }

  /** The peer wants to go: no new request of ours, what is under way may finish, then the connection ends (section 5.5). */
  releasedBy(connection: StreamConnection, now: number): void {
    connection.state = 'releasing';
    this.#parts.timers.arm(connection, now + this.#parts.settings.releaseTimeoutMs);
    this.#parts.exchanges.failQueued(connection, 'closed');
    this.endIfReleased(connection);
  }

  endIfReleased(connection: StreamConnection): void {
    if (connection.state === 'releasing' && connection.isIdle) this.end(connection);
  }

  /** We want to go. */
  release(connection: StreamConnection): void {
    if (connection.isClosed) return;
    this.#greet(connection);
    this.#parts.sink({ type: 'datagram', peer: connection.peer, bytes: releaseFrame() });
    this.end(connection);
  }

  /** Section 5.6. Our CSM goes before it: it has to be the first thing a peer hears. */
  abort(connection: StreamConnection, why: string, badCsmOption?: number): void {
    if (connection.isClosed) return;
    this.#greet(connection);
    this.#parts.sink({ type: 'datagram', peer: connection.peer, bytes: abortFrame(why, badCsmOption) });
    this.end(connection);
  }

  /** After everything a peer has sent so far was looked at: what is kept of it counts against the sum of all. */
  account(connection: StreamConnection): void {
    if (connection.isClosed) return;
    this.#buffered += connection.decoder.kept - connection.counted;
    connection.counted = connection.decoder.kept;
    if (this.#buffered > this.#parts.settings.maxBufferedBytes) this.abort(connection, 'too much is being received at once');
  }

  due(connection: StreamConnection, now: number): void {
    // No CSM, no answer to our Ping, or a Release that takes too long.
    if (connection.state !== 'open') return this.end(connection);
    const { settings, timers, sink, chance } = this.#parts;
    const silentUntil = connection.lastHeardAt + settings.pingAfterMs;
    if (silentUntil > now) return timers.arm(connection, silentUntil);
    connection.state = 'pinged';
    timers.arm(connection, now + settings.pongTimeoutMs);
    sink({ type: 'datagram', peer: connection.peer, bytes: pingFrame(chance.bytes(PING_TOKEN_BYTES)) });
  }

  end(connection: StreamConnection): void {
    if (connection.isClosed) return;
    this.#parts.sink({ type: 'close', peer: connection.peer });
    this.drop(connection);
  }

  /** Out of the table first: what a caller asks when it hears of its failed requests must not reach the connection again. */
  drop(connection: StreamConnection): void {
    if (connection.isClosed) return;
    connection.state = 'closed';
    this.#connections.delete(connection.peer);
    this.#parts.timers.clear(connection);
    this.#buffered -= connection.counted;
    this.#parts.exchanges.fail(connection, 'closed');
  }

  #greet(connection: StreamConnection): void {
    if (connection.greeted) return;
    connection.greeted = true;
    this.#parts.sink({ type: 'datagram', peer: connection.peer, bytes: csmFrame(this.#parts.settings.maxMessageBytes) });
  }
}
