import type { Timer } from '@drover/kernel';
import type { CoapRequest, RequestHandle } from './endpoint-types.ts';
import { FrameDecoder } from './stream-frame.ts';
import type { StreamSettings } from './stream-settings.ts';
import { BASE_CAPABILITIES, bertRoom } from './stream-signals.ts';
import type { Capabilities } from './stream-signals.ts';

/** Who opened the connection. The acceptor speaks second, so a stranger that knocks gets no byte (RFC 8323 section 5.3). */
export type StreamRole = 'client' | 'server';

/** A request of ours: waiting in the queue, or sent and waiting for its response. */
export interface StreamExchange extends Timer {
  readonly kind: 'exchange';
  readonly handle: RequestHandle;
  readonly request: CoapRequest;
  readonly token: Uint8Array;
  readonly observe?: 0 | 1;
  readonly connection: StreamConnection;
  /** Nobody waits for the outcome: the end of an observation that was cancelled without a word. */
  readonly silent?: true;
  sentAt: number;
}

/** An observation we hold. No sequence: a stream keeps the order by itself (RFC 8323 section 7.1). */
export interface StreamObservation {
  readonly handle: RequestHandle;
  readonly token: Uint8Array;
  readonly request: CoapRequest;
}

/**
 * One connection. `greeting`: no CSM of the peer yet, so nothing of ours is sent behind our own. `pinged`: it was silent
 * for long and has to answer. `releasing`: what is under way may finish, nothing new is begun.
 */
export class StreamConnection implements Timer {
  readonly kind = 'connection';
  at = 0;
  place = -1;
  state: 'greeting' | 'open' | 'pinged' | 'releasing' | 'closed' = 'greeting';
  /** Our own CSM is out: it must be the first thing a peer hears. */
  greeted = false;
  /** The last whole message: a sender of single bytes is not alive for that. */
  lastHeardAt: number;
  peerCan: Capabilities = BASE_CAPABILITIES;
  active?: StreamExchange;
  /** Set for this kind of peer. */
  responseTimeoutMs?: number;
  readonly queue: StreamExchange[] = [];
  readonly observations = new Map<string, StreamObservation>();
  /** Requests of the peer that wait for our answer. */
  open = 0;
  /** Bytes of its unfinished message, as they are counted in the sum of all connections. */
  counted = 0;
  readonly decoder: FrameDecoder;

  constructor(
    readonly peer: string,
    now: number,
    settings: StreamSettings,
  ) {
    this.lastHeardAt = now;
    this.decoder = new FrameDecoder(settings.maxMessageBytes);
  }

  get mayAsk(): boolean {
    return this.state === 'open' || this.state === 'pinged';
  }

  get isClosed(): boolean {
    return this.state === 'closed';
  }

  /** Nothing under way in either direction. */
  get isIdle(): boolean {
    return this.active === undefined && this.open === 0;
  }

  room(settings: StreamSettings): number | undefined {
    return bertRoom(this.peerCan, settings.maxBertBytes);
  }

  observationOf(handle: RequestHandle): StreamObservation | undefined {
    for (const observation of this.observations.values()) if (observation.handle === handle) return observation;
    return undefined;
  }
}

/** Every timer of the streams. */
export type StreamTimer = StreamConnection | StreamExchange;
