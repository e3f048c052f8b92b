const WINDOW = 64;
const HALF = 32;

/**
 * The last 64 sequence numbers received (RFC 6347 section 4.1.2.6). Two words of 32 bits: a session keeps one of these for
 * weeks, and a BigInt would be an object. Ask before the MAC is checked, mark only after it held.
 */
export class ReplayWindow {
  /** The newest number that was marked; -1 before the first. */
  #highest: number;
  /** Bit n stands for `highest - n`. */
  #low = 0;
  #high = 0;

  /** Everything up to and including `floor` counts as received. */
  constructor(floor = -1) {
    this.#highest = floor;
    if (floor >= 0) this.#low = this.#high = -1;
  }

  get highest(): number {
    return this.#highest;
  }

  isNew(sequence: number): boolean {
    const back = this.#highest - sequence;
    if (back < 0) return true;
    if (back >= WINDOW) return false;
    return back < HALF ? (this.#low & (1 << back)) === 0 : (this.#high & (1 << (back - HALF))) === 0;
  }

  mark(sequence: number): void {
    const ahead = sequence - this.#highest;
    if (ahead > 0) this.#shift(ahead);
    const back = this.#highest - sequence;
    if (back < HALF) this.#low |= 1 << back;
    else if (back < WINDOW) this.#high |= 1 << (back - HALF);
  }

  #shift(by: number): void {
    this.#highest += by;
    if (by >= WINDOW) {
      this.#low = this.#high = 0;
    } else if (by >= HALF) {
      // `<<` takes its count modulo 32, so that a shift by 0 must be one by 0.
      this.#high = this.#low << (by - HALF);
      this.#low = 0;
    } else {
      this.#high = (this.#high << by) | (this.#low >>> (HALF - by));
      this.#low <<= by;
    }
  }
}
