import type { Endpoint, Instant } from '@drover/kernel';
import type { TraceSeen } from '../../link/looks.ts';
import { messageText } from './message-text.ts';
import { TraceRing } from './trace-ring.ts';
import { claimIn, TracedMessages, type Taken } from './traced-messages.ts';

/** Devices whose datagrams are kept, the ones included whose time is over and that nobody has switched off. */
export const MAX_TRACED = 64;
/** Addresses beside its registration that a device is heard from: pulls come from new ports. */
const MAX_PEERS = 8;

export interface TraceParts {
  readonly clock: () => Instant;
  readonly endpointsAt: (peer: string) => readonly Endpoint[];
  /** Whose pull token this is. */
  readonly ownerOf: (token: string) => Endpoint | undefined;
}

interface Trace {
  readonly endpoint: Endpoint;
  until: Instant;
  readonly ring: TraceRing;
  /** Where it was heard without being registered there, oldest first. */
  readonly peers: Set<string>;
}

/**
 * The datagrams of a few devices, for as long as somebody has asked for. While nobody has, `isOn` is all that a datagram
 * costs; payloads are never kept.
 */
export class TraceDesk {
  readonly #parts: TraceParts;
  readonly #traces = new Map<Endpoint, Trace>();
  readonly #byPeer = new Map<string, Trace>();
  readonly #messages = new TracedMessages();
  /** When the first of them ends; never, while there is none. */
  #endsAt = Number.POSITIVE_INFINITY;
  #isOn = false;

  constructor(parts: TraceParts) {
    this.#parts = parts;
  }

  get isOn(): boolean {
    return this.#isOn;
  }

  /** `false` when as many as there is room for are being traced. Again for the same device changes its end. */
  start(endpoint: Endpoint, until: Instant): boolean {
    const known = this.#traces.get(endpoint);
    if (known) known.until = until;
    else if (!this.#hasRoom()) return false;
    else this.#traces.set(endpoint, { endpoint, until, ring: new TraceRing(), peers: new Set() });
    this.#look();
    return true;
  }

  /** What was recorded is gone. */
  stop(endpoint: Endpoint): void {
    const trace = this.#traces.get(endpoint);
    if (!trace) return;
    for (const peer of trace.peers) this.#forgetPeer(peer);
    this.#traces.delete(endpoint);
    this.#look();
  }

  seen(endpoint: Endpoint): TraceSeen | undefined {
    const trace = this.#traces.get(endpoint);
    return trace && { until: trace.until, dropped: trace.ring.dropped, entries: trace.ring.entries };
  }

  received(peer: string, bytes: Uint8Array): void {
    const trace = this.#of(peer) ?? this.#claimed(peer, bytes);
    if (trace) this.#add(trace, 'in', { peer, taken: this.#messages.received(peer, bytes) });
  }

  sent(peer: string, bytes: Uint8Array): void {
    const trace = this.#of(peer);
    if (trace) this.#add(trace, 'out', { peer, taken: this.#messages.sent(peer, bytes) });
  }

  /** The connection is gone: the next one from there begins anew. */
  closed(peer: string): void {
    this.#messages.forget(peer);
  }

  #add({ ring }: Trace, direction: 'in' | 'out', { peer, taken }: { peer: string; taken: readonly Taken[] }): void {
    const at = this.#parts.clock();
    for (const each of taken) {
      const text = 'message' in each ? messageText(each.message) : each.trouble;
      ring.add({ at, direction, peer, bytes: each.bytes, text });
    }
  }

  #of(peer: string): Trace | undefined {
    const now = this.#parts.clock();
    if (now >= this.#endsAt) this.#look();
    const there = this.#parts.endpointsAt(peer);
    for (const endpoint of there) {
      const trace = running(this.#traces.get(endpoint), now);
      if (trace) return trace;
    }
    // Where somebody else lives now, an earlier pull from that port means nothing any more.
    return there.length > 0 ? undefined : running(this.#byPeer.get(peer), now);
  }

  /** A pull from a new port, or a Register from a new address: it says itself whose it is. */
  #claimed(peer: string, bytes: Uint8Array): Trace | undefined {
    const claim = claimIn(bytes, peer);
    if (!claim) return undefined;
    const endpoint = claim.token === undefined ? claim.endpoint : this.#parts.ownerOf(claim.token);
    const trace = running(this.#traces.get(endpoint as Endpoint), this.#parts.clock());
    if (!trace) return undefined;
    if (trace.peers.size >= MAX_PEERS) for (const oldest of trace.peers) if (this.#leave(trace, oldest)) break;
    trace.peers.add(peer);
    this.#byPeer.set(peer, trace);
    return trace;
  }

  #leave({ peers }: Trace, peer: string): boolean {
    this.#forgetPeer(peer);
    return peers.delete(peer);
  }

  #forgetPeer(peer: string): void {
    this.#byPeer.delete(peer);
    this.#messages.forget(peer);
  }

  /** One whose time is over makes room. */
  #hasRoom(): boolean {
    if (this.#traces.size < MAX_TRACED) return true;
    const now = this.#parts.clock();
    const over = [...this.#traces.values()].find(({ until }) => until <= now);
    if (over) this.stop(over.endpoint);
    return over !== undefined;
  }

  /** Whether any is running, and until when none ends. */
  #look(): void {
    const now = this.#parts.clock();
    const ends = [...this.#traces.values()].map(({ until }) => until).filter((until) => until > now);
    this.#isOn = ends.length > 0;
    this.#endsAt = ends.length > 0 ? Math.min(...ends) : Number.POSITIVE_INFINITY;
  }
}

function running(trace: Trace | undefined, now: Instant): Trace | undefined {
  return trace && trace.until > now ? trace : undefined;
}
