/** Small and fast (xorshift32): the fuzzer draws some dozens of numbers for each input. The same seed gives the same inputs. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) | 1;
    for (let warm = 0; warm < 8; warm++) this.uint32();
  }

  uint32(): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x;
    return x >>> 0;
  }

  /** In [0, count). */
  below(count: number): number {
    return this.uint32() % count;
  }

  chance(oneIn: number): boolean {
    return this.below(oneIn) === 0;
  }

  /** Mostly small, sometimes up to `most`: sizes that matter are near zero. */
  small(most: number): number {
    return this.below(1 + this.below(1 + Math.min(most, 1 << this.below(16))));
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }

  bytes(count: number): Uint8Array {
    const bytes = new Uint8Array(count);
    for (let at = 0; at < count; at++) bytes[at] = this.uint32() >>> 11;
    return bytes;
  }
}

/** A target's own stream of chance, so that targets do not depend on each other's order. */
export function seedOf(seed: number, name: string): number {
  let hash = seed >>> 0;
  for (let at = 0; at < name.length; at++) hash = Math.imul(hash ^ name.charCodeAt(at), 0x01000193);
  return hash >>> 0;
}
