import type { Instant } from '@drover/kernel';
import {
  appendEvents,
  MerkleTree,
  recordLeaf,
  restoreLog,
  signTreeHead,
  type Appended,
  type AuditDraft,
  type AuditRecord,
  type AuditSigner,
  type LogState,
  type TreeHead,
} from '@drover/audit';
import { AuditAppender, type AuditRow, type Reader } from '@drover/persistence';
import { LoggedTrust } from './logged-trust.ts';

/** The audit log's state beside its rows: chain, tree, and campaign counters. Only the engine's writer appends. */
export class AuditLog extends AuditAppender<AuditDraft> {
  readonly #tree: MerkleTree;
  #state: LogState;

  constructor(state: LogState, tree: MerkleTree) {
    super();
    this.#state = state;
    this.#tree = tree;
  }

  append(events: readonly AuditDraft[]): { rows: AuditRow[]; committed: () => void } {
    const { state, appended } = appendEvents(this.#state, events);
    const committed = (): void => {
      this.#state = state;
      for (const { leaf } of appended) this.#tree.append(leaf);
    };
    return { rows: appended.map(rowOf), committed };
  }

  /** A head over what is committed, with the tree that proves each record against it. */
  head(now: Instant, signer: AuditSigner): { head: TreeHead; tree: MerkleTree } {
    return { head: signTreeHead(this.#state, now, signer), tree: this.#tree };
  }

  get size(): number {
    return this.#state.edge.size;
  }
}

function rowOf({ record, text }: Appended): AuditRow {
  const { seq, namespace, campaign, campaignSeq } = record;
  return { seq, namespace, campaign, campaignSeq, body: text };
}

/** Reads the whole log once and checks every link of its chain: nobody appends to a log that was tampered with. */
export async function openAuditLog(reader: Reader): Promise<{ readonly auditLog: AuditLog; readonly trust: LoggedTrust }> {
  const tree = new MerkleTree();
  const trust = new LoggedTrust();
  async function* noted(): AsyncGenerator<AuditRecord> {
    for await (const record of reader.auditRecords()) {
      tree.append(recordLeaf(record as AuditRecord));
      trust.note(record as AuditRecord);
      yield record as AuditRecord;
    }
  }
  return { auditLog: new AuditLog(await restoreLog(noted()), tree), trust };
}
