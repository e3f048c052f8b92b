import { TimerHeap } from '@drover/kernel';
import { Peer } from './peer.ts';
import type { Exchange, SeparateResponse } from './peer.ts';
import { initialRto } from './rto.ts';
import type { Rto } from './rto.ts';
import type { EndpointSettings } from './settings.ts';

const LOOKS_FOR_ROOM = 16;

/** Every timer of an endpoint. */
export type AnyTimer = Exchange | SeparateResponse | Peer;

/** The peers we talk to, and the one heap with all their timers. */
export class Peers {
  readonly timers = new TimerHeap<AnyTimer>();
  readonly #peers = new Map<string, Peer>();
  readonly #settings: EndpointSettings;
  /** One object for all that are not measured yet. */
  readonly #unmeasured: Rto;

  constructor(settings: EndpointSettings) {
    this.#settings = settings;
    this.#unmeasured = initialRto(settings);
  }

  get size(): number {
    return this.#peers.size;
  }

  find(address: string): Peer | undefined {
    return this.#peers.get(address);
  }

  /** `undefined` when there are too many and none of the oldest can go. */
  findOrAdd(address: string, now: number): Peer | undefined {
    const known = this.#peers.get(address);
    if (known !== undefined) return known;
    if (this.#peers.size >= this.#settings.maxPeers && !this.#makeRoom(now)) return undefined;
    const peer = new Peer(address, { rto: this.#unmeasured, now });
    this.#peers.set(address, peer);
    this.timers.arm(peer, now + this.#idleMs);
    return peer;
  }

  /** Its idle timer fired: forget it, unless it was used since or still has work. Message ids stay unique meanwhile. */
  forgetIfIdle(peer: Peer, now: number): void {
    const idleAt = peer.lastSeenAt + this.#idleMs;
    if (peer.isIdle && idleAt <= now) {
      this.#peers.delete(peer.address);
      return;
    }
    if (peer.isIdle) peer.rest();
    this.timers.arm(peer, Math.max(idleAt, now + this.#settings.exchangeLifetimeMs));
  }

  /** More devices than places: one of the oldest goes early, with its measured RTO, unless its message ids are still taken. */
  #makeRoom(now: number): boolean {
    let looks = LOOKS_FOR_ROOM;
    for (const peer of this.#peers.values()) {
      if (looks-- === 0) return false;
      if (peer.isIdle && peer.lastSeenAt + this.#settings.exchangeLifetimeMs <= now) {
        this.timers.clear(peer);
        return this.#peers.delete(peer.address);
      }
      // Behind the others: the next look begins with one that was not looked at yet.
      this.#peers.delete(peer.address);
      this.#peers.set(peer.address, peer);
    }
    return false;
  }

  get #idleMs(): number {
    return Math.max(this.#settings.peerIdleMs, this.#settings.exchangeLifetimeMs);
  }
}
