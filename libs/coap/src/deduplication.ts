import type { EndpointSettings } from './settings.ts';

/** A message we have seen. `answer` is what a duplicate gets; without one it is still being worked on. */
export interface Seen {
  readonly fingerprint: number;
  readonly expiresAt: number;
  answer?: Uint8Array;
  /** No longer in the cache; an answer given now is not kept. */
  evicted?: boolean;
}

type Limits = Pick<EndpointSettings, 'exchangeLifetimeMs' | 'maxCachedMessages' | 'maxCachedBytes'>;

/**
 * Remembers message ids for EXCHANGE_LIFETIME, with the answers given (RFC 7252 section 4.5). Bounded: under a flood the
 * oldest entry goes first, at the price that a very late duplicate would be served again.
 */
export class Deduplication {
  readonly #limits: Limits;
  /** In order of arrival, which is the order of expiry. */
  readonly #seen = new Map<string, Seen>();
  #bytes = 0;

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#seen.size;
  }

  /** The same id with other bytes is a new message: a device that rebooted starts counting again. */
  find(peer: string, messageId: number, fingerprint: number): Seen | undefined {
    const seen = this.#seen.get(keyOf(peer, messageId));
    return seen?.fingerprint === fingerprint ? seen : undefined;
  }

  remember(from: { peer: string; messageId: number; fingerprint: number }, now: number): Seen {
    this.expire(now);
    const key = keyOf(from.peer, from.messageId);
    this.#drop(key);
    while (this.#seen.size >= this.#limits.maxCachedMessages) this.#dropOldest();
    const seen: Seen = { fingerprint: from.fingerprint, expiresAt: now + this.#limits.exchangeLifetimeMs };
    this.#seen.set(key, seen);
    return seen;
  }

  answered(seen: Seen, answer: Uint8Array): void {
    if (seen.evicted) return;
    this.#bytes += answer.length - (seen.answer?.length ?? 0);
    seen.answer = answer;
    while (this.#bytes > this.#limits.maxCachedBytes && this.#seen.size > 0) this.#dropOldest();
  }

  expire(now: number): void {
    for (const [key, seen] of this.#seen) {
      if (seen.expiresAt > now) return;
      this.#drop(key);
    }
  }

  #dropOldest(): void {
    for (const key of this.#seen.keys()) {
      this.#drop(key);
      return;
    }
  }

  #drop(key: string): void {
    const seen = this.#seen.get(key);
    if (seen === undefined) return;
    this.#bytes -= seen.answer?.length ?? 0;

    seen.evicted = true;
    this.#seen.delete(key);
  }
}

function keyOf(peer: string, messageId: number): string {
  return `${messageId} ${peer}`;
}

/** FNV-1a over the datagram: tells a retransmission, which is byte-identical, from a new message with an old id. */
export function fingerprintOf(bytes: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < bytes.length; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193);
  return hash >>> 0;
}
