import fc from 'fast-check';
import type { Random } from './random.ts';

/** fast-check draws them in lots: one by one it would be slower than what it is drawn for. */
const LOT = 64;

/** Well-formed inputs by a description of them; those that the encoder itself refuses are left out. */
export function sampler<T>(arbitrary: fc.Arbitrary<T>, encode: (value: T) => Uint8Array): (random: Random) => Uint8Array {
  let lot: Uint8Array[] = [];
  return (random) => {
    while (lot.length === 0) {
      lot = fc.sample(arbitrary, { seed: random.uint32() | 0, numRuns: LOT }).flatMap((value) => {
        try {
          return [encode(value)];
        } catch {
          return [];
        }
      });
    }
    return lot.pop()!;
  };
}
