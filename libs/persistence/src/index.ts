export { startCheckpoints, type Checkpoints } from './checkpoints.ts';
export { openDatabase } from './database.ts';
export { StoreError } from './errors.ts';
export { loadSnapshot, Reader, type Snapshot } from './load.ts';
export type {
  AppointmentCounts,
  ApprovalRecord,
  CalibrationRecord,
  CampaignRecord,
  CarrierRecord,
  ComponentRecord,
  Changes,
  BootstrapRecord,
  BootstrapWish,
  CredentialRecord,
  GivenAccount,
  DataKeyRecord,
  DeviceRecord,
  DeviceRotationRecord,
  DocumentRecord,
  DtlsSessionRecord,
  FirmwareRecord,
  HoldRecord,
  PlanPartRecord,
  QuarantineRecord,
  RegistrationRecord,
  RotationPartRecord,
  RotationRecord,
  TimelineRecord,
  TokenRecord,
  TreeHeadRecord,
  UpdateRecord,
} from './records.ts';
export { inserts } from './multi-row.ts';
export { planOf, planPartsOf } from './plan-parts.ts';
export { upsertsFor } from './upserts.ts';
export { whereSql, type SqlCondition } from './where-sql.ts';
export { AuditAppender, pruneTimeline, takeLease, TIMELINE_KEPT, Writer, type AuditRow, type Urgency } from './writer.ts';
