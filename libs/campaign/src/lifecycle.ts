import { assertNever } from '@drover/kernel';

/** Where a campaign stands. `finished` and `aborted` absorb. */
export const CAMPAIGN_PHASES = [
  'awaiting-approval',
  'denied',
  'scheduled',
  'running',
  'paused',
  'aborting',
  'aborted',
  'finished',
] as const;
export type CampaignPhase = (typeof CAMPAIGN_PHASES)[number];

export const CAMPAIGN_FACTS = ['approved', 'denied', 'due', 'pause', 'resume', 'abort', 'all-settled'] as const;
export type CampaignFact = (typeof CAMPAIGN_FACTS)[number];

/** `paused` remembers what to come back to. */
export interface CampaignLife {
  readonly phase: CampaignPhase;
  readonly resumeTo?: 'awaiting-approval' | 'scheduled' | 'running';
}

export function isOver({ phase }: CampaignLife): boolean {
  return phase === 'finished' || phase === 'aborted';
}

/** What has not begun may still be changed. */
export function hasStarted({ phase, resumeTo }: CampaignLife): boolean {
  const before: readonly (CampaignPhase | undefined)[] = ['awaiting-approval', 'denied', 'scheduled'];
  return !before.includes(phase) && !before.includes(resumeTo);
}

/** Undefined means that the fact changes nothing in this phase. */
export function nextLife(life: CampaignLife, fact: CampaignFact): CampaignLife | undefined {
  const { phase } = life;
  if (isOver(life)) return undefined;
  switch (fact) {
    case 'approved':
      if (phase === 'paused' && life.resumeTo === 'awaiting-approval') return { phase, resumeTo: 'scheduled' };
      return phase === 'awaiting-approval' ? { phase: 'scheduled' } : undefined;
    case 'denied':
      return phase === 'awaiting-approval' || (phase === 'paused' && life.resumeTo === 'awaiting-approval')
        ? { phase: 'denied' }
        : undefined;
    case 'due':
      return phase === 'scheduled' ? { phase: 'running' } : undefined;
    case 'pause':
      return phase === 'awaiting-approval' || phase === 'scheduled' || phase === 'running'
        ? { phase: 'paused', resumeTo: phase }
        : undefined;
    case 'resume':
      return phase === 'paused' ? { phase: life.resumeTo ?? 'running' } : undefined;
    case 'abort':
      return phase === 'aborting' ? undefined : { phase: 'aborting' };
    case 'all-settled':
      if (phase === 'aborting') return { phase: 'aborted' };
      return phase === 'running' ? { phase: 'finished' } : undefined;
    default:
      return assertNever(fact);
  }
}
