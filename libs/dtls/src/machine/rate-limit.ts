/** So many a second, and no more: a token bucket of one second. Alerts to strangers must not become a service to attackers. */
export class RateLimit {
  readonly #perSecond: number;
  #left: number;
  #since = 0;

  constructor(perSecond: number) {
    this.#perSecond = perSecond;
    this.#left = perSecond;
  }

  allows(now: number): boolean {
    this.#left = Math.min(this.#perSecond, this.#left + (Math.max(0, now - this.#since) * this.#perSecond) / 1000);
    this.#since = now;
    if (this.#left < 1) return false;
    this.#left -= 1;
    return true;
  }
}
