import type { Entropy } from '@drover/kernel';

const POOL_BYTES = 512;

/** Draws small amounts from `Entropy` without asking it for each: a call per message would cost more than the message. */
export class Chance {
  readonly #entropy: Entropy;
  #pool = new Uint8Array(0);
  #used = 0;

  constructor(entropy: Entropy) {
    this.#entropy = entropy;
  }

  /** A copy: each byte is given away once. */
  bytes(count: number): Uint8Array {
    if (this.#used + count > this.#pool.length) {
      this.#pool = this.#entropy.bytes(POOL_BYTES) as Uint8Array<ArrayBuffer>;
      this.#used = 0;
    }
    this.#used += count;
    return this.#pool.slice(this.#used - count, this.#used);
  }

  uint16(): number {
    const drawn = this.bytes(2);
    return (drawn[0]! << 8) | drawn[1]!;
  }

  /** In [0, 1). */
  fraction(): number {
    return this.uint16() / 65_536;
  }
}
