import type { DataSource } from 'typeorm';
import { AuditAppender, openDatabase, takeLease, Writer } from '@drover/persistence';
import { scratchFolder } from '@drover/testkit';

class NoLog extends AuditAppender<never> {
  append = () => ({ rows: [], committed: () => undefined });
}

/** A database in a file of its own, and the one writer on it; without a log. */
export interface ScratchDatabase {
  readonly database: DataSource;
  readonly writer: Writer<never>;
  close(): Promise<void>;
}

export async function scratchDatabase(): Promise<ScratchDatabase> {
  const scratch = scratchFolder();
  const database = await openDatabase(scratch.file('drover.sqlite'));
  const onFatal = (error: unknown): never => {
    throw error;
  };
  const writer = new Writer<never>(database, { log: new NoLog(), epoch: await takeLease(database), onFatal });
  const close = async (): Promise<void> => {
    await database.destroy();
    scratch.remove();
  };
  return { database, writer, close };
}
