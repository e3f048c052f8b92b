import { keptInputs } from './corpus.ts';
import { mutate } from './mutate.ts';
import { judge, messageOf } from './oracle.ts';
import { Random, seedOf } from './random.ts';
import { hexOf, utf8 } from './target.ts';
import type { Target } from './target.ts';

const INPUTS = 3000;

/**
 * The short pass of the tests: everything kept, everything known, and a fixed number of mutations of these. No coverage is
 * looked at, so it is the same in every run of one seed. The first input that breaks something is told with what shows it again.
 */
export async function blindly(target: Target, seed: number): Promise<string | undefined> {
  const random = new Random(seedOf(seed, target.name));
  const tokens = (target.tokens ?? []).map((word) => (typeof word === 'string' ? utf8(word) : word));
  const corpus = [...keptInputs(target.name), ...target.seeds()].map((input) => input.slice(0, target.maxBytes));
  const { maxBytes, generate } = target;
  for (let count = 0; count < corpus.length + (target.quick ?? INPUTS); count++) {
    const isMade = generate !== undefined && random.chance(4);
    const input =
      corpus[count] ?? (isMade ? generate(random).slice(0, maxBytes) : mutate(random.pick(corpus), { random, corpus, tokens, maxBytes }));
    const verdict = await judge(target, input, count < corpus.length || count % 16 === 0);
    if (verdict.type === 'broken') return `${target.name}: ${messageOf(verdict.error)}\n${againText(target.name, input)}`;
  }
  return undefined;
}

/** What a person needs to see it again. */
export function againText(name: string, input: Uint8Array): string {
  return `  input (${input.length} bytes): ${hexOf(input)}\n  again: npm run fuzz -- --target ${name} --input ${hexOf(input)}`;
}
