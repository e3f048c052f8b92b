import { parentPort, workerData } from 'node:worker_threads';
import { keepInputs } from './corpus.ts';
import type { Finding, Progress } from './fuzzer.ts';
import { instrument } from './instrument.ts';
import type { Target } from './target.ts';

/** What the thread of one target is started with. */
export interface Job {
  readonly name: string;
  readonly guide: readonly string[];
  readonly runs: number;
  readonly ms: number;
  readonly seed: number;
  /** Writes what reached something into test/golden/fuzz. */
  readonly keep: boolean;
  /** The input that runs: its length, then its bytes. */
  readonly current: SharedArrayBuffer;
}

export type Told =
  | { readonly type: 'progress'; readonly progress: Progress }
  | { readonly type: 'done'; readonly progress: Progress; readonly kept: number; readonly finding: Finding | undefined };

const job = workerData as Job;
const tell = (told: Told): void => parentPort!.postMessage(told);

// The libraries are loaded after the hooks, and so is whatever imports them.
instrument(job.guide);
const { TARGETS } = (await import('./targets/index.ts')) as { TARGETS: readonly Target[] };
const { distilled, Fuzzer } = await import('./fuzzer.ts');

const target = TARGETS.find(({ name }) => name === job.name)!;
const header = new Int32Array(job.current, 0, 2);
const room = new Uint8Array(job.current, 8);
const fuzzer = new Fuzzer(target, job.seed, (input) => {
  header[0] = input.length;
  header[1] = (header[1]! + 1) | 0;
  room.set(input);
});

const finding = await fuzzer.run(job, (progress) => tell({ type: 'progress', progress }));
const { progress } = fuzzer;
const kept = job.keep ? keepInputs(target.name, await distilled(target, fuzzer.corpus)) : 0;
tell({ type: 'done', progress, kept, finding });
