export { assessApprovals, requireAcceptable, type Approval, type ApprovalVerdict } from './approval.ts';
export { accessOf, bootstrapTemplateOf, type BootstrapTemplateSpec } from './bootstrap-template.ts';
export type { BootstrapAccountSpec } from './bootstrap-account.ts';
export { componentOf, firmwareOf, versionIn, type Component, type RunningVersion } from './component.ts';
export { COST_MODEL_KINDS, costModelNamed, costModelSource, isCostModelKind, type CostModelKind } from './cost-model-source.ts';
export { energyModelOf, radioModelOf, type EnergyModelSpec, type RadioModelSpec } from './cost-model-specs.ts';
export {
  classesOf,
  FORMAT_NAMES,
  MAX_TRANSMIT_SPAN_MS,
  transmitSpanMs,
  type DeviceClassSpec,
  type FormatName,
  type RankedClass,
} from './device-class.ts';
export {
  API_VERSION,
  DOCUMENT_KINDS,
  jsonSchemaOf,
  readDocument,
  type ApprovalPolicyDocument,
  type ApprovalPolicySpec,
  type BootstrapTemplateDocument,
  type CampaignDocument,
  type CredentialRotationDocument,
  type DeviceClassDocument,
  type DocumentKind,
  type DocumentOutcome,
  type DroverDocument,
  type EnergyModelDocument,
  type Metadata,
  type OwnerReference,
  type RadioModelDocument,
  type ReleasePolicyDocument,
  type ReleasePolicySpec,
} from './document.ts';
export { CampaignError, type CampaignErrorCode } from './errors.ts';
export { FAILURE_CLASSES, type FailureClass } from './failure-class.ts';
export {
  CAMPAIGN_FACTS,
  CAMPAIGN_PHASES,
  hasStarted,
  isOver,
  nextLife,
  type CampaignFact,
  type CampaignLife,
  type CampaignPhase,
} from './lifecycle.ts';
export type { Limit } from './leaves.ts';
export { digestOf, isAcceptedSource, planCampaign, planSteps, sourceDetail, type PlanInput } from './plan.ts';
export type { Exclusion, ExclusionCode, Plan, PlannedFirmware, PlannedStage } from './planned.ts';
export { LEAST_SECURITY_PRIORITY, priorityOf } from './priority.ts';
export { rollbackDocument } from './rollback.ts';
export type { Fault, FaultCode, FaultPath } from './schema.ts';
export { rotationPlanSteps, type RotationExclusion, type RotationPlan } from './rotation-plan.ts';
export type { RotationSpec } from './rotation-spec.ts';
export type { CampaignSpec, DeadlinesSpec, ResumeSpec, RetrySpec } from './spec.ts';
export type { ApprovalsSpec } from './spec-approvals.ts';
export type { GateSpec, StageSpec, Take } from './spec-stages.ts';
export { WEEKDAYS, type RecurringWindow, type Weekday } from './window.ts';
