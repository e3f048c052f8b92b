// Device-state changes on the disk per second: the server's one writer with its audit log, beside bare better-sqlite3.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { EMPTY_LOG, MerkleTree } from '@drover/audit';
import { DEFAULT_NAMESPACE, Endpoint, Instant } from '@drover/kernel';
import { openDatabase, startCheckpoints, takeLease, upsertsFor, Writer } from '@drover/persistence';
import { newUpdate } from '@drover/rollout';
import { draft } from '../../apps/server/dist/engine/audit-drafts.js';
import { AuditLog } from '../../apps/server/dist/engine/audit-log.js';
import { result, takeTurns } from './rounds.mjs';

export const about = 'Device-state changes with their audit records, on the disk';

const ROUNDS = 5;
const MEASURED_MS = 1500;
const DEVICES = 20_000;
/** As many as the writer puts into one commit. */
const BATCH = 500;
const ROOT = join(import.meta.dirname, '..', '..', 'out');

/** What the engine writes when it offers to a device: the update, a line of its timeline, and one audit event. */
function changeOf(turn) {
  const now = Instant(1_764_547_200_000 + turn);
  const endpoint = Endpoint(`urn:imei:${String(turn % DEVICES).padStart(15, '0')}`);
  const update = { ...newUpdate('wm-modem-2-4-1', endpoint, 1, now), namespace: DEFAULT_NAMESPACE, state: 'offered', attempt: 1, sessions: 1, versionBefore: '2.3.9', offeredAt: now };
  const detail = { campaign: update.campaign, attempt: 1, offset: 0, failure: null, detail: null, reason: null };
  const event = draft('offer-committed', now, { namespace: DEFAULT_NAMESPACE, campaign: update.campaign, endpoint }, {
    attempt: 1,
    session: 1,
    digest: `sha256:${'a5'.repeat(32)}`,
    carrier: '262-1/2A/NB-IoT',
    share: 0.213,
    notAfter: now + 3_600_000,
  });
  return { changes: { updates: [update], timeline: [{ namespace: DEFAULT_NAMESPACE, endpoint, at: now, kind: 'offered', detail }] }, event };
}

let turn = 0;

/** Changes per second over one measured stretch; `commitSome` answers how many are on the disk. */
async function measure(commitSome) {
  await commitSome();
  const started = performance.now();
  let done = 0;
  while (performance.now() - started < MEASURED_MS) done += await commitSome();
  return { perSecond: done / ((performance.now() - started) / 1000) };
}

async function openOurs(file) {
  const database = await openDatabase(file);
  const onFatal = (error) => {
    throw error;
  };
  await startCheckpoints(database, file, onFatal);
  const writer = new Writer(database, { log: new AuditLog(EMPTY_LOG, new MerkleTree()), epoch: await takeLease(database), onFatal });
  const commit = () => {
    const { changes, event } = changeOf(turn++);
    return writer.commit(changes, [event]);
  };
  return {
    together: async () => {
      await Promise.all(Array.from({ length: BATCH }, commit));
      return BATCH;
    },
    oneByOne: async () => {
      await commit();
      return 1;
    },
    close: () => database.destroy(),
  };
}

/** The same tables, the same rows, prepared statements, the same promise of the disk: what SQLite itself takes. */
async function openBare(file) {
  await (await openDatabase(file)).destroy();
  const database = new Database(file);
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = FULL');
  const update = database.prepare(
    'INSERT INTO device_update (namespace, campaign, endpoint, object, instance, state, attempt, body) VALUES (@namespace, @campaign, @endpoint, @object, @instance, @state, @attempt, @body) ' +
      'ON CONFLICT (namespace, campaign, endpoint, object, instance) DO UPDATE SET state = excluded.state, attempt = excluded.attempt, body = excluded.body',
  );
  const timeline = database.prepare('INSERT INTO timeline (namespace, endpoint, at, kind, detail) VALUES (@namespace, @endpoint, @at, @kind, @detail)');
  const audit = database.prepare('INSERT INTO audit_event (seq, namespace, campaign, campaign_seq, body) VALUES (@seq, @namespace, @campaign, @seq, @body)');
  let seq = 0;
  const rowsOf = () => {
    const { changes, event } = changeOf(turn++);
    const [updates, entries] = upsertsFor([changes]);
    // As long as a stored record: the event, its place, two hashes.
    const body = JSON.stringify({ ...event, seq, campaignSeq: seq, prevHash: '0'.repeat(64), hash: '0'.repeat(64) });
    return { update: updates.rows[0], entry: entries.rows[0], record: { seq: seq++, namespace: event.namespace, campaign: event.campaign, body } };
  };
  const write = database.transaction((rows) => {
    for (const row of rows) {
      update.run(row.update);
      timeline.run(row.entry);
      audit.run(row.record);
    }
  });
  const commit = (count) => {
    write(Array.from({ length: count }, rowsOf));
    return count;
  };
  return { together: () => commit(BATCH), oneByOne: () => commit(1), close: () => database.close() };
}

/** Ours and the bare one, on files that are gone afterwards. */
async function withStores(use) {
  mkdirSync(ROOT, { recursive: true });
  const folder = mkdtempSync(join(ROOT, 'bench-store-'));
  const ours = await openOurs(join(folder, 'ours.sqlite'));
  const raw = await openBare(join(folder, 'bare.sqlite'));
  try {
    return await use({ ours, raw });
  } finally {
    await ours.close();
    raw.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

const TOGETHER = `${BATCH} changes to a commit`;

/** Changes per second of ours, as many to a commit as the writer takes. */
export const changesTogether = (progress) =>
  withStores(async ({ ours }) => {
    const seen = await takeTurns({ ours: () => measure(ours.together) }, { rounds: ROUNDS, progress, title: TOGETHER });
    return seen.ours.perSecond;
  });

/** The same beside what SQLite itself takes. */
export const changesBeside = (progress) =>
  withStores(async ({ ours, raw }) => {
    const seen = await takeTurns({ raw: () => measure(raw.together), ours: () => measure(ours.together) }, { rounds: ROUNDS, progress, title: TOGETHER });
    return { ours: seen.ours.perSecond, raw: seen.raw.perSecond };
  });

export const run = (progress) =>
  withStores(async ({ ours, raw }) => {
    const turns = (title, way) => takeTurns({ raw: () => measure(raw[way]), ours: () => measure(ours[way]) }, { rounds: ROUNDS, progress, title });
    const together = await turns(TOGETHER, 'together');
    const oneByOne = await turns('one change to a commit', 'oneByOne');
    return [
      result(`changes, ${BATCH} to a commit`, 'changes/s', together.ours.perSecond, together.raw.perSecond),
      result('changes, one to a commit', 'changes/s', oneByOne.ours.perSecond, oneByOne.raw.perSecond),
      { ...result('what sharing a commit brings', 'times', together.ours.perSecond / oneByOne.ours.perSecond, together.raw.perSecond / oneByOne.raw.perSecond), ratio: undefined },
    ];
  });

export const notes = [
  `a change is three rows: an update, a line of its timeline, an audit record; WAL, synchronous=FULL; medians of ${ROUNDS} rounds that take turns`,
  'peer: the same rows through better-sqlite3 with prepared statements, without lease, hash chain and Merkle tree',
];
