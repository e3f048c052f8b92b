import { Entropy, seededRandom } from '@drover/kernel';

/** Tokens and message ids of a simulated device repeat with its seed. Nothing secret is made of them. */
export class SeededEntropy extends Entropy {
  readonly #random: () => number;

  constructor(seed: number) {
    super();
    this.#random = seededRandom(seed);
  }

  bytes(count: number): Uint8Array {
    return Uint8Array.from({ length: count }, () => Math.floor(this.#random() * 256));
  }
}
