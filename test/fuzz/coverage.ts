import { COUNTERS, countersUsed } from './instrument.ts';

/** A branch taken once, twice, a few times or often are different things to have seen. */
const BUCKET = Uint8Array.from({ length: 256 }, (_, count) => {
  if (count < 4) return [0, 1, 2, 4][count]!;
  return count < 8 ? 8 : count < 16 ? 16 : count < 32 ? 32 : count < 128 ? 64 : 128;
});
const WORDS = new Uint32Array(COUNTERS.buffer);

/** What the inputs so far have reached. */
export class Coverage {
  readonly #seen = new Uint8Array(COUNTERS.length);
  #blocks = 0;

  /** Branches taken by any input. */
  get blocks(): number {
    return this.#blocks;
  }

  /** Empties the counters; returns whether they held anything new: a branch, or a branch more often than before. */
  take(): 'nothing' | 'count' | 'branch' {
    let found: 'nothing' | 'count' | 'branch' = 'nothing';
    const words = Math.min(WORDS.length, (countersUsed() + 3) >> 2);
    for (let word = 0; word < words; word++) {
      if (WORDS[word] === 0) continue;
      for (let at = word * 4; at < word * 4 + 4; at++) {
        const bit = BUCKET[COUNTERS[at]!]!;
        const before = this.#seen[at]!;
        if (bit === 0 || (before & bit) !== 0) continue;
        if (before === 0) this.#blocks += 1;
        if (before === 0) found = 'branch';
        else if (found === 'nothing') found = 'count';
        this.#seen[at] = before | bit;
      }
      WORDS[word] = 0;
    }
    return found;
  }
}
