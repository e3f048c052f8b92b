/** Endpoints never seen before that one host may bring: at once, and then a second. A fleet behind one address comes in a wave. */
const BURST = 20_000;
const RATE_PER_S = 100;
/** Hosts whose newcomers are counted; past it the one counted longest is forgotten. */
const MAX_HOSTS = 10_000;

interface Bucket {
  left: number;
  filledAt: number;
}

/** Slows down a host that makes up endpoints: each would become a device in the inventory. Known devices are never asked. */
export class Newcomers {
  readonly #hosts = new Map<string, Bucket>();

  /** `now` in real milliseconds. */
  admits(host: string, now: number): boolean {
    const bucket = this.#hosts.get(host) ?? this.#begin(host, now);
    bucket.left = Math.min(BURST, bucket.left + ((now - bucket.filledAt) / 1000) * RATE_PER_S);
    bucket.filledAt = now;
    if (bucket.left < 1) return false;
    bucket.left -= 1;
    return true;
  }

  #begin(host: string, now: number): Bucket {
    if (this.#hosts.size >= MAX_HOSTS) for (const oldest of this.#hosts.keys()) if (this.#hosts.delete(oldest)) break;
    const bucket = { left: BURST, filledAt: now };
    this.#hosts.set(host, bucket);
    return bucket;
  }
}
