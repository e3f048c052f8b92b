import type { Digest } from '@drover/kernel';
import {
  assessApprovals,
  CampaignError,
  digestOf,
  readDocument,
  requireAcceptable,
  type ApprovalPolicySpec,
  type ApprovalVerdict,
  type CampaignDocument,
  type CredentialRotationDocument,
  type DroverDocument,
} from '@drover/campaign';
import type { ApprovalRecord, DocumentRecord } from '@drover/persistence';
import { draft, type Actor } from './audit-drafts.ts';
import type { Engine } from './engine.ts';
import { documentKey, keyOf } from './engine-state.ts';
import type { Staged } from './staged.ts';

type Decision = Pick<ApprovalRecord, 'planDigest' | 'decision' | 'remark'>;
type Approvable = Pick<CampaignDocument | CredentialRotationDocument, 'metadata'> & Pick<Staged, 'spec'>;

/** The word of people about plans, of whatever goes by stages. */
export class ApprovalDesk {
  readonly #engine: Engine;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  verdictOf(staged: Staged): ApprovalVerdict {
    const policy = this.#policyFor(staged);
    // A policy that has vanished approves nothing.
    if (wantedPolicy(staged) !== undefined && !policy) return { type: 'waiting', given: 0, needed: 1 };
    return assessApprovals(policy && approvalPolicyOf(policy), staged.record.plan.digest, this.#given(staged));
  }

  /** Rejects with `TRANSITION_REFUSED`, `APPROVAL_VOID`, `APPROVAL_BY_AUTHOR` or `APPROVAL_TWICE`. */
  decide(staged: Staged, decision: Decision, actor: Actor): Promise<void> {
    return this.#engine.change((unit) => {
      const { subject, title, record } = staged;
      const { namespace, author, life, plan } = record;
      if (life.phase !== 'awaiting-approval' && life.resumeTo !== 'awaiting-approval')
        throw new CampaignError('TRANSITION_REFUSED', `${title} is ${life.phase} and waits for no approval`);
      const policy = this.#policyFor(staged);
      const earlier = this.#given(staged);
      const approval: ApprovalRecord = { ...decision, namespace, campaign: subject, by: actor.id, at: unit.now };
      requireAcceptable(approval, policy && approvalPolicyOf(policy), { planDigest: plan.digest, author, earlier });
      this.#engine.state.approvals.set(keyOf(namespace, subject), [...earlier, approval]);
      unit.changes.approvals.push(approval);
      const { planDigest, decision: word, remark } = decision;
      unit.audit(draft('approval-given', unit.now, { namespace, campaign: subject, actor }, { planDigest, decision: word, remark }));
    });
  }

  /** Of the policy that a start waits for: a plan is bound to it. Throws `POLICY_NOT_FOUND`. */
  policyDigests(document: Approvable, alongside: ReadonlyMap<string, DroverDocument>): Digest[] {
    const wanted = wantedPolicy(document);
    if (wanted === undefined) return [];
    const key = documentKey(document.metadata.namespace, 'ApprovalPolicy', wanted);
    const applied = alongside.get(key)?.source ?? this.#engine.state.documents.get(key)?.source;
    if (applied === undefined) throw new CampaignError('POLICY_NOT_FOUND', `no ApprovalPolicy is called "${wanted}"`);
    return [digestOf(applied)];
  }

  #policyFor(staged: Staged): DocumentRecord | undefined {
    const wanted = wantedPolicy(staged);
    if (wanted === undefined) return undefined;
    return this.#engine.state.documents.get(documentKey(staged.record.namespace, 'ApprovalPolicy', wanted));
  }

  #given({ record: { namespace }, subject }: Staged): readonly ApprovalRecord[] {
    return this.#engine.state.approvals.get(keyOf(namespace, subject)) ?? [];
  }
}

const wantedPolicy = ({ spec }: Pick<Staged, 'spec'>): string | undefined => spec.approvals.start?.policyRef;

/** As applied, with the language's defaults. */
function approvalPolicyOf(record: DocumentRecord): ApprovalPolicySpec {
  const { document } = readDocument(record.source);
  if (document?.kind !== 'ApprovalPolicy') throw new CampaignError('SPEC_INVALID', `the stored policy ${record.name} cannot be read`);
  return document.spec;
}
