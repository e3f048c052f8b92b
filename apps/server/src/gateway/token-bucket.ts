/** So many at once, and then so many a second. Real milliseconds. */
export interface Rate {
  readonly burst: number;
  readonly perSecond: number;
}

/** What is left of a rate for one who asks again and again. */
export class TokenBucket {
  readonly #rate: Rate;
  #left: number;
  #filledAt: number;

  constructor(rate: Rate, now: number) {
    this.#rate = rate;
    this.#left = rate.burst;
    this.#filledAt = now;
  }

  /** `false`: nothing is left, and nothing was taken. */
  take(now: number): boolean {
    const { burst, perSecond } = this.#rate;
    this.#left = Math.min(burst, this.#left + ((now - this.#filledAt) / 1000) * perSecond);
    this.#filledAt = now;
    if (this.#left < 1) return false;
    this.#left -= 1;
    return true;
  }
}
