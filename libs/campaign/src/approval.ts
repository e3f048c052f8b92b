import type { Digest, Instant } from '@drover/kernel';
import type { ApprovalPolicySpec } from './document.ts';
import { CampaignError } from './errors.ts';

/** A person's word about one plan. Append-only. */
export interface Approval {
  readonly planDigest: Digest;
  readonly decision: 'approve' | 'deny';
  readonly by: string;
  readonly at: Instant;
  readonly remark: string;
}

export type ApprovalVerdict =
  | { readonly type: 'granted' }
  | { readonly type: 'denied'; readonly by: string; readonly remark: string }
  | { readonly type: 'waiting'; readonly given: number; readonly needed: number };

/** Counts distinct people who approved this very plan. One denial outweighs any number of approvals. */
export function assessApprovals(
  policy: ApprovalPolicySpec | undefined,
  planDigest: Digest,
  approvals: readonly Approval[],
): ApprovalVerdict {
  const current = approvals.filter((approval) => approval.planDigest === planDigest);
  const denial = current.find(({ decision }) => decision === 'deny');
  if (denial) return { type: 'denied', by: denial.by, remark: denial.remark };
  if (!policy) return { type: 'granted' };
  const given = new Set(current.map(({ by }) => by)).size;
  return given >= policy.minApprovals ? { type: 'granted' } : { type: 'waiting', given, needed: policy.minApprovals };
}

/** What keeps this approval from being recorded, thrown with its reason. */
export function requireAcceptable(
  approval: Approval,
  policy: ApprovalPolicySpec | undefined,
  context: { planDigest: Digest; author: string; earlier: readonly Approval[] },
): void {
  if (approval.planDigest !== context.planDigest) {
    throw new CampaignError('APPROVAL_VOID', `the approval names plan ${approval.planDigest}, the current plan is ${context.planDigest}`);
  }
  if (policy?.forbid.includes('author') && approval.by === context.author) {
    throw new CampaignError('APPROVAL_BY_AUTHOR', `${approval.by} wrote this campaign and its policy forbids its author to decide`);
  }
  if (context.earlier.some(({ by, planDigest }) => by === approval.by && planDigest === approval.planDigest)) {
    throw new CampaignError('APPROVAL_TWICE', `${approval.by} has already decided on this plan`);
  }
}
