import type { DataSource, QueryRunner } from 'typeorm';
import { inserts, type Row, type Table } from './multi-row.ts';
import type { Changes } from './records.ts';
import { StoreError } from './errors.ts';
import { upsertsFor } from './upserts.ts';

/** A record of the audit log, ready to be stored: its text is what was hashed. */
export interface AuditRow {
  readonly seq: number;
  readonly namespace: string;
  readonly campaign: string | undefined;
  readonly campaignSeq: number | undefined;
  readonly body: string;
}

/** The audit log, as the writer needs it: what these events become, and a way to say that it is on the disk. */
export abstract class AuditAppender<Event> {
  abstract append(events: readonly Event[]): { readonly rows: readonly AuditRow[]; readonly committed: () => void };
}

interface Waiting<Event> {
  readonly changes: Changes;
  readonly events: readonly Event[];
  readonly done: () => void;
  readonly failed: (error: unknown) => void;
  readonly urgency: Urgency;
}

/** `lazy`: nothing is acknowledged or done because of it, so it may ride along with the next commit that cannot wait. */
export type Urgency = 'now' | 'lazy';

/** How long a lazy change waits for one that is not, ms. It is what a crash may lose of contacts and progress. */
const LAZY_MS = 250;

/** Most units of work that go into one commit. */
const MAX_BATCH = 500;
/** Nothing is ever changed in it. */
const AUDIT: Table = { table: 'audit_event', keys: [], others: ['seq', 'namespace', 'campaign', 'campaign_seq', 'body'] };

/**
 * Owns every write. Units of work queue up while a commit runs and then share the next one (group commit); each is
 * whole or absent. The audit records of a unit are in its transaction. After a failed commit nothing in memory can be
 * believed any more, so the writer stops for good and says so once.
 */
export class Writer<Event> {
  readonly #database: DataSource;
  readonly #epoch: number;
  readonly #onFatal: (error: unknown) => void;
  readonly #log: AuditAppender<Event>;
  #queue: Waiting<Event>[] = [];
  /** How many of the queue cannot wait. */
  #pressing = 0;
  #lazyTimer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #stopped: unknown;

  constructor(
    database: DataSource,
    { log, epoch, onFatal }: { log: AuditAppender<Event>; epoch: number; onFatal: (error: unknown) => void },
  ) {
    this.#database = database;
    this.#log = log;
    this.#epoch = epoch;
    this.#onFatal = onFatal;
  }

  /** Resolves when the changes and their audit records are on the disk. Changes keep their order, lazy or not. */
  commit(changes: Changes, events: readonly Event[], urgency: Urgency = 'now'): Promise<void> {
    if (this.#stopped !== undefined) return Promise.reject(new StoreError('WRITER_STOPPED', 'an earlier write failed', this.#stopped));
    return new Promise((done, failed) => {
      this.#queue.push({ changes, events, done, failed, urgency });
      if (urgency === 'now') this.#pressing += 1;
      this.#next();
    });
  }

  /** Waits until nothing is queued. */
  async drain(): Promise<void> {
    while (this.#queue.length > 0 && this.#stopped === undefined) {
      this.#running ??= this.#run();
      await this.#running;
    }
    await this.#running;
  }

  /** A commit holds up everything else in this process for as long as the disk takes: what can wait does not cause one. */
  #next(): void {
    if (this.#running !== undefined || this.#queue.length === 0 || this.#stopped !== undefined) return;
    if (this.#pressing > 0) this.#running = this.#run();
    else
      this.#lazyTimer ??= setTimeout(() => {
        this.#lazyTimer = undefined;
        this.#running ??= this.#run();
      }, LAZY_MS);
  }

  async #run(): Promise<void> {
    clearTimeout(this.#lazyTimer);
    this.#lazyTimer = undefined;
    // Whatever arrives in this turn of the loop shares the first commit.
    await nextTurn();
    // All that waits now is written, lazy or not: what a run left behind would grow from run to run.
    for (let owed = this.#queue.length; (owed > 0 || this.#pressing > 0) && this.#stopped === undefined; owed -= MAX_BATCH) {
      const batch = this.#queue.splice(0, MAX_BATCH);
      this.#pressing -= batch.filter(({ urgency }) => urgency === 'now').length;
      await this.#commitBatch(batch);
      if (this.#queue.length > 0) await nextTurn();
    }
    this.#running = undefined;
    this.#next();
  }

  async #commitBatch(batch: readonly Waiting<Event>[]): Promise<void> {
    let committed: () => void;
    try {
      const appended = this.#log.append(batch.flatMap(({ events }) => events));
      committed = appended.committed;
      await this.#transaction(batch, appended.rows);
    } catch (error) {
      this.#stop(named(error), [...batch, ...this.#queue.splice(0)]);
      return;
    }
    committed();
    for (const { done } of batch) done();
  }

  async #transaction(batch: readonly Waiting<Event>[], records: readonly AuditRow[]): Promise<void> {
    const runner = this.#database.createQueryRunner();
    // Reads first and writes then: without the lock from the beginning, somebody who writes in between (a backup tool, a
    // person with a shell) would break the commit instead of delaying it.
    await runner.query('BEGIN IMMEDIATE');
    try {
      await this.#requireLease(runner);
      for (const { namespace, campaign, generation } of batch.flatMap(({ changes }) => changes.dropUpdatesOf ?? [])) {
        await runner.query('DELETE FROM device_update WHERE namespace = ? AND campaign = ?', [namespace, campaign]);
        await runner.query('DELETE FROM plan_part WHERE namespace = ? AND campaign = ? AND generation < ?', [
          namespace,
          campaign,
          generation,
        ]);
      }
      const upserts = upsertsFor(batch.map(({ changes }) => changes));
      const statements = [...upserts.flatMap(({ into, rows }) => inserts(into, rows)), ...inserts(AUDIT, records.map(auditRow))];
      for (const { sql, parameters } of statements) await runner.query(sql, parameters);
      // Afterwards: the last that was saved of a session may be in the same commit as its end.
      for (const name of batch.flatMap(({ changes }) => changes.dropSessions ?? []))
        await runner.query('DELETE FROM dtls_session WHERE name = ?', [name]);
      await runner.query('COMMIT');
    } catch (error) {
      await runner.query('ROLLBACK').catch(() => undefined);
      throw error;
    } finally {
      await runner.release();
    }
  }

  /** A holder that was replaced while it was paused can do no harm: its epoch is no longer the one in the row. */
  async #requireLease(runner: QueryRunner): Promise<void> {
    const [row]: { value: string }[] = await runner.query("SELECT value FROM meta WHERE key = 'epoch'");
    if (Number(row?.value) !== this.#epoch)
      throw new StoreError('LEASE_LOST', `another engine took over (epoch ${row?.value ?? '?'}, ours ${this.#epoch})`);
  }

  #stop(error: unknown, waiting: readonly Waiting<Event>[]): void {
    this.#stopped = error;
    for (const { failed } of waiting) failed(error);
    this.#onFatal(error);
  }
}

function auditRow({ seq, namespace, campaign, campaignSeq, body }: AuditRow): Row {
  return { seq, namespace, campaign: campaign ?? null, campaign_seq: campaignSeq ?? null, body };
}

/** A commit takes its time without giving any away: whoever waits for the event loop gets a turn between two of them. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** A full disk is the operator's to mend, not a broken promise of ours. */
function named(error: unknown): unknown {
  const { driverError } = error as { driverError?: { code?: string } };
  return driverError?.code === 'SQLITE_FULL'
    ? new StoreError('STORE_FULL', 'the disk is full: nothing more is acknowledged', error)
    : error;
}

/** Takes the lease: every earlier holder's next write is refused. */
export async function takeLease(database: DataSource): Promise<number> {
  await database.query(
    "INSERT INTO meta (key, value) VALUES ('epoch', '1') ON CONFLICT (key) DO UPDATE SET value = CAST(CAST(value AS integer) + 1 AS text)",
  );
  const [row]: { value: string }[] = await database.query("SELECT value FROM meta WHERE key = 'epoch'");
  return Number(row?.value);
}

/** Newest entries of the device timelines that a start keeps. The audit log, which is evidence, is never pruned. */
export const TIMELINE_KEPT = 1_000_000;

export async function pruneTimeline(database: DataSource, kept = TIMELINE_KEPT): Promise<void> {
  await database.query('DELETE FROM timeline WHERE id <= (SELECT coalesce(max(id), 0) FROM timeline) - ?', [kept]);
}
