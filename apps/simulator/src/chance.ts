const RANGE = 4_294_967_296;

/** The chance of one device: Mulberry32 like `seededRandom`, as an object of one number, because a fleet holds one per device. */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0;
  }

  /** In [0, 1). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / RANGE;
  }

  below(limit: number): number {
    return Math.floor(this.next() * limit);
  }

  /** `true` in that share of throws; a share of nothing is not even thrown for. */
  hits(share: number): boolean {
    return share > 0 && this.next() < share;
  }
}
