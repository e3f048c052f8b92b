import { TokenBucket } from './token-bucket.ts';

/** Endpoints never seen before that one host may bring. A fleet behind one address comes in a wave. */
const RATE = { burst: 20_000, perSecond: 100 };
/** Hosts whose newcomers are counted; past it the one counted longest is forgotten. */
const MAX_HOSTS = 10_000;

/** Slows down a host that makes up endpoints: each would become a device in the inventory. Known devices are never asked. */
export class Newcomers {
  readonly #hosts = new Map<string, TokenBucket>();

  /** `now` in real milliseconds. */
  admits(host: string, now: number): boolean {
    return (this.#hosts.get(host) ?? this.#begin(host, now)).take(now);
  }

  #begin(host: string, now: number): TokenBucket {
    if (this.#hosts.size >= MAX_HOSTS) for (const oldest of this.#hosts.keys()) if (this.#hosts.delete(oldest)) break;
    const bucket = new TokenBucket(RATE, now);
    this.#hosts.set(host, bucket);
    return bucket;
  }
}
