/** Sequence numbers below the highest that are told apart (RFC 8613 section 3.2.2, default). */
export const WINDOW = 32;

/** Numbers that have been received; whatever is older than the window counts as received. */
export class ReplayWindow {
  /** Highest number so far; -1 before the first. */
  #highest: number;
  /** Bit n: the number n below the highest was received. */
  #bits: number;

  constructor(highest = -1) {
    this.#highest = highest;
    this.#bits = highest < 0 ? 0 : 0xffffffff;
  }

  get highest(): number {
    return this.#highest;
  }

  isNew(number: number): boolean {
    const behind = this.#highest - number;
    if (behind < 0) return true;
    return behind < WINDOW && (this.#bits & (1 << behind)) === 0;
  }

  /** Only what has been authenticated. */
  take(number: number): void {
    const ahead = number - this.#highest;
    if (ahead <= 0) this.#bits |= 1 << -ahead;
    else {
      this.#bits = (ahead >= WINDOW ? 0 : this.#bits << ahead) | 1;
      this.#highest = number;
    }
  }
}
