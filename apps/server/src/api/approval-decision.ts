import { Digest } from '@drover/kernel';
import type { ApprovalRequest } from '@drover/contracts';

/** Throws `DIGEST_INVALID`. */
export const decisionIn = ({ planDigest, decision, remark = '' }: ApprovalRequest) => ({
  planDigest: Digest(planDigest),
  decision,
  remark,
});
