import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { DataSource } from 'typeorm';
import type { Instant } from '@drover/kernel';
import { DEFAULT_NAMESPACE } from '@drover/kernel';
import { aTimelineEntry, aToken, scratchFolder } from '@drover/testkit';
import { AuditAppender, openDatabase, takeLease, Writer, type AuditRow, type Changes } from './index.ts';

/** A log of texts: each event becomes the row of its place, and counts only once it is committed. */
class TextLog extends AuditAppender<string> {
  readonly committed: string[] = [];

  append(events: readonly string[]): { rows: AuditRow[]; committed: () => void } {
    const rows = events.map((text, index) => ({
      seq: this.committed.length + index,
      namespace: DEFAULT_NAMESPACE,
      campaign: undefined,
      campaignSeq: undefined,
      body: JSON.stringify({ text }),
    }));
    return { rows, committed: () => void this.committed.push(...events) };
  }
}

let scratch: ReturnType<typeof scratchFolder>;
let database: DataSource;
let log: TextLog;
let fatal: unknown[];
let writer: Writer<string>;

beforeEach(async () => {
  scratch = scratchFolder();
  database = await openDatabase(scratch.file('drover.sqlite'));
  log = new TextLog();
  fatal = [];
  writer = await newWriter(database);
});

afterEach(async () => {
  if (database.isInitialized) await database.destroy();
  scratch.remove();
});

async function newWriter(on: DataSource): Promise<Writer<string>> {
  return new Writer(on, { log, epoch: await takeLease(on), onFatal: (error) => fatal.push(error) });
}

const token = (id: string): Changes => ({ tokens: [aToken(id)] });
/** A row that the schema refuses: its time is missing. */
const BROKEN: Changes = { tokens: [aToken('beside the broken row')], timeline: [aTimelineEntry('k', Number.NaN as Instant)] };

const column = async (sql: string, on = database): Promise<unknown[]> =>
  ((await on.query(sql)) as object[]).map((row) => Object.values(row)[0]);
const tokens = (on?: DataSource) => column('SELECT id FROM token ORDER BY rowid', on);
const events = (on?: DataSource) => column("SELECT json_extract(body, '$.text') FROM audit_event ORDER BY seq", on);

describe('a lazy change', () => {
  it('causes no commit of its own for a while, rides along with one that cannot wait, and keeps its order', async () => {
    const lazy = writer.commit({ tokens: [{ ...aToken('t'), name: 'older' }] }, [], 'lazy');
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await tokens()).toEqual([]);
    await writer.commit({ tokens: [{ ...aToken('t'), name: 'newer' }] }, ['pressing']);
    await lazy;
    expect(await column("SELECT json_extract(body, '$.name') FROM token")).toEqual(['newer']);
  });

  it('is on the disk within half a second though nothing presses, and at once when the writer is drained', async () => {
    await writer.commit(token('alone'), [], 'lazy');
    expect(await tokens()).toEqual(['alone']);
    void writer.commit(token('drained'), [], 'lazy');
    await writer.drain();
    expect(await tokens()).toEqual(['alone', 'drained']);
  });

  it('does not fall behind when there are more than a batch of them', async () => {
    const many = Array.from({ length: 1800 }, (_, index) => writer.commit(token(`l${index}`), [], 'lazy'));
    await many[0];
    await new Promise((resolve) => setTimeout(resolve, 100));
    // The last of them has waited no longer than the first: not one timer for each batch.
    expect(await tokens()).toHaveLength(1800);
  });

  it('does not hold up one that comes behind more than a batch of them', async () => {
    for (let index = 0; index < 1200; index++) void writer.commit(token(`l${index}`), [], 'lazy');
    await writer.commit(token('pressing'), ['pressing']);
    expect(await tokens()).toHaveLength(1201);
  });
});

describe('group commit', () => {
  it('acknowledges in order what is on the disk in order', async () => {
    const acknowledged: string[] = [];
    const names = Array.from({ length: 1200 }, (_, index) => `t${String(index).padStart(4, '0')}`);
    await Promise.all(names.map((name) => writer.commit(token(name), [`${name} came`]).then(() => acknowledged.push(name))));
    expect(acknowledged).toEqual(names);
    expect(await tokens()).toEqual(names);
    expect(await events()).toEqual(names.map((name) => `${name} came`));
    expect(log.committed).toHaveLength(1200);
  });

  it('acknowledges nothing that another connection cannot read yet', async () => {
    const other = await openDatabase(scratch.file('drover.sqlite'));
    for (let round = 0; round < 20; round++) {
      await writer.commit(token(`t${round}`), [`e${round}`]);
      expect(await tokens(other)).toHaveLength(round + 1);
      expect(await events(other)).toHaveLength(round + 1);
    }
    await other.destroy();
  });

  it('keeps the last version of a row that one commit changes twice', async () => {
    const [first, second] = [aToken('t', { name: 'before' }), aToken('t', { name: 'after' })];
    await Promise.all([writer.commit({ tokens: [first] }, []), writer.commit({ tokens: [second] }, [])]);
    expect(await column("SELECT json_extract(body, '$.name') FROM token")).toEqual(['after']);
  });

  it('drain waits for the last of the queue', async () => {
    for (let index = 0; index < 700; index++) void writer.commit(token(`t${index}`), []);
    await writer.drain();
    expect(await tokens()).toHaveLength(700);
  });
});

describe('a failed commit', () => {
  it('leaves nothing of the unit, keeps all that was acknowledged, stops the writer, and reports once', async () => {
    await writer.commit(token('before'), ['before']);
    const outcomes = await Promise.allSettled([
      writer.commit(token('beside'), ['beside']),
      writer.commit(BROKEN, ['broken']),
      writer.commit(token('behind'), ['behind']),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    await expect(writer.commit(token('after'), ['after'])).rejects.toMatchObject({ code: 'WRITER_STOPPED' });
    expect(fatal).toHaveLength(1);
    expect(await tokens()).toEqual(['before']);
    expect(await events()).toEqual(['before']);
    expect(log.committed).toEqual(['before']);
  });

  it('takes those that queued for the next commit with it', async () => {
    const first = writer.commit(BROKEN, []);
    const waiting = Array.from({ length: 600 }, (_, index) => writer.commit(token(`t${index}`), [`e${index}`]));
    const outcomes = await Promise.allSettled([first, ...waiting]);
    expect(new Set(outcomes.map(({ status }) => status))).toEqual(new Set(['rejected']));
    expect(fatal).toHaveLength(1);
    expect(await tokens()).toEqual([]);
  });

  it('is also an event that the log refuses', async () => {
    log.append = () => {
      throw new TypeError('no such event');
    };
    await expect(writer.commit(token('t'), ['e'])).rejects.toThrow('no such event');
    expect(fatal).toHaveLength(1);
    expect(await tokens()).toEqual([]);
  });

  it('is a full disk: what was acknowledged stays, and a later start reads it', async () => {
    const [{ page_count: pages }] = (await database.query('PRAGMA page_count')) as [{ page_count: number }];
    await database.query(`PRAGMA max_page_count = ${pages + 20}`);
    const acknowledged: string[] = [];
    let refused: unknown;
    for (let index = 0; index < 1000 && refused === undefined; index++) {
      const name = `t${index}-${'x'.repeat(1000)}`;
      await writer.commit(token(name), [name]).then(
        () => acknowledged.push(name),
        (error: unknown) => (refused = error),
      );
    }
    expect(String(refused)).toMatch(/full/);
    expect(acknowledged.length).toBeGreaterThan(5);
    expect(fatal).toEqual([refused]);
    await database.destroy();
    database = await openDatabase(scratch.file('drover.sqlite'));
    expect(await tokens()).toEqual(acknowledged);
    expect(await events()).toEqual(acknowledged);
    await expect((await newWriter(database)).commit(token('room again'), [])).resolves.toBeUndefined();
  });
});

describe('the lease', () => {
  it('makes the next write of an earlier holder fail, with nothing of it on the disk', async () => {
    await writer.commit(token('mine'), []);
    const other = await openDatabase(scratch.file('drover.sqlite'));
    const successor = await newWriter(other);
    await expect(writer.commit(token('too late'), ['too late'])).rejects.toMatchObject({ code: 'LEASE_LOST', kind: 'conflict' });
    expect(fatal).toEqual([expect.objectContaining({ code: 'LEASE_LOST' })]);
    await successor.commit(token('theirs'), []);
    expect(await tokens()).toEqual(['mine', 'theirs']);
    await other.destroy();
  });

  it('has an epoch that only grows, over restarts too', async () => {
    const second = await takeLease(database);
    await database.destroy();
    database = await openDatabase(scratch.file('drover.sqlite'));
    expect(await takeLease(database)).toBe(second + 1);
  });
});

/** Runs the built library: what is killed is a process, not a test. Acknowledgements leave by a write that cannot wait. */
const STREAM = (library: string, file: string): string => `
  import { writeSync } from 'node:fs';
  import { AuditAppender, openDatabase, takeLease, Writer } from ${JSON.stringify(library)};
  let size = 0;
  class Log extends AuditAppender {
    append(events) {
      const rows = events.map((text, i) => ({ seq: size + i, namespace: 'default', body: JSON.stringify({ text }) }));
      return { rows, committed: () => (size += events.length) };
    }
  }
  const database = await openDatabase(${JSON.stringify(file)});
  const writer = new Writer(database, { log: new Log(), epoch: await takeLease(database), onFatal: () => process.exit(9) });
  const commit = async (id) => {
    const entry = { namespace: 'default', endpoint: 'd', at: 0, kind: id, detail: {} };
    await writer.commit({ tokens: [{ id }], timeline: [entry] }, [id]);
    writeSync(1, id + '\\n');
  };
  for (let n = 0; ; n += 7) await Promise.all(Array.from({ length: 7 }, (_, i) => commit('t' + (n + i))));
`;

it.each([1, 50, 333])(
  'kill -9 after %d acknowledgements loses none of them and leaves no half of a unit',
  async (count) => {
    const library = join(import.meta.dirname, '..', 'dist', 'index.js');
    if (!existsSync(library)) throw new TypeError('the library is not built: run "npx tsc --build libs/persistence" first');
    const file = scratch.file('killed.sqlite');
    const child = spawn(process.execPath, ['--input-type=module', '--eval', STREAM(pathToFileURL(library).href, file)], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, NODE_OPTIONS: '' },
    });
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      if (said.split('\n').length > count) child.kill('SIGKILL');
    });
    const signal = await new Promise((resolve) => child.once('close', (_code, killedBy) => resolve(killedBy)));
    expect(signal).toBe('SIGKILL');
    const acknowledged = said.split('\n').slice(0, -1);
    expect(acknowledged.length).toBeGreaterThanOrEqual(count);

    const survivor = await openDatabase(file);
    const stored = await tokens(survivor);
    expect(stored.slice(0, acknowledged.length)).toEqual(acknowledged);
    expect(await events(survivor)).toEqual(stored);
    expect(await column('SELECT kind FROM timeline ORDER BY id', survivor)).toEqual(stored);
    await survivor.destroy();
  },
  20_000,
);
