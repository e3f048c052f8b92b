import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { DataSource } from 'typeorm';

/** Pages of the log from which on a commit moves them itself, as a bound for its length: 64 MB. SQLite's own is 4 MB. */
const LONGEST_LOG = 16_384;
/** Of a thread that does nothing else, MB. */
const MEMORY = { maxOldGenerationSizeMb: 32, maxYoungGenerationSizeMb: 4 };

export interface Checkpoints {
  stop(): Promise<void>;
}

/**
 * Moves what has been committed from the log into the file in a thread of its own. A commit would do it every thousand pages
 * on the engine's thread, with a wait for the disk that holds up contacts. Without this thread that is what happens again,
 * later: nothing that is on the disk depends on it.
 */
export async function startCheckpoints(database: DataSource, file: string, onLost: (error: unknown) => void): Promise<Checkpoints> {
  await database.query(`PRAGMA wal_autocheckpoint = ${LONGEST_LOG}`);
  const worker = new Worker(new URL('./checkpoint-thread.js', import.meta.url), { workerData: file, resourceLimits: MEMORY });
  worker.once('error', onLost);
  worker.unref();
  return {
    stop: async () => {
      const ended = once(worker, 'exit').catch(() => undefined);
      worker.postMessage('close');
      if (worker.threadId >= 0) await ended;
    },
  };
}
