import { parentPort, workerData } from 'node:worker_threads';
import Database from 'better-sqlite3';

/** How often the log is moved into the file, ms. */
const EVERY_MS = 500;

const database = new Database(workerData as string);
database.pragma('busy_timeout = 0');
const timer = setInterval(() => database.pragma('wal_checkpoint(PASSIVE)'), EVERY_MS);
parentPort?.once('message', () => {
  clearInterval(timer);
  database.close();
  parentPort?.close();
});
