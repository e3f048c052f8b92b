import type { Digest, Endpoint } from '@drover/kernel';

export type ExclusionCode =
  | 'FACT_UNKNOWN'
  | 'EXCLUDED'
  | 'ALREADY_CURRENT'
  | 'SOURCE_VERSION'
  | 'NOT_IN_ANY_STAGE'
  | 'OTHER_CAMPAIGN'
  | 'QUARANTINED'
  | 'ARTIFACT_INCOMPATIBLE'
  | 'ARTIFACT_ROLLBACK'
  | 'ARTIFACT_WRONG_SOURCE';

export interface Exclusion {
  readonly endpoint: Endpoint;
  readonly code: ExclusionCode;
  readonly detail: string;
}

export interface PlannedStage {
  readonly name: string;
  readonly endpoints: readonly Endpoint[];
}

/** The image a plan is about, as the plan records it. */
export interface PlannedFirmware {
  readonly name: string;
  readonly version: string;
  readonly digest: Digest;
  readonly size: number;
}

/** Frozen: stages with their devices, exclusions with their reasons, and the digest that approvals bind to. */
export interface Plan {
  readonly campaign: string;
  readonly namespace: string;
  readonly firmware: PlannedFirmware;
  readonly stages: readonly PlannedStage[];
  readonly excluded: readonly Exclusion[];
  readonly specDigest: Digest;
  readonly policyDigests: readonly Digest[];
  readonly digest: Digest;
}
