import { Coverage } from './coverage.ts';
import { keptInputs } from './corpus.ts';
import { LITERALS } from './instrument.ts';
import { mutate } from './mutate.ts';
import { judge, messageOf, SLOW_MS } from './oracle.ts';
import type { Verdict } from './oracle.ts';
import { Random, seedOf } from './random.ts';
import { utf8 } from './target.ts';
import type { Target } from './target.ts';

/** Inputs of one target that count as new are bounded; past it a random one makes room. */
const MAX_CORPUS = 4096;
/** One input in so many is made by the target's own description, and every other one of those is mutated. */
const GENERATED = 6;
/** What is too dear for each input is done for every so many-th, and for each that is kept. */
const THOROUGH_EVERY = 16;

const SHORTEN_MS = 5000;

export interface Budget {
  readonly runs: number;
  readonly ms: number;
  readonly seed: number;
}

export interface Finding {
  readonly input: Uint8Array;
  readonly error: string;
  readonly stack: string;
}

export interface Progress {
  readonly inputs: number;
  readonly ms: number;
  readonly accepted: number;
  readonly blocks: number;
  readonly corpus: number;
  readonly slowestMs: number;
}

/** The input that is about to run, for whoever watches: a hang cannot tell of itself. */
export type Announce = (input: Uint8Array) => void;

/** Coverage-guided: what reaches a branch for the first time, or more often than before, is kept and mutated further. */
export class Fuzzer {
  readonly #target: Target;
  readonly #announce: Announce;
  readonly #coverage = new Coverage();
  readonly #random: Random;
  readonly #corpus: Uint8Array[] = [];
  readonly #tokens: readonly Uint8Array[];
  readonly #started = performance.now();
  #inputs = 0;
  #accepted = 0;
  #slowest = 0;

  constructor(target: Target, seed: number, announce: Announce) {
    this.#target = target;
    this.#announce = announce;
    this.#random = new Random(seedOf(seed, target.name));
    // A play is made of numbers: words would only make it longer.
    const words = [...(target.tokens ?? []), ...(target.kind === 'decoder' ? LITERALS : [])];
    this.#tokens = words.map((word) => (typeof word === 'string' ? utf8(word) : word));
  }

  get corpus(): readonly Uint8Array[] {
    return this.#corpus;
  }

  get progress(): Progress {
    const { blocks } = this.#coverage;
    const [inputs, accepted, slowestMs] = [this.#inputs, this.#accepted, this.#slowest];
    return { inputs, ms: performance.now() - this.#started, accepted, blocks, corpus: this.#corpus.length, slowestMs };
  }

  /** To the end of the budget, or to the first finding. */
  async run({ runs, ms }: Budget, told: (progress: Progress) => void): Promise<Finding | undefined> {
    // Most inputs are refused with an error, and its stack costs more than the decoder.
    Error.stackTraceLimit = 0;
    const first = [...keptInputs(this.#target.name), ...this.#target.seeds()];
    if (first.length === 0) first.push(new Uint8Array(0));
    for (const input of first) {
      const finding = await this.#one(input.slice(0, this.#target.maxBytes), true);
      if (finding) return finding;
      this.#keep(input);
    }
    let tellAt = 1000;
    while (this.#inputs < runs) {
      if ((this.#inputs & 63) === 0) {
        const now = performance.now() - this.#started;
        if (now >= ms) break;
        if (now >= tellAt) told(this.progress);
        if (now >= tellAt) tellAt = now + 1000;
        // A long run must not keep the thread from hearing.
        if ((this.#inputs & 4095) === 0) await new Promise((resolve) => setImmediate(resolve));
      }
      const finding = await this.#one(this.#next(), this.#inputs % THOROUGH_EVERY === 0);
      if (finding) return finding;
    }
    return undefined;
  }

  #next(): Uint8Array {
    const [random, corpus] = [this.#random, this.#corpus];
    const { generate, maxBytes } = this.#target;
    const made = generate !== undefined && random.chance(GENERATED) ? generate(random).slice(0, maxBytes) : undefined;
    if (made !== undefined && random.chance(2)) return made;
    // The newest are tried more often: what they opened is not explored yet.
    const recent = Math.min(corpus.length, 32);
    const from = random.chance(3) ? corpus[corpus.length - 1 - random.below(recent)]! : random.pick(corpus);
    return mutate(made ?? from, { random, corpus, tokens: this.#tokens, maxBytes });
  }

  async #one(input: Uint8Array, thorough: boolean): Promise<Finding | undefined> {
    this.#inputs += 1;
    this.#announce(input);
    const verdict = await judge(this.#target, input, thorough);
    if (verdict.ms > this.#slowest) this.#slowest = verdict.ms;
    if (verdict.type === 'broken') return this.#findingOf(input, verdict);
    if (verdict.type === 'accepted') this.#accepted += 1;
    if (this.#coverage.take() === 'nothing') return undefined;
    this.#keep(input);
    const again = await judge(this.#target, input, true);
    this.#coverage.take();
    return again.type === 'broken' ? this.#findingOf(input, again) : undefined;
  }

  /** Shortened, and run once more for a stack trace; one that does not break a second time is a finding as well. */
  async #findingOf(broken: Uint8Array, { error }: Extract<Verdict, { type: 'broken' }>): Promise<Finding> {
    const input = await shortened(this.#target, broken);
    Error.stackTraceLimit = 20;
    const again = await judge(this.#target, input, true);
    const told = again.type === 'broken' ? again.error : error;
    return { input, error: messageOf(told), stack: told instanceof Error ? (told.stack ?? '') : '' };
  }

  #keep(input: Uint8Array): void {
    if (this.#corpus.length < MAX_CORPUS) this.#corpus.push(input.slice());
    else this.#corpus[this.#random.below(MAX_CORPUS)] = input.slice();
  }
}

/** Takes away whatever is not needed for it to break, in pieces that get smaller. How it breaks may change on the way. */
async function shortened(target: Target, broken: Uint8Array): Promise<Uint8Array> {
  let input = broken.slice();
  const until = performance.now() + SHORTEN_MS;
  for (let piece = input.length >> 1; piece > 0; piece >>= 1) {
    for (let at = 0; at < input.length && performance.now() < until;) {
      const less = Uint8Array.from(Buffer.concat([input.subarray(0, at), input.subarray(at + piece)]));
      if ((await judge(target, less, true)).type === 'broken') input = less;
      else at += piece;
    }
  }
  return input;
}

/** What of a corpus is worth keeping: the shortest inputs that together reach every branch of it. */
export async function distilled(target: Target, corpus: readonly Uint8Array[]): Promise<Uint8Array[]> {
  const coverage = new Coverage();
  coverage.take();
  const fresh = new Coverage();
  const kept: Uint8Array[] = [];
  for (const input of [...corpus].sort((a, b) => a.length - b.length)) {
    await judge(target, input, false);
    if (fresh.take() === 'branch') kept.push(input);
  }
  return kept;
}

export const isSlow = ({ slowestMs }: Progress): boolean => slowestMs > SLOW_MS;
