import type { Digest, Instant, Namespace } from '@drover/kernel';
import type { ApprovalsSpec, CampaignLife } from '@drover/campaign';
import type { StagedSpec, StageStatus, Tally } from '@drover/rollout';
import type { CampaignRecord, RotationRecord } from '@drover/persistence';

/** What is durable of something that goes by stages. */
export interface StagedRecord {
  readonly namespace: Namespace;
  readonly name: string;
  readonly author: string;
  readonly plan: { readonly digest: Digest; readonly stages: readonly { readonly name: string; readonly endpoints: readonly string[] }[] };
  readonly life: CampaignLife;
  readonly stages: readonly StageStatus[];
  readonly startedAt: Instant | undefined;
  readonly endedAt: Instant | undefined;
}

/** Where its change goes. */
export interface StagedUnit {
  putCampaign(record: CampaignRecord): void;
  putRotation(record: RotationRecord): void;
}

export type StagedChange = Partial<Pick<StagedRecord, 'life' | 'stages' | 'startedAt' | 'endedAt'>>;

/** A campaign of firmware, or a rotation of keys: whatever goes by stages. */
export interface Staged {
  readonly record: StagedRecord;
  readonly spec: StagedSpec & { readonly approvals: ApprovalsSpec };
  readonly tallies: readonly Tally[];
  /** What people call it: `campaign x`. */
  readonly title: string;
  /** What the log calls it, in its member `campaign`. */
  readonly subject: string;
  change(change: StagedChange, unit: StagedUnit): void;
  /** Something has changed for all of its devices whose stage is not closed, or for all of them. */
  reviewSoon(): void;
  reviewAllSoon(): void;
}
