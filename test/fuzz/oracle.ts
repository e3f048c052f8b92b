import { DroverError } from '@drover/kernel';
import { Broken, demand, sameBytes } from './target.ts';
import type { Target } from './target.ts';

/** Above it an input is told as slow, and above the second it is a finding, ms. */
export const SLOW_MS = 50;
export const HANG_MS = 1000;
/** What a decoded value may hold for each byte of its input: numbers, texts, members, counted one by one. */
const FACTOR = 24;
const FLOOR = 4096;

/** A library that prints for what it reads lets a stranger fill the log. */
let printed: string | undefined;
process.emitWarning = (warning: string | Error): void => {
  printed = String(warning);
};

export type Verdict =
  | { readonly type: 'accepted' | 'refused'; readonly ms: number }
  | { readonly type: 'broken'; readonly ms: number; readonly error: unknown };

/** Runs one input and judges it: what came out, what it took, and that the input is still what it was. */
export async function judge(target: Target, input: Uint8Array, thorough: boolean): Promise<Verdict> {
  const before = input.slice();
  printed = undefined;
  const started = performance.now();
  const verdict = await outcomeOf(target, input, { thorough, started });
  if (verdict.type === 'broken') return verdict;
  if (printed !== undefined) return { ...verdict, type: 'broken', error: new Broken(`it printed a warning: ${printed}`) };
  if (!sameBytes(before, input)) return { ...verdict, type: 'broken', error: new Broken('the input was changed') };
  if (verdict.ms > HANG_MS && (await isSlowAgain(target, input)))
    return { ...verdict, type: 'broken', error: new Broken(`took ${verdict.ms.toFixed(0)} ms`) };
  return verdict;
}

async function outcomeOf(
  target: Target,
  input: Uint8Array,
  { thorough, started }: { thorough: boolean; started: number },
): Promise<Verdict> {
  const took = (): number => performance.now() - started;
  try {
    const first = target.run(input, thorough);
    const value = first instanceof Promise ? ((await first) as unknown) : first;
    if (thorough) requireBounded(value, input.length);
    return { type: 'accepted', ms: took() };
  } catch (error) {
    if (error instanceof DroverError && (target.refusals ?? ['input']).includes(error.kind)) return { type: 'refused', ms: took() };
    return { type: 'broken', ms: took(), error };
  }
}

/** The machine may have been busy with something else: only what is slow three times is slow. */
async function isSlowAgain(target: Target, input: Uint8Array): Promise<boolean> {
  for (let again = 0; again < 2; again++) {
    if ((await outcomeOf(target, input, { thorough: false, started: performance.now() })).ms < HANG_MS) return false;
  }
  return true;
}

function requireBounded(value: unknown, inputBytes: number): void {
  const limit = FLOOR + FACTOR * inputBytes;
  const size = sizeOf(value, limit);
  demand(size <= limit, () => `more than ${limit} things were made of ${inputBytes} bytes`);
}

/** Characters, bytes, members and numbers of a plain value; stops counting behind `limit`. */
function sizeOf(root: unknown, limit: number): number {
  let size = 0;
  const open: unknown[] = [root];
  while (open.length > 0 && size <= limit) {
    const value = open.pop();
    size += 1;
    if (typeof value === 'string' || value instanceof Uint8Array) size += value.length;
    else if (Array.isArray(value) || value instanceof Set) for (const item of value) open.push(item);
    else if (value instanceof Map) for (const [key, item] of value) open.push(key, item);
    else if (typeof value === 'object' && value !== null) for (const item of Object.values(value)) open.push(item);
  }
  return size;
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
