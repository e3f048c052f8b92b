import type { DataSource } from 'typeorm';
import type { Endpoint, Namespace } from '@drover/kernel';
import type { Predicate } from '@drover/fleet';
import type { PoolVolume } from '@drover/schedule';
import { StoreError } from './errors.ts';
import { planOf } from './plan-parts.ts';
import type {
  ApprovalRecord,
  CalibrationRecord,
  CampaignRecord,
  CarrierRecord,
  BootstrapRecord,
  CredentialRecord,
  DataKeyRecord,
  DeviceRecord,
  DeviceRotationRecord,
  DocumentRecord,
  DtlsSessionRecord,
  FirmwareRecord,
  HoldRecord,
  PlanPartRecord,
  RotationPartRecord,
  RotationRecord,
  TimelineRecord,
  TokenRecord,
  UpdateRecord,
} from './records.ts';
import { whereSql } from './where-sql.ts';

/** Everything the engine rebuilds its memory from. */
export interface Snapshot {
  readonly documents: readonly DocumentRecord[];
  readonly firmware: readonly FirmwareRecord[];
  readonly campaigns: readonly CampaignRecord[];
  /** One after the other, read while they are taken: a million of them at the same time would not fit. */
  readonly devices: AsyncIterable<DeviceRecord>;
  readonly updates: AsyncIterable<UpdateRecord>;
  readonly approvals: readonly ApprovalRecord[];
  readonly carriers: readonly CarrierRecord[];
  readonly calibrations: readonly CalibrationRecord[];
  readonly poolVolumes: readonly PoolVolume[];
  readonly holds: readonly HoldRecord[];
  readonly tokens: readonly TokenRecord[];
  readonly credentials: AsyncIterable<CredentialRecord>;
  readonly bootstraps: AsyncIterable<BootstrapRecord>;
  readonly rotations: readonly RotationRecord[];
  readonly deviceRotations: AsyncIterable<DeviceRotationRecord>;
  readonly dataKeys: readonly DataKeyRecord[];
  /** Not kept in memory: they go to the gateway, once. */
  readonly sessions: AsyncIterable<DtlsSessionRecord>;
}

export async function loadSnapshot(database: DataSource): Promise<Snapshot> {
  return {
    documents: await bodies(database, 'document'),
    firmware: await bodies(database, 'firmware'),
    campaigns: await loadCampaigns(database),
    devices: rowsOf(database, 'device'),
    updates: rowsOf(database, 'device_update'),
    approvals: await bodies(database, 'approval'),
    carriers: await bodies(database, 'carrier'),
    calibrations: await bodies(database, 'calibration'),
    poolVolumes: await bodies(database, 'pool_volume'),
    holds: await bodies(database, 'hold'),
    tokens: await bodies(database, 'token'),
    credentials: rowsOf(database, 'credential'),
    bootstraps: rowsOf(database, 'bootstrap'),
    rotations: await loadRotations(database),
    deviceRotations: rowsOf(database, 'device_rotation'),
    dataKeys: await bodies(database, 'data_key'),
    sessions: rowsOf(database, 'dtls_session'),
  };
}

async function loadCampaigns(database: DataSource): Promise<CampaignRecord[]> {
  const partsOf = await partsIn<PlanPartRecord>(database, 'plan_part');
  const records = await bodies<CampaignRecord>(database, 'campaign');
  return records.map((record) => ({ ...record, plan: planOf(record, partsOf(record)) }));
}

async function loadRotations(database: DataSource): Promise<RotationRecord[]> {
  const partsOf = await partsIn<RotationPartRecord>(database, 'rotation_part');
  const records = await bodies<RotationRecord>(database, 'rotation');
  return records.map((record) => ({ ...record, plan: planOf(record, partsOf(record)) }));
}

/** Of each by its name, in order. */
async function partsIn<P extends RotationPartRecord>(
  database: DataSource,
  table: string,
): Promise<(of: { namespace: string; name: string }) => readonly P[]> {
  const parts = new Map<string, P[]>();
  for (const part of await bodies<P>(database, table)) {
    const key = `${part.namespace}/${part.campaign}`;
    const list = parts.get(key);
    if (list) list.push(part);
    else parts.set(key, [part]);
  }
  for (const list of parts.values()) list.sort((a, b) => a.generation - b.generation || a.part - b.part);
  return ({ namespace, name }) => parts.get(`${namespace}/${name}`) ?? [];
}

async function bodies<T>(database: DataSource, table: string): Promise<T[]> {
  const records: T[] = [];
  for await (const record of rowsOf<T>(database, table)) records.push(record);
  return records;
}

/** Page by page: a million rows as text and as objects at the same time would need twice the memory. */
async function* rowsOf<T>(database: DataSource, table: string): AsyncGenerator<T> {
  for (let after = 0; ;) {
    const rows: { rowid: number; body: string }[] = await database.query(
      `SELECT rowid, body FROM ${table} WHERE rowid > ? ORDER BY rowid LIMIT ${ROWS_AT_ONCE}`,
      [after],
    );
    for (const { body } of rows) yield parseRow<T>(body, table);
    if (rows.length < ROWS_AT_ONCE) return;
    after = rows.at(-1)?.rowid ?? after;
  }
}

const ROWS_AT_ONCE = 500;

function parseRow<T>(body: string, table: string): T {
  try {
    return JSON.parse(body) as T;
  } catch (error) {
    throw new StoreError('ROW_CORRUPT', `a row of ${table} cannot be read`, error);
  }
}

/** Reads beside the writer, on a connection of its own. */
export class Reader {
  readonly #database: DataSource;

  constructor(database: DataSource) {
    this.#database = database;
  }

  async devices(namespace: Namespace, predicate: Predicate, { limit, offset }: { limit: number; offset: number }): Promise<DeviceRecord[]> {
    const { sql, parameters } = whereSql(predicate);
    const rows: { body: string }[] = await this.#database.query(
      `SELECT body FROM device WHERE namespace = ? AND ${sql} ORDER BY endpoint LIMIT ? OFFSET ?`,
      [namespace, ...parameters, limit, offset],
    );
    return rows.map(({ body }) => parseRow(body, 'device'));
  }

  /** Newest last. */
  async timeline(namespace: Namespace, endpoint: Endpoint, limit: number): Promise<TimelineRecord[]> {
    const rows: (Omit<TimelineRecord, 'detail'> & { detail: string })[] = await this.#database.query(
      'SELECT namespace, endpoint, at, kind, detail FROM timeline WHERE namespace = ? AND endpoint = ? ORDER BY id DESC LIMIT ?',
      [namespace, endpoint, limit],
    );
    return rows.reverse().map((row) => ({ ...row, detail: parseRow(row.detail, 'timeline') }));
  }

  async auditTail(limit: number, offset = 0): Promise<unknown[]> {
    const newestFirst = 'SELECT body FROM audit_event ORDER BY seq DESC LIMIT ? OFFSET ?';
    const rows: { body: string }[] = await this.#database.query(newestFirst, [limit, offset]);
    return rows.reverse().map(({ body }) => parseRow(body, 'audit_event'));
  }

  /** All records in order, page by page: a log never has to fit into memory. */
  auditRecords(): AsyncGenerator<unknown> {
    return this.#pages('seq > ?', []);
  }

  /** One campaign's records below `size`, in order. */
  campaignRecords(namespace: string, campaign: string, size: number): AsyncGenerator<unknown> {
    return this.#pages('seq > ? AND namespace = ? AND campaign = ? AND seq < ?', [namespace, campaign, size]);
  }

  async countCampaignRecords(namespace: string, campaign: string, size: number): Promise<number> {
    const [row]: { count: number }[] = await this.#database.query(
      'SELECT count(*) AS count FROM audit_event WHERE namespace = ? AND campaign = ? AND seq < ?',
      [namespace, campaign, size],
    );
    return Number(row?.count ?? 0);
  }

  async *#pages(condition: string, parameters: readonly (string | number)[]): AsyncGenerator<unknown> {
    for (let after = -1; ;) {
      const rows: { seq: number; body: string }[] = await this.#database.query(
        `SELECT seq, body FROM audit_event WHERE ${condition} ORDER BY seq LIMIT 1000`,
        [after, ...parameters],
      );
      if (rows.length === 0) return;
      for (const { body } of rows) yield parseRow(body, 'audit_event');
      after = rows.at(-1)?.seq ?? after;
    }
  }
}
