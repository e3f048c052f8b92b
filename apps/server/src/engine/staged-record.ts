import type { Instant } from '@drover/kernel';
import type { CampaignDocument, CampaignLife, CredentialRotationDocument } from '@drover/campaign';
import type { Actor } from './audit-drafts.ts';
import type { StagedRecord } from './staged.ts';

interface Planned<P extends StagedRecord['plan']> {
  readonly plan: P;
  /** How many parts its plan is stored in. */
  readonly planParts: number;
  /** Of that name. */
  readonly generation: number;
  readonly actor: Actor;
  readonly now: Instant;
}

/** What a campaign and a rotation begin with alike: nothing has opened, and it is scheduled when nobody has to approve of it. */
export function stagedRecordOf<P extends StagedRecord['plan']>(
  { metadata, spec, source }: CampaignDocument | CredentialRotationDocument,
  { plan, planParts, generation, actor, now }: Planned<P>,
) {
  const { namespace, name } = metadata;
  const life: CampaignLife = { phase: spec.approvals.start ? 'awaiting-approval' : 'scheduled' };
  const stages = spec.stages.map(() => ({ state: 'closed' }) as const);
  const times = { createdAt: now, startedAt: undefined, endedAt: undefined };
  return { namespace, name, generation, source, author: actor.id, plan, planParts, life, stages, ...times };
}
