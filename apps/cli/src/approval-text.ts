import type { RotationView } from '@drover/contracts';

/** In the head of whatever waits for people's word about its plan. */
export function approvalLine({ phase, approval, planDigest }: Pick<RotationView, 'phase' | 'approval' | 'planDigest'>): string[] {
  return phase === 'awaiting-approval' ? [`approvals ${approval.given ?? 0} of ${approval.needed ?? 1}, plan ${planDigest}`] : [];
}
