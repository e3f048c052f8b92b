/** In the head of whatever waits for people's word about its plan. */
export function approvalLine({
  phase,
  approval,
  planDigest,
}: {
  readonly phase: string;
  readonly approval: { readonly given?: number; readonly needed?: number };
  readonly planDigest: string;
}): string[] {
  return phase === 'awaiting-approval' ? [`approvals ${approval.given ?? 0} of ${approval.needed ?? 1}, plan ${planDigest}`] : [];
}
