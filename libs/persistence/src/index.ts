export { openDatabase } from './database.ts';
export { StoreError } from './errors.ts';
export type {
  ApprovalRecord,
  CampaignRecord,
  Changes,
  DeviceRecord,
  DocumentRecord,
  FirmwareRecord,
  HoldRecord,
  RegistrationRecord,
  TimelineRecord,
  TokenRecord,
  UpdateRecord,
} from './records.ts';
export { upsertsFor } from './upserts.ts';
export { whereSql, type SqlCondition } from './where-sql.ts';
