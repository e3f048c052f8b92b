import { FACTS, versionKey, type FactName } from '@drover/fleet';
import type {
  ApprovalRecord,
  CampaignRecord,
  Changes,
  DeviceRecord,
  DocumentRecord,
  FirmwareRecord,
  HoldRecord,
  TimelineRecord,
  TokenRecord,
  TreeHeadRecord,
  UpdateRecord,
} from './records.ts';

type Row = Record<string, string | number | null>;

export interface Upsert {
  readonly sql: string;
  readonly rows: readonly Row[];
}

/** What takes the image where an update does not say. */
const FIRMWARE_OBJECT = 5;

const body = (record: object): string => JSON.stringify(record);

const ROW_OF = {
  documents: (record: DocumentRecord): Row => ({ namespace: record.namespace, kind: record.kind, name: record.name, body: body(record) }),
  firmware: (record: FirmwareRecord): Row => ({
    namespace: record.namespace,
    name: record.name,
    version: record.version,
    digest: record.digest,
    body: body(record),
  }),
  campaigns: (record: CampaignRecord): Row => ({
    namespace: record.namespace,
    name: record.name,
    phase: record.life.phase,
    body: body(record),
  }),
  devices: deviceRow,
  updates: (record: UpdateRecord): Row => ({
    namespace: record.namespace,
    campaign: record.campaign,
    endpoint: record.endpoint,
    object: record.object ?? FIRMWARE_OBJECT,
    instance: record.instance ?? 0,
    state: record.state,
    attempt: record.attempt,
    body: body(record),
  }),
  approvals: (record: ApprovalRecord): Row => ({
    namespace: record.namespace,
    campaign: record.campaign,
    plan_digest: record.planDigest,
    by_person: record.by,
    body: body(record),
  }),
  holds: (record: HoldRecord): Row => ({ namespace: record.namespace, id: record.id, body: body(record) }),
  tokens: (record: TokenRecord): Row => ({ id: record.id, body: body(record) }),
  timeline: (record: TimelineRecord): Row => ({
    namespace: record.namespace,
    endpoint: record.endpoint,
    at: record.at,
    kind: record.kind,
    detail: JSON.stringify(record.detail),
  }),
  treeHeads: (record: TreeHeadRecord): Row => ({ size: record.size, body: body(record) }),
} as const;

type Table = keyof typeof ROW_OF;

/** Columns with their SQL types, key columns first. */
const COLUMNS: Record<Table, { readonly table: string; readonly keys: readonly string[]; readonly others: readonly string[] }> = {
  documents: { table: 'document', keys: ['namespace', 'kind', 'name'], others: ['body'] },
  firmware: { table: 'firmware', keys: ['namespace', 'name', 'version'], others: ['digest', 'body'] },
  campaigns: { table: 'campaign', keys: ['namespace', 'name'], others: ['phase', 'body'] },
  devices: { table: 'device', keys: ['namespace', 'endpoint'], others: ['facts', 'version_keys', 'labels', 'body'] },
  updates: {
    table: 'device_update',
    keys: ['namespace', 'campaign', 'endpoint', 'object', 'instance'],
    others: ['state', 'attempt', 'body'],
  },
  approvals: { table: 'approval', keys: ['namespace', 'campaign', 'plan_digest', 'by_person'], others: ['body'] },
  holds: { table: 'hold', keys: ['namespace', 'id'], others: ['body'] },
  tokens: { table: 'token', keys: ['id'], others: ['body'] },
  timeline: { table: 'timeline', keys: [], others: ['namespace', 'endpoint', 'at', 'kind', 'detail'] },
  treeHeads: { table: 'tree_head', keys: ['size'], others: ['body'] },
};

export const TABLES = Object.keys(ROW_OF) as Table[];

function deviceRow(record: DeviceRecord): Row {
  const facts: Record<string, unknown> = {};
  const keys: Record<string, string> = {};
  for (const [name, fact] of Object.entries(record.facts)) {
    facts[name] = fact.value;
    const key = FACTS[name as FactName].type === 'version' ? versionKey(String(fact.value)) : undefined;
    if (key !== undefined) keys[name] = key;
  }
  facts['endpoint'] = record.endpoint;
  return {
    namespace: record.namespace,
    endpoint: record.endpoint,
    facts: JSON.stringify(facts),
    version_keys: JSON.stringify(keys),
    labels: JSON.stringify(record.labels),
    body: body(record),
  };
}

/** One statement per table for any number of rows: `INSERT … SELECT … FROM json_each(?) … ON CONFLICT DO UPDATE`. */
export function upsertsFor(batches: readonly Changes[]): Upsert[] {
  return TABLES.flatMap((table) => {
    const records = batches.flatMap((changes) => (changes[table] ?? []) as readonly never[]);
    if (records.length === 0) return [];
    return [
      {
        sql: upsertSql(table),
        rows: lastOfEachKey(
          table,
          records.map((record) => ROW_OF[table](record)),
        ),
      },
    ];
  });
}

function upsertSql(name: Table): string {
  const { table, keys, others } = COLUMNS[name];
  const columns = [...keys, ...others];
  const values = columns.map((column) => `json_extract(value, '$.${column}')`).join(', ');
  const conflict =
    keys.length === 0
      ? ''
      : ` WHERE true ON CONFLICT (${keys.join(', ')}) DO UPDATE SET ${others.map((column) => `${column} = excluded.${column}`).join(', ')}`;
  return `INSERT INTO ${table} (${columns.join(', ')}) SELECT ${values} FROM json_each(?)${conflict}`;
}

/** Within one commit only the last version of a row matters. */
function lastOfEachKey(name: Table, rows: readonly Row[]): readonly Row[] {
  const { keys } = COLUMNS[name];
  if (keys.length === 0) return rows;
  return [...new Map(rows.map((row) => [keys.map((key) => String(row[key])).join('\u0000'), row])).values()];
}
