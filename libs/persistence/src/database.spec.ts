import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { readFileSync, writeFileSync } from 'node:fs';
import type { DataSource } from 'typeorm';
import { DEFAULT_NAMESPACE, Instant, Namespace } from '@drover/kernel';
import { EVERYTHING, parseWhere } from '@drover/fleet';
import { aDeviceRecord, aTimelineEntry, scratchFolder } from '@drover/testkit';
import {
  AuditAppender,
  loadSnapshot,
  type DeviceRecord,
  openDatabase,
  pruneTimeline,
  Reader,
  takeLease,
  Writer,
  type AuditRow,
  type Changes,
} from './index.ts';

let scratch: ReturnType<typeof scratchFolder>;
let database: DataSource;

beforeEach(async () => {
  scratch = scratchFolder();
  database = await openDatabase(scratch.file('drover.sqlite'));
});

afterEach(async () => {
  if (database.isInitialized) await database.destroy();
  scratch.remove();
});

const schemaOf = (on: DataSource): Promise<unknown> =>
  on.query("SELECT sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' ORDER BY name");

describe('migrations', () => {
  it('build an empty file, and change nothing on the second start', async () => {
    const [schema, applied] = [await schemaOf(database), await database.query('SELECT * FROM migrations')];
    expect(applied).toMatchObject([
      { name: 'First1764547200000' },
      { name: 'PlanParts1795824000000' },
      { name: 'Carriers1795824100000' },
      { name: 'NoIndexByState1795824200000' },
      { name: 'Calibration1795824300000' },
      { name: 'PoolVolume1795824400000' },
      { name: 'Credentials1795824500000' },
      { name: 'Bootstrap1795824700000' },
      { name: 'Rotation1795824800000' },
    ]);
    await database.destroy();
    database = await openDatabase(scratch.file('drover.sqlite'));
    expect(await schemaOf(database)).toEqual(schema);
    expect(await database.query('SELECT * FROM migrations')).toEqual(applied);
  });

  it('build the very columns that the rows name', async () => {
    for (const { tableName, columns, primaryColumns } of database.entityMetadatas) {
      const built = (await database.query(`PRAGMA table_info(${tableName})`)) as { name: string; type: string; pk: number }[];
      expect(built.map(({ name, type }) => `${name} ${type.toLowerCase()}`).sort()).toEqual(
        columns.map(({ databaseName, type }) => `${databaseName} ${String(type)}`).sort(),
      );
      expect(built.filter(({ pk }) => pk > 0).map(({ name }) => name)).toEqual(primaryColumns.map(({ databaseName }) => databaseName));
    }
  });

  it('are refused by a file that is no database, which stays as it is', async () => {
    writeFileSync(scratch.file('letter.sqlite'), 'Dear customer, '.repeat(500));
    await expect(openDatabase(scratch.file('letter.sqlite'))).rejects.toMatchObject({ code: 'STORE_UNREACHABLE', kind: 'transport' });
    expect(readFileSync(scratch.file('letter.sqlite'), 'utf8')).toMatch(/^Dear customer/);
    await expect(openDatabase(scratch.path)).rejects.toMatchObject({ code: 'STORE_UNREACHABLE' });
  });

  it('leave a file that waits for the disk at each commit', async () => {
    expect(await database.query('PRAGMA synchronous')).toEqual([{ synchronous: 2 }]);
    expect(await database.query('PRAGMA journal_mode')).toEqual([{ journal_mode: 'wal' }]);
  });
});

/** Rows as they come: their place and campaign are in the event. */
class PlainLog extends AuditAppender<AuditRow> {
  append(rows: readonly AuditRow[]): { rows: readonly AuditRow[]; committed: () => void } {
    return { rows, committed: () => undefined };
  }
}

async function store(changes: Changes, rows: readonly AuditRow[] = []): Promise<void> {
  const onFatal = (error: unknown): never => {
    throw error;
  };
  await new Writer(database, { log: new PlainLog(), epoch: await takeLease(database), onFatal }).commit(changes, rows);
}

const anAuditRow = (seq: number, campaign?: string): AuditRow => ({
  seq,
  namespace: DEFAULT_NAMESPACE,
  campaign,
  campaignSeq: campaign === undefined ? undefined : seq,
  body: JSON.stringify({ seq }),
});

async function seqs(records: AsyncGenerator<unknown>): Promise<number[]> {
  const read: number[] = [];
  for await (const record of records) read.push((record as { seq: number }).seq);
  return read;
}

describe('reader', () => {
  it('reads a log of any length in order, page by page', async () => {
    await store(
      {},
      Array.from({ length: 2500 }, (_, seq) => anAuditRow(seq, seq % 2 === 0 ? 'even' : undefined)),
    );
    const reader = new Reader(database);
    expect(await seqs(reader.auditRecords())).toEqual(Array.from({ length: 2500 }, (_, seq) => seq));
    const even = Array.from({ length: 1200 }, (_, index) => index * 2);
    expect(await seqs(reader.campaignRecords('default', 'even', 2400))).toEqual(even);
    expect(await reader.countCampaignRecords('default', 'even', 2400)).toBe(1200);
    expect(await reader.countCampaignRecords('other', 'even', 2400)).toBe(0);
    expect(await reader.auditTail(3)).toEqual([{ seq: 2497 }, { seq: 2498 }, { seq: 2499 }]);
    expect(await reader.auditTail(2, 3)).toEqual([{ seq: 2495 }, { seq: 2496 }]);
  });

  it('sees what is committed while it reads, and no record twice', async () => {
    await store(
      {},
      Array.from({ length: 1000 }, (_, seq) => anAuditRow(seq)),
    );
    const records = new Reader(database).auditRecords();
    const first = (await records.next()).value as { seq: number };
    await store({}, [anAuditRow(1000), anAuditRow(1001)]);
    expect([first.seq, ...(await seqs(records))]).toEqual(Array.from({ length: 1002 }, (_, seq) => seq));
  });

  it('reads an empty log', async () => {
    expect(await seqs(new Reader(database).auditRecords())).toEqual([]);
    expect(await new Reader(database).auditTail(10)).toEqual([]);
  });

  it('pages devices by endpoint, within a namespace, by a predicate', async () => {
    const names = ['d3', 'd1', 'd5', 'd2', 'd4'];
    const elsewhere = aDeviceRecord('d0', {}, { namespace: Namespace('other') });
    await store({ devices: [elsewhere, ...names.map((name) => aDeviceRecord(name, { model: name === 'd2' ? 'WM-9' : 'WM-300' }))] });
    const page = async (where: string, limit: number, offset: number): Promise<string[]> =>
      (await new Reader(database).devices(DEFAULT_NAMESPACE, where === '' ? EVERYTHING : parseWhere(where), { limit, offset })).map(
        ({ endpoint }) => endpoint,
      );
    expect(await page('', 2, 0)).toEqual(['d1', 'd2']);
    expect(await page('', 2, 4)).toEqual(['d5']);
    expect(await page('', 10, 5)).toEqual([]);
    expect(await page('model == "WM-300"', 10, 1)).toEqual(['d3', 'd4', 'd5']);
  });

  it('reads the newest of a timeline, newest last', async () => {
    const timeline = ['a', 'b', 'c'].map((kind, at) => aTimelineEntry(kind, Instant(at)));
    await store({ timeline: [...timeline, aTimelineEntry('x', Instant(9), 'other')] });
    expect(await new Reader(database).timeline(DEFAULT_NAMESPACE, aDeviceRecord().endpoint, 2)).toEqual(timeline.slice(1));
  });
});

describe('snapshot', () => {
  const devicesIn = async (from: DataSource): Promise<DeviceRecord[]> => {
    const found: DeviceRecord[] = [];
    for await (const device of (await loadSnapshot(from)).devices) found.push(device);
    return found;
  };

  it('reads back what was written', async () => {
    const device = aDeviceRecord('d', { 'battery.level': 55 }, { labels: { site: 'mill' } });
    await store({ devices: [device] });
    expect(await devicesIn(database)).toEqual([JSON.parse(JSON.stringify(device))]);
  });

  it('names the table of a row that cannot be read', async () => {
    await store({ devices: [aDeviceRecord()] });
    await database.query('UPDATE device SET body = \'{"endpoint":\'');
    await expect(devicesIn(database)).rejects.toMatchObject({
      code: 'ROW_CORRUPT',
      kind: 'invariant',
      message: expect.stringContaining('device'),
    });
  });
});

it('a start keeps the newest of the timelines', async () => {
  for (let id = 1; id <= 10; id++) {
    await database.query("INSERT INTO timeline (namespace, endpoint, at, kind, detail) VALUES ('default', 'd', ?, 'k', '{}')", [id]);
  }
  await pruneTimeline(database, 3);
  expect(await database.query('SELECT at FROM timeline ORDER BY id')).toEqual([{ at: 8 }, { at: 9 }, { at: 10 }]);
});
