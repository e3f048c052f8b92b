import { canonicalJson, type Json } from '@drover/kernel';
import { AuditError } from './errors.ts';
import { EVENT_CATALOGUE, type AuditDraft, type AuditRecord } from './event.ts';
import { appendLeaf, EMPTY_EDGE, HASH_BYTES, leafHash, rootOf, sha256, type Hash, type TreeEdge } from './merkle.ts';

/** All that must be known of a log to append to it: the last hash, the edge of the tree, and how far each campaign has counted. */
export interface LogState {
  readonly edge: TreeEdge;
  readonly lastHash: string;
  readonly campaigns: ReadonlyMap<string, number>;
}

/** Says what is hashed, so that no other document of ours has the same bytes. */
const RECORD_DOMAIN = 'drover/audit/record/v1\n';

export const EMPTY_LOG: LogState = { edge: EMPTY_EDGE, lastHash: '0'.repeat(2 * HASH_BYTES), campaigns: new Map() };

/** A new record with the text that is stored of it, and its leaf in the tree. */
export interface Appended {
  readonly record: AuditRecord;
  readonly text: string;
  readonly leaf: Hash;
}

export function appendEvents(
  state: LogState,
  drafts: readonly AuditDraft[],
): { readonly state: LogState; readonly appended: readonly Appended[] } {
  const campaigns = new Map(state.campaigns);
  let { edge, lastHash } = state;
  const appended = drafts.map((draft) => {
    requireDetails(draft);
    const place = { seq: edge.size, campaignSeq: count(campaigns, draft), prevHash: lastHash };
    const body = canonicalJson({ ...draft, ...place } as unknown as Json);
    lastHash = hashOfText(body);
    const text = `${body.slice(0, -1)},"hash":"${lastHash}"}`;
    // Through JSON once, so that a record in memory is the record that will be read back.
    const record = JSON.parse(text) as AuditRecord;
    const leaf = recordLeaf(record);
    edge = appendLeaf(edge, leaf);
    return { record, text, leaf };
  });
  return { state: { edge, lastHash, campaigns }, appended };
}

/** Reads a log from its beginning, checks each link, and gives the state to go on from. Nobody appends to a log that was tampered with. */
export async function restoreLog(records: AsyncIterable<AuditRecord> | Iterable<AuditRecord>): Promise<LogState> {
  const campaigns = new Map<string, number>();
  let { edge, lastHash } = EMPTY_LOG;
  for await (const record of records) {
    const isNext = record.seq === edge.size && record.prevHash === lastHash && record.campaignSeq === count(campaigns, record);
    if (!isNext || record.hash !== recordHash(record))
      throw new AuditError('AUDIT_CHAIN_BROKEN', `the audit log is broken at record ${edge.size}`);
    edge = appendLeaf(edge, recordLeaf(record));
    lastHash = record.hash;
  }
  return { edge, lastHash, campaigns };
}

/** Over everything but the hash itself, the previous hash included. */
export function recordHash(record: Omit<AuditRecord, 'hash'> | AuditRecord): string {
  const { hash: _, ...body } = record as AuditRecord;
  return hashOfText(canonicalJson(body as unknown as Json));
}

function hashOfText(body: string): string {
  return hex(sha256(RECORD_DOMAIN + body));
}

/** A record's leaf in the tree: its hash is the entry. */
export function recordLeaf({ hash }: Pick<AuditRecord, 'hash'>): Hash {
  return leafHash(Buffer.from(hash, 'hex'));
}

export function logRoot({ edge }: LogState): string {
  return hex(rootOf(edge));
}

export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

function count(campaigns: Map<string, number>, { namespace, campaign }: Pick<AuditDraft, 'namespace' | 'campaign'>): number | undefined {
  if (campaign === undefined) return undefined;
  const key = `${namespace}/${campaign}`;
  const next = (campaigns.get(key) ?? 0) + 1;
  campaigns.set(key, next);
  return next;
}

function requireDetails({ type, details }: AuditDraft): void {
  const required: readonly string[] | undefined = Object.hasOwn(EVENT_CATALOGUE, type) ? EVENT_CATALOGUE[type] : undefined;
  const missing = required?.filter((key) => details[key] === undefined);
  if (missing?.length === 0) return;
  throw new AuditError('AUDIT_EVENT_INVALID', missing ? `${type} without ${missing.join(', ')}` : `no event type ${JSON.stringify(type)}`);
}
