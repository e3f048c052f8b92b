import { DroverError, type Namespace } from '@drover/kernel';
import { auditSigner, writeBundle, type AuditRecord, type AuditSigner } from '@drover/audit';
import type { Reader } from '@drover/persistence';
import { draft, type Actor } from './audit-drafts.ts';
import type { AuditLog } from './audit-log.ts';
import type { Engine } from './engine.ts';

/** Exports that an auditor verifies with the public key alone. */
export class EvidenceDesk {
  readonly publicKey: string;
  readonly #engine: Engine;
  readonly #log: AuditLog;
  readonly #reader: Reader;
  readonly #signer: AuditSigner;

  constructor(parts: { engine: Engine; log: AuditLog; reader: Reader; keys: { auditKey: string; auditPublicKey: string } }) {
    this.#engine = parts.engine;
    this.#log = parts.log;
    this.#reader = parts.reader;
    this.#signer = auditSigner(parts.keys.auditKey);
    this.publicKey = parts.keys.auditPublicKey;
  }

  /** The lines of a bundle over everything committed until now. The head that it hangs on is itself recorded. */
  async export(namespace: string, campaign: string, actor: Actor): Promise<AsyncIterable<string>> {
    const now = this.#engine.clock.now();
    const { head: treeHead, tree } = this.#log.head(now, this.#signer);
    const count = await this.#reader.countCampaignRecords(namespace, campaign, treeHead.size);
    if (count === 0) throw new DroverError('CAMPAIGN_NOT_FOUND', 'missing', `the log holds nothing of a campaign "${campaign}"`);
    const { size, root, keyId } = treeHead;
    await this.#engine.change((unit) => {
      // About the log, not of the campaign: an export must not change what it exports.
      unit.audit(draft('tree-head-signed', unit.now, { namespace: namespace as Namespace, actor }, { size, root, keyId }));
      unit.audit(draft('evidence-exported', unit.now, { namespace: namespace as Namespace, actor }, { campaign, records: count }));
      unit.changes.treeHeads.push(treeHead);
    });
    const records = this.#reader.campaignRecords(namespace, campaign, size) as AsyncIterable<AuditRecord>;
    return withLineFeeds(writeBundle({ namespace, campaign, treeHead, records, count, tree, signer: this.#signer }));
  }
}

async function* withLineFeeds(lines: AsyncIterable<string>): AsyncGenerator<string> {
  for await (const line of lines) yield `${line}\n`;
}
