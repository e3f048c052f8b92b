import { TokenBucket, type Rate } from '../../gateway/token-bucket.ts';

/** Bootstrap-Requests of one device: a few in a row after trouble, then one a minute. */
const OF_ONE: Rate = { burst: 6, perSecond: 1 / 60 };
/** Of all devices together: a key by chance and a commit for each. */
const OF_ALL: Rate = { burst: 200, perSecond: 50 };
/** Devices whose rate is remembered; past it the one that came first is forgotten. */
const REMEMBERED = 10_000;

/** How often devices may ask. A flood costs a few answers and no more. */
export class RequestLimits {
  readonly #all: TokenBucket;
  readonly #ofOne = new Map<string, TokenBucket>();

  constructor(now: number) {
    this.#all = new TokenBucket(OF_ALL, now);
  }

  admits(endpoint: string, now: number): boolean {
    const own = this.#ofOne.get(endpoint) ?? new TokenBucket(OF_ONE, now);
    this.#ofOne.delete(endpoint);
    this.#ofOne.set(endpoint, own);
    for (const oldest of this.#ofOne.keys()) if (this.#ofOne.size > REMEMBERED) this.#ofOne.delete(oldest);
    return own.take(now) && this.#all.take(now);
  }
}
