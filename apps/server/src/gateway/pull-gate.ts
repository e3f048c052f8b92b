import { TokenBucket } from './token-bucket.ts';

/** GETs that one token may ask, at once after a pause and over a long time. A real device waits for each answer. */
const RATE = { burst: 4096, perSecond: 1000 };
/** An address holds a token as long as it asks; after this much silence another may go on (a reboot gives a new port), campaign ms. */
export const HELD_MS = 2000;
/** GETs that wait for their paced answer; a device has one on its way. */
const MAX_WAITING = 8;

interface Holder {
  address: string;
  askedAt: number;
  readonly gets: TokenBucket;
  waiting: number;
}

/**
 * Whose turn it is with a pull token. A token proves the address that shows it, so a stolen one must not turn us into a
 * source of blocks for the whole world: one address at a time, at a rate no device reaches. Real milliseconds throughout.
 */
export class PullGate {
  readonly #holders = new Map<string, Holder>();
  readonly #heldMs: number;

  /** A compressed clock lets devices reboot sooner. */
  constructor(heldMs = HELD_MS) {
    this.#heldMs = heldMs;
  }

  /** `false`: answer 4.29, and prove nothing. */
  admits(token: string, address: string, now: number): boolean {
    const holder = this.#holders.get(token) ?? this.#hold(token, address, now);
    const isMoving = holder.address !== address;
    if (isMoving && now - holder.askedAt < this.#heldMs) return false;
    if ((!isMoving && holder.waiting >= MAX_WAITING) || !holder.gets.take(now)) return false;
    if (isMoving) holder.waiting = 0;
    holder.address = address;
    holder.askedAt = now;
    return true;
  }

  waits(token: string, more: 1 | -1): void {
    const holder = this.#holders.get(token);
    if (holder) holder.waiting = Math.max(0, holder.waiting + more);
  }

  /** With the token itself: what opens nothing any more needs no gate. */
  forget(token: string): void {
    this.#holders.delete(token);
  }

  get size(): number {
    return this.#holders.size;
  }

  #hold(token: string, address: string, now: number): Holder {
    const holder: Holder = { address, askedAt: now, gets: new TokenBucket(RATE, now), waiting: 0 };
    this.#holders.set(token, holder);
    return holder;
  }
}
