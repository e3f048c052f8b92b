import type { EndpointSettings } from './settings.ts';

/** A message we have seen. `answer` is what a duplicate gets; without one it is still being worked on. */
export interface Seen {
  readonly key: number;
  readonly peer: string;
  readonly fingerprint: number;
  readonly expiresAt: number;
  answer: Uint8Array | undefined;
  /** No longer in the cache; an answer given now is not kept. */
  evicted: boolean;
}

/** Who sent what: a message by its bytes. */
export interface Sender {
  readonly peer: string;
  readonly messageId: number;
  readonly fingerprint: number;
}

type Limits = Pick<EndpointSettings, 'exchangeLifetimeMs' | 'maxCachedMessages' | 'maxCachedBytes'>;

/**
 * Remembers message ids for EXCHANGE_LIFETIME, with the answers given (RFC 7252 section 4.5). Bounded: under a flood the
 * oldest entry goes first, at the price that a very late duplicate would be served again.
 */
export class Deduplication {
  readonly #limits: Limits;
  readonly #seen = new Map<number, Seen>();
  readonly #seed: number;
  /** In order of arrival, which is the order of expiry; a Map that loses its first entries for ever gets slow at its front. */
  #order: Seen[] = [];
  #head = 0;
  #bytes = 0;

  /** `seed` is not to be guessed: who knows it finds addresses that push out what another has sent. */
  constructor(limits: Limits, seed: number) {
    this.#limits = limits;
    this.#seed = seed;
  }

  get size(): number {
    return this.#seen.size;
  }

  /**
   * What was seen of this very message, or `undefined` and a place for it: the same id with other bytes is a new message,
   * because a device that rebooted starts counting again.
   */
  meet(from: Sender, now: number): { readonly earlier: Seen } | { readonly fresh: Seen } {
    const key = this.#keyOf(from.peer, from.messageId);
    const known = this.#seen.get(key);
    if (known?.fingerprint === from.fingerprint && known.peer === from.peer) return { earlier: known };
    return { fresh: this.#remember(key, from, now) };
  }

  find({ peer, messageId, fingerprint }: Sender): Seen | undefined {
    const seen = this.#seen.get(this.#keyOf(peer, messageId));
    return seen?.fingerprint === fingerprint && seen.peer === peer ? seen : undefined;
  }

  remember(from: Sender, now: number): Seen {
    return this.#remember(this.#keyOf(from.peer, from.messageId), from, now);
  }

  #remember(key: number, from: Sender, now: number): Seen {
    this.expire(now);
    this.#drop(this.#seen.get(key));
    while (this.#seen.size >= this.#limits.maxCachedMessages) this.#drop(this.#oldest());
    const { peer, fingerprint } = from;
    const seen: Seen = { key, peer, fingerprint, expiresAt: now + this.#limits.exchangeLifetimeMs, answer: undefined, evicted: false };
    this.#seen.set(key, seen);
    this.#order.push(seen);
    // One id with ever new bytes leaves evicted entries in the middle, which the head does not reach for minutes.
    if (this.#order.length > 2 * this.#limits.maxCachedMessages + 1024) this.#compact();
    return seen;
  }

  answered(seen: Seen, answer: Uint8Array): void {
    if (seen.evicted) return;
    this.#bytes += answer.length - (seen.answer?.length ?? 0);
    seen.answer = answer;
    while (this.#bytes > this.#limits.maxCachedBytes) this.#drop(this.#oldest());
  }

  expire(now: number): void {
    for (let oldest = this.#oldest(); oldest !== undefined && oldest.expiresAt <= now; oldest = this.#oldest()) this.#drop(oldest);
  }

  /** 48 bits of address and id: a number is found faster than a text that is put together for each look. */
  #keyOf(peer: string, messageId: number): number {
    let hash = this.#seed;
    for (let i = 0; i < peer.length; i++) hash = Math.imul(hash ^ peer.charCodeAt(i), 0x01000193);
    return (hash >>> 0) * 0x10000 + messageId;
  }

  #oldest(): Seen | undefined {
    while (this.#order[this.#head]?.evicted) this.#head += 1;
    if (this.#head > 1024 && this.#head * 2 > this.#order.length) this.#compact();
    return this.#order[this.#head];
  }

  #compact(): void {
    this.#order = this.#order.filter(({ evicted }) => !evicted);
    this.#head = 0;
  }

  #drop(seen: Seen | undefined): void {
    if (seen === undefined) return;
    this.#bytes -= seen.answer?.length ?? 0;
    seen.answer = undefined;
    seen.evicted = true;
    this.#seen.delete(seen.key);
  }
}

/** FNV-1a over the datagram: tells a retransmission, which is byte-identical, from a new message with an old id. */
export function fingerprintOf(bytes: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < bytes.length; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193);
  return hash >>> 0;
}
