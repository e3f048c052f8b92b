import type { CampaignSpec } from './spec.ts';

const USUAL_PRIORITY = 500;
/** Nothing that closes a hole stands behind what adds a feature, unless somebody says so of the feature. */
export const LEAST_SECURITY_PRIORITY = 700;

/** Who goes first where campaigns share a carrier, 0–1000, higher first. */
export function priorityOf({ purpose, priority }: Pick<CampaignSpec, 'purpose' | 'priority'>): number {
  return priority ?? (purpose === 'Security' ? LEAST_SECURITY_PRIORITY : USUAL_PRIORITY);
}
