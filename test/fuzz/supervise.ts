import { Worker } from 'node:worker_threads';
import { againText } from './blind.ts';
import type { Finding, Progress } from './fuzzer.ts';
import type { Job, Told } from './worker.ts';

/** No input is worth that long, whatever else the machine does, ms. */
const STUCK_MS = 10_000;
/** Of one target's thread: an input that needs more is a finding. */
const HEAP_MB = 1024;
const ROOM_BYTES = 1 << 20;

export interface Outcome {
  readonly progress: Progress;
  readonly kept: number;
  readonly finding: Finding | undefined;
}

const NOTHING: Progress = { inputs: 0, ms: 0, accepted: 0, blocks: 0, corpus: 0, slowestMs: 0 };

/** Runs one target in a thread of its own, so that a hang and an exhausted heap are findings like any other. */
export function fuzzInThread(job: Omit<Job, 'current'>, told: (progress: Progress) => void): Promise<Outcome> {
  const current = new SharedArrayBuffer(8 + ROOM_BYTES);
  const header = new Int32Array(current, 0, 2);
  const worker = new Worker(new URL('./worker.ts', import.meta.url), {
    workerData: { ...job, current } satisfies Job,
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
  });
  return new Promise((resolve, reject) => {
    let [progress, last, lastAt] = [NOTHING, -1, performance.now()];
    const settle = (outcome: Outcome): void => {
      clearInterval(watch);
      resolve(outcome);
      void worker.terminate();
    };
    const broken = (error: string, stack = ''): void => {
      const input = new Uint8Array(current, 8, header[0]).slice();
      settle({ progress, kept: 0, finding: { input, error, stack } });
    };
    const watch = setInterval(() => {
      const now = performance.now();
      if (header[1] !== last) [last, lastAt] = [header[1]!, now];
      else if (header[1] !== 0 && now - lastAt > STUCK_MS) broken(`no end after ${STUCK_MS} ms`);
    }, 500);
    worker.on('message', (message: Told) => {
      progress = message.progress;
      if (message.type === 'progress') told(progress);
      else settle({ progress, kept: message.kept, finding: message.finding });
    });
    worker.on('error', (error: Error & { code?: string }) => {
      // Before the first input it is the fuzzer itself that does not work.
      if (header[1] === 0) reject(error);
      else broken(error.code ?? error.message, error.stack);
    });
  });
}

export function describe(name: string, { input, error }: Finding): string {
  return `${name}: ${error}\n${againText(name, input)}`;
}
