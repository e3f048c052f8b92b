import 'reflect-metadata';
import { DataSource } from 'typeorm';
import { MIGRATIONS } from './migrations/index.ts';
import { ROWS } from './rows/rows.ts';
import { StoreError } from './errors.ts';

/**
 * Opens the embedded store and brings its schema up to date. WAL lets reads run beside the writer; synchronous=FULL
 * means that what was acknowledged is on the disk.
 */
export async function openDatabase(file: string): Promise<DataSource> {
  const database = new DataSource({
    type: 'better-sqlite3',
    database: file,
    entities: ROWS,
    migrations: MIGRATIONS,
    migrationsTransactionMode: 'all',
    enableWAL: true,
  });
  try {
    await database.initialize();
    await database.query('PRAGMA synchronous = FULL');
    await database.query('PRAGMA busy_timeout = 5000');
    await database.runMigrations();
  } catch (error) {
    throw new StoreError(
      'STORE_UNREACHABLE',
      `cannot open the database ${file}: ${error instanceof Error ? error.message : String(error)}`,
      error,
    );
  }
  return database;
}
