import { Worker } from 'node:worker_threads';
import { DroverError } from '@drover/kernel';
import { buffersOf, type Outlook, type OutlookOptions, type OutlookProgress, type OutlookSnapshot } from '@drover/schedule';

export interface OutlookStart {
  readonly snapshot: OutlookSnapshot;
  readonly options: OutlookOptions;
}

export type FromOutlook =
  { readonly type: 'progress'; readonly progress: OutlookProgress } | { readonly type: 'done'; readonly outlook: Outlook };

export interface Running {
  readonly result: Promise<Outlook>;
  /** At once; the result is refused then. */
  stop(): void;
}

/** Where an outlook is computed. */
export abstract class OutlookRunner {
  abstract run(start: OutlookStart, onProgress: (progress: OutlookProgress) => void): Running;
}

/** Of one outlook, MB: a sample of twenty thousand devices takes a third of it. */
const MEMORY = { maxOldGenerationSizeMb: 1024, maxYoungGenerationSizeMb: 64 };

/** A thread for each, which takes its memory with it when it ends. The snapshot is handed over, not copied. */
export class OutlookThread extends OutlookRunner {
  run(start: OutlookStart, onProgress: (progress: OutlookProgress) => void): Running {
    const worker = new Worker(new URL('./main.js', import.meta.url), {
      workerData: start,
      transferList: buffersOf(start.snapshot),
      resourceLimits: MEMORY,
    });
    const result = new Promise<Outlook>((resolve, reject) => {
      worker.on('message', (message: FromOutlook) => {
        if (message.type === 'done') resolve(message.outlook);
        else onProgress(message.progress);
      });
      worker.once('error', (error) => reject(failed(error instanceof Error ? error.message : String(error), error)));
      // After a result this comes too late to change anything.
      worker.once('exit', (code) => reject(failed(`its thread ended with ${code}`)));
    });
    return { result, stop: () => void worker.terminate() };
  }
}

function failed(why: string, cause?: unknown): DroverError {
  return new DroverError('FORECAST_FAILED', 'invariant', `the forecast could not be computed: ${why}`, { cause });
}
