import { expect, it } from '@jest/globals';
import { blindly } from '../fuzz/blind.ts';
import { TARGETS } from '../fuzz/targets/index.ts';

/** The short pass; the long one, guided by coverage, is `npm run fuzz` (docs/fuzzing.md). */
const SEED = 1;
const PATIENCE_MS = 60_000;

it.each(TARGETS)(
  '$name keeps its promises',
  async (target) => {
    expect(await blindly(target, SEED)).toBeUndefined();
  },
  PATIENCE_MS,
);
