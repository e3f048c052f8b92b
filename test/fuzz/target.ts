import type { Random } from './random.ts';

/** One thing to fuzz. `run` is the oracle: whatever it throws, other than a refusal the target allows, is a finding. */
export interface Target {
  readonly name: string;
  readonly kind: 'decoder' | 'conversation';
  /** Longer inputs are cut: most faults show in short ones, and a short one can be read. */
  readonly maxBytes: number;
  /** Paths of the files whose branches guide the search, e.g. `libs/coap/dist/` or `node_modules/cbor2/`. */
  readonly guide: readonly string[];
  /** What is known to be well formed. */
  readonly seeds: () => readonly Uint8Array[];
  /** Words of the format, for the mutators. */
  readonly tokens?: readonly (string | Uint8Array)[];
  /** More well-formed inputs; drawn from now and then. */
  readonly generate?: (random: Random) => Uint8Array;
  /**
   * Takes one input through its decoder and what belongs to it. Throws the library's own error for what it refuses.
   * `thorough`: also what costs too much for each input.
   */
  readonly run: (input: Uint8Array, thorough: boolean) => unknown;
  /** Mutations in the short pass of the tests, where 3000 would take too long. */
  readonly quick?: number;
  /** Kinds of `DroverError` that are a refusal and no finding; `input` alone unless given. */
  readonly refusals?: readonly string[];
}

/** A promise that was broken; the text says which. */
export class Broken extends Error {
  override readonly name = 'Broken';
}

export function demand(holds: boolean, promise: string | (() => string)): asserts holds {
  if (!holds) throw new Broken(typeof promise === 'string' ? promise : promise());
}

export const utf8 = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'utf8'));
export const textOf = (bytes: Uint8Array): string => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8');
export const fromHex = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'));
export const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex');
export const join = (...parts: readonly Uint8Array[]): Uint8Array => Uint8Array.from(Buffer.concat(parts));
export const sameBytes = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;
