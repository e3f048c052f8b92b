import { Column, Entity, Index, PrimaryColumn, PrimaryGeneratedColumn } from 'typeorm';

/** Rows stay in this library. Explicit column types throughout: inferred ones and ES modules do not mix. */

@Entity({ name: 'document' })
export class DocumentRow {
  @PrimaryColumn({ type: 'text' }) namespace!: string;
  @PrimaryColumn({ type: 'text' }) kind!: string;
  @PrimaryColumn({ type: 'text' }) name!: string;
  @Column({ type: 'text' }) body!: string;
}

@Entity({ name: 'firmware' })
export class FirmwareRow {
  @PrimaryColumn({ type: 'text' }) namespace!: string;
  @PrimaryColumn({ type: 'text' }) name!: string;
  @PrimaryColumn({ type: 'text' }) version!: string;
  @Column({ type: 'text' }) digest!: string;
  @Column({ type: 'text' }) body!: string;
}

@Entity({ name: 'campaign' })
export class CampaignRow {
  @PrimaryColumn({ type: 'text' }) namespace!: string;
  @PrimaryColumn({ type: 'text' }) name!: string;
  @Column({ type: 'text' }) phase!: string;
  @Column({ type: 'text' }) body!: string;
}

@Entity({ name: 'plan_part' })
export class PlanPartRow {
  @PrimaryColumn({ type: 'text' }) namespace!: string;
  @PrimaryColumn({ type: 'text' }) campaign!: string;
  @PrimaryColumn({ type: 'integer' }) generation!: number;
  @PrimaryColumn({ type: 'integer' }) part!: number;
  @Column({ type: 'text' }) body!: string;
}

@Entity({ name: 'carrier' })
export class CarrierRow {
  @PrimaryColumn({ type: 'text' }) carrier!: string;
  @Column({ type: 'text' }) body!: string;
}

@Entity({ name: 'calibration' })
export class CalibrationRow {
  @PrimaryColumn({ type: 'text' }) kind!: string;
  @Column({ type: 'text' }) body!: string;
}

@Entity({ name: 'pool_volume' })
export class PoolVolumeRow {
  @PrimaryColumn({ type: 'text' }) pool!: string;
  @PrimaryColumn({ type: 'text' }) month!: string;
  @Column({ type: 'text' }) body!: string;
}

@Entity({ name: 'device' })
export class DeviceRow {
  @PrimaryColumn({ type: 'text' }) namespace!: string;
  @PrimaryColumn({ type: 'text' }) endpoint!: string;
  /** `{fact: value}`, what `where` reads. */
  @Column({ type: 'text' }) facts!: string;
  /** `{fact: sort key}` for facts of type version. */
  @Column({ type: 'text', name: 'version_keys' }) versionKeys!: string;
  @Column({ type: 'text' }) labels!: string;
  @Column({ type: 'text' }) body!: string;
}

@Entity({ name: 'device_update' })
export class DeviceUpdateRow {
  @PrimaryColumn({ type: 'text' }) namespace!: string;
  @PrimaryColumn({ type: 'text' }) campaign!: string;
  @PrimaryColumn({ type: 'text' }) endpoint!: string;
  @PrimaryColumn({ type: 'integer' }) object!: number;
  @PrimaryColumn({ type: 'integer' }) instance!: number;
  @Column({ type: 'text' }) state!: string;
  @Column({ type: 'integer' }) attempt!: number;
  @Column({ type: 'text' }) body!: string;
}

@Entity({ name: 'approval' })
export class ApprovalRow {
  @PrimaryColumn({ type: 'text' }) namespace!: string;
  @PrimaryColumn({ type: 'text' }) campaign!: string;
  @PrimaryColumn({ type: 'text', name: 'plan_digest' }) planDigest!: string;
  @PrimaryColumn({ type: 'text', name: 'by_person' }) byPerson!: string;
  @Column({ type: 'text' }) body!: string;
}

@Entity({ name: 'hold' })
export class HoldRow {
  @PrimaryColumn({ type: 'text' }) namespace!: string;
  @PrimaryColumn({ type: 'text' }) id!: string;
  @Column({ type: 'text' }) body!: string;
}

@Entity({ name: 'token' })
export class TokenRow {
  @PrimaryColumn({ type: 'text' }) id!: string;
  @Column({ type: 'text' }) body!: string;
}

@Entity({ name: 'credential' })
export class CredentialRow {
  @PrimaryColumn({ type: 'text' }) kind!: string;
  @PrimaryColumn({ type: 'text' }) identity!: string;
  @Column({ type: 'text' }) namespace!: string;
  @Column({ type: 'text' }) endpoint!: string;
  @Column({ type: 'text' }) use!: string;
  /** Its secret is sealed. */
  @Column({ type: 'text' }) body!: string;
}

@Entity({ name: 'bootstrap' })
export class BootstrapRow {
  @PrimaryColumn({ type: 'text' }) namespace!: string;
  @PrimaryColumn({ type: 'text' }) endpoint!: string;
  @Column({ type: 'text' }) body!: string;
}

@Entity({ name: 'rotation' })
export class RotationRow {
  @PrimaryColumn({ type: 'text' }) namespace!: string;
  @PrimaryColumn({ type: 'text' }) name!: string;
  @Column({ type: 'text' }) body!: string;
}

@Entity({ name: 'rotation_part' })
export class RotationPartRow {
  @PrimaryColumn({ type: 'text' }) namespace!: string;
  @PrimaryColumn({ type: 'text' }) rotation!: string;
  @PrimaryColumn({ type: 'integer' }) generation!: number;
  @PrimaryColumn({ type: 'integer' }) part!: number;
  @Column({ type: 'text' }) body!: string;
}

@Entity({ name: 'device_rotation' })
export class DeviceRotationRow {
  @PrimaryColumn({ type: 'text' }) namespace!: string;
  @PrimaryColumn({ type: 'text' }) rotation!: string;
  @PrimaryColumn({ type: 'integer' }) generation!: number;
  @PrimaryColumn({ type: 'text' }) endpoint!: string;
  @Column({ type: 'text' }) body!: string;
}

@Entity({ name: 'data_key' })
export class DataKeyRow {
  @PrimaryColumn({ type: 'text' }) id!: string;
  /** Wrapped by a key that is not in this database. */
  @Column({ type: 'text' }) body!: string;
}

@Entity({ name: 'dtls_session' })
export class DtlsSessionRow {
  @PrimaryColumn({ type: 'text' }) name!: string;
  @Column({ type: 'text' }) body!: string;
}

@Entity({ name: 'timeline' })
@Index('timeline_by_device', ['namespace', 'endpoint', 'id'])
export class TimelineRow {
  @PrimaryGeneratedColumn({ type: 'integer' }) id!: number;
  @Column({ type: 'text' }) namespace!: string;
  @Column({ type: 'text' }) endpoint!: string;
  @Column({ type: 'integer' }) at!: number;
  @Column({ type: 'text' }) kind!: string;
  @Column({ type: 'text' }) detail!: string;
}

@Entity({ name: 'audit_event' })
@Index('audit_event_by_campaign', ['namespace', 'campaign', 'campaignSeq'])
export class AuditEventRow {
  @PrimaryColumn({ type: 'integer' }) seq!: number;
  @Column({ type: 'text' }) namespace!: string;
  @Column({ type: 'text', nullable: true }) campaign!: string | null;
  @Column({ type: 'integer', name: 'campaign_seq', nullable: true }) campaignSeq!: number | null;
  /** The record exactly as hashed. */
  @Column({ type: 'text' }) body!: string;
}

@Entity({ name: 'tree_head' })
export class TreeHeadRow {
  @PrimaryColumn({ type: 'integer' }) size!: number;
  @Column({ type: 'text' }) body!: string;
}

@Entity({ name: 'meta' })
export class MetaRow {
  @PrimaryColumn({ type: 'text' }) key!: string;
  @Column({ type: 'text' }) value!: string;
}

export const ROWS = [
  DocumentRow,
  FirmwareRow,
  CampaignRow,
  PlanPartRow,
  CarrierRow,
  CalibrationRow,
  PoolVolumeRow,
  DeviceRow,
  DeviceUpdateRow,
  ApprovalRow,
  HoldRow,
  TokenRow,
  CredentialRow,
  BootstrapRow,
  RotationRow,
  RotationPartRow,
  DeviceRotationRow,
  DataKeyRow,
  DtlsSessionRow,
  TimelineRow,
  AuditEventRow,
  TreeHeadRow,
  MetaRow,
];
