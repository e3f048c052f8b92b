import type { Chance } from './chance.ts';
import { Peer } from './peer.ts';
import type { Exchange, SeparateResponse } from './peer.ts';
import { initialRto } from './rto.ts';
import type { EndpointSettings } from './settings.ts';
import { TimerHeap } from './timers.ts';

/** Every timer of an endpoint. */
export type AnyTimer = Exchange | SeparateResponse | Peer;

/** The peers we talk to, and the one heap with all their timers. */
export class Peers {
  readonly timers = new TimerHeap<AnyTimer>();
  readonly #peers = new Map<string, Peer>();
  readonly #settings: EndpointSettings;
  readonly #chance: Chance;

  constructor(settings: EndpointSettings, chance: Chance) {
    this.#settings = settings;
    this.#chance = chance;
  }

  get size(): number {
    return this.#peers.size;
  }

  find(address: string): Peer | undefined {
    return this.#peers.get(address);
  }

  /** `undefined` when there are too many. */
  findOrAdd(address: string, now: number): Peer | undefined {
    const known = this.#peers.get(address);
    if (known !== undefined) return known;
    if (this.#peers.size >= this.#settings.maxPeers) return undefined;
    const peer = new Peer(address, { messageId: this.#chance.uint16(), rto: initialRto(this.#settings), now });
    this.#peers.set(address, peer);
    this.timers.arm(peer, now + this.#idleMs);
    return peer;
  }

  /** Its idle timer fired: forget it, unless it was used since or still has work. Message ids stay unique meanwhile. */
  forgetIfIdle(peer: Peer, now: number): void {
    const idleAt = peer.lastSeenAt + this.#idleMs;
    if (peer.isIdle && idleAt <= now) this.#peers.delete(peer.address);
    else this.timers.arm(peer, Math.max(idleAt, now + this.#settings.exchangeLifetimeMs));
  }

  get #idleMs(): number {
    return Math.max(this.#settings.peerIdleMs, this.#settings.exchangeLifetimeMs);
  }
}
