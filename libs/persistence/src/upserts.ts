import { FACTS, versionKey, type FactName } from '@drover/fleet';
import type { PoolVolume } from '@drover/schedule';
import type { Row, Table } from './multi-row.ts';
import type {
  ApprovalRecord,
  BootstrapRecord,
  CalibrationRecord,
  CampaignRecord,
  CarrierRecord,
  CredentialRecord,
  Changes,
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
  TreeHeadRecord,
  UpdateRecord,
} from './records.ts';

export interface Upsert {
  readonly into: Table;
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
    body: body(withoutDevices(record)),
  }),
  planParts: (record: PlanPartRecord): Row => ({
    namespace: record.namespace,
    campaign: record.campaign,
    generation: record.generation,
    part: record.part,
    body: body(record),
  }),
  carriers: (record: CarrierRecord): Row => ({ carrier: record.carrier, body: body(record) }),
  calibrations: (record: CalibrationRecord): Row => ({ kind: record.kind, body: body(record) }),
  poolVolumes: (record: PoolVolume): Row => ({ pool: record.pool, month: record.month, body: body(record) }),
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
  credentials: (record: CredentialRecord): Row => ({
    kind: record.kind,
    identity: record.identity,
    namespace: record.namespace,
    endpoint: record.endpoint,
    use: record.use ?? 'management',
    body: body(record),
  }),
  bootstraps: (record: BootstrapRecord): Row => ({ namespace: record.namespace, endpoint: record.endpoint, body: body(record) }),
  rotations: (record: RotationRecord): Row => ({ namespace: record.namespace, name: record.name, body: body(withoutDevices(record)) }),
  rotationParts: (record: RotationPartRecord): Row => ({
    namespace: record.namespace,
    rotation: record.campaign,
    generation: record.generation,
    part: record.part,
    body: body(record),
  }),
  deviceRotations: (record: DeviceRotationRecord): Row => ({
    namespace: record.namespace,
    rotation: record.rotation,
    generation: record.generation,
    endpoint: record.endpoint,
    body: body(record),
  }),
  dataKeys: (record: DataKeyRecord): Row => ({ id: record.id, body: body(record) }),
  sessions: (record: DtlsSessionRecord): Row => ({ name: record.name, body: body(record) }),
  timeline: (record: TimelineRecord): Row => ({
    namespace: record.namespace,
    endpoint: record.endpoint,
    at: record.at,
    kind: record.kind,
    detail: JSON.stringify(record.detail),
  }),
  treeHeads: (record: TreeHeadRecord): Row => ({ size: record.size, body: body(record) }),
} as const;

type Records = keyof typeof ROW_OF;

const TABLE_OF: Record<Records, Table> = {
  documents: { table: 'document', keys: ['namespace', 'kind', 'name'], others: ['body'] },
  firmware: { table: 'firmware', keys: ['namespace', 'name', 'version'], others: ['digest', 'body'] },
  campaigns: { table: 'campaign', keys: ['namespace', 'name'], others: ['phase', 'body'] },
  planParts: { table: 'plan_part', keys: ['namespace', 'campaign', 'generation', 'part'], others: ['body'] },
  carriers: { table: 'carrier', keys: ['carrier'], others: ['body'] },
  calibrations: { table: 'calibration', keys: ['kind'], others: ['body'] },
  poolVolumes: { table: 'pool_volume', keys: ['pool', 'month'], others: ['body'] },
  devices: { table: 'device', keys: ['namespace', 'endpoint'], others: ['facts', 'version_keys', 'labels', 'body'] },
  updates: {
    table: 'device_update',
    keys: ['namespace', 'campaign', 'endpoint', 'object', 'instance'],
    others: ['state', 'attempt', 'body'],
  },
  approvals: { table: 'approval', keys: ['namespace', 'campaign', 'plan_digest', 'by_person'], others: ['body'] },
  holds: { table: 'hold', keys: ['namespace', 'id'], others: ['body'] },
  tokens: { table: 'token', keys: ['id'], others: ['body'] },
  credentials: { table: 'credential', keys: ['kind', 'identity'], others: ['namespace', 'endpoint', 'use', 'body'] },
  bootstraps: { table: 'bootstrap', keys: ['namespace', 'endpoint'], others: ['body'] },
  rotations: { table: 'rotation', keys: ['namespace', 'name'], others: ['body'] },
  rotationParts: { table: 'rotation_part', keys: ['namespace', 'rotation', 'generation', 'part'], others: ['body'] },
  deviceRotations: { table: 'device_rotation', keys: ['namespace', 'rotation', 'generation', 'endpoint'], others: ['body'] },
  dataKeys: { table: 'data_key', keys: ['id'], others: ['body'] },
  sessions: { table: 'dtls_session', keys: ['name'], others: ['body'] },
  timeline: { table: 'timeline', keys: [], others: ['namespace', 'endpoint', 'at', 'kind', 'detail'] },
  treeHeads: { table: 'tree_head', keys: ['size'], others: ['body'] },
};

/** A campaign's row is written with each step of its life: its devices, who do not change, are kept apart. */
function withoutDevices<R extends CampaignRecord | RotationRecord>(record: R): R {
  const { plan, planParts } = record;
  if (planParts === undefined) return record;
  return { ...record, plan: { ...plan, stages: plan.stages.map(({ name }) => ({ name, endpoints: [] })), excluded: [] } };
}

const KINDS = Object.keys(ROW_OF) as Records[];

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

/** Rows for each table that the changes touch; within one commit only the last version of a row matters. */
export function upsertsFor(batches: readonly Changes[]): Upsert[] {
  return KINDS.flatMap((kind) => {
    const records = batches.flatMap((changes) => (changes[kind] ?? []) as readonly never[]);
    if (records.length === 0) return [];
    const into = TABLE_OF[kind];
    return [
      {
        into,
        rows: lastOfEachKey(
          into,
          records.map((record) => ROW_OF[kind](record)),
        ),
      },
    ];
  });
}

function lastOfEachKey({ keys }: Table, rows: readonly Row[]): readonly Row[] {
  if (keys.length === 0) return rows;
  return [...new Map(rows.map((row) => [keys.map((key) => String(row[key])).join('\u0000'), row])).values()];
}
