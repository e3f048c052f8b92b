import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  IsArray,
  IsIn,
  IsInt,
  IsNotEmpty,
  IsNumber,
  IsObject,
  IsOptional,
  IsString,
  IsTimeZone,
  Matches,
  Max,
  MaxLength,
  Min,
  ValidateBy,
  ValidateNested,
} from 'class-validator';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';

/** What the HTTP API accepts. Each is validated as a whole: unknown members are refused. */

export const API_PREFIX = '/api/v1';
export const ROLES = ['viewer', 'operator', 'approver', 'auditor', 'administrator'] as const;
export type Role = (typeof ROLES)[number];

const DIGEST = /^sha256:[0-9a-f]{64}$/;

export class DocumentsRequest {
  @ApiProperty({
    type: 'array',
    items: { type: 'object', additionalProperties: true },
    description: 'Campaigns and policies, as the language writes them',
  })
  @IsArray()
  @ArrayMaxSize(500)
  @IsObject({ each: true })
  documents!: Record<string, unknown>[];

  @ApiPropertyOptional({ type: [String], description: 'Plan digests of a saved plan; any other plan is refused with PLAN_STALE' })
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(500)
  @Matches(DIGEST, { each: true })
  expected?: string[];
}

export class ReasonRequest {
  @ApiProperty({ description: 'Why; goes into the audit log' })
  @IsString()
  @IsNotEmpty()
  @MaxLength(500)
  reason!: string;
}

export class DeviceUpdateRequest extends ReasonRequest {
  @ApiProperty({ description: 'The campaign whose device it is' })
  @IsString()
  @IsNotEmpty()
  @MaxLength(63)
  campaign!: string;
}

export class RollbackRequest extends ReasonRequest {
  @ApiPropertyOptional({ description: 'The version to go back to, where the campaign names none' })
  @IsOptional()
  @IsString()
  @IsNotEmpty()
  @MaxLength(60)
  version?: string;
}

export class ApprovalRequest {
  @ApiProperty({ pattern: DIGEST.source })
  @Matches(DIGEST)
  planDigest!: string;

  @ApiProperty({ enum: ['approve', 'deny'] })
  @IsIn(['approve', 'deny'])
  decision!: 'approve' | 'deny';

  @ApiPropertyOptional()
  @IsOptional()
  @IsString()
  @MaxLength(500)
  remark?: string;
}

export class HoldRequest {
  @ApiProperty({ enum: ['campaign', 'firmware', 'fleet'] })
  @IsIn(['campaign', 'firmware', 'fleet'])
  scope!: 'campaign' | 'firmware' | 'fleet';

  @ApiPropertyOptional({ description: 'Campaign name or firmware digest; nothing for the fleet' })
  @IsOptional()
  @IsString()
  @MaxLength(255)
  target?: string;

  @ApiProperty()
  @IsString()
  @IsNotEmpty()
  @MaxLength(500)
  reason!: string;

  @ApiPropertyOptional({ description: 'RFC 3339; reminds, lifts nothing' })
  @IsOptional()
  @IsString()
  @MaxLength(40)
  until?: string;
}

export class FirmwareRequest {
  @ApiProperty({ description: 'COSE_Sign envelope, base64' })
  @IsString()
  @MaxLength(100_000)
  @Matches(/^[A-Za-z0-9+/]+={0,2}$/)
  envelope!: string;

  @ApiProperty({ description: 'What the upload answered' })
  @Matches(DIGEST)
  digest!: string;
}

export class WithdrawRequest extends ReasonRequest {
  @ApiProperty()
  @IsString()
  @MaxLength(63)
  name!: string;

  @ApiProperty()
  @IsString()
  @MaxLength(60)
  version!: string;
}

const MAX_LABELS = 200;
const isShortText = (text: unknown, max: number): boolean => typeof text === 'string' && text !== '' && text.length <= max;

/** Labels as the campaign language knows them: a mapping of short texts. */
const IsLabels = (): PropertyDecorator =>
  ValidateBy({
    name: 'isLabels',
    validator: {
      validate: (value: unknown) =>
        typeof value === 'object' &&
        value !== null &&
        !Array.isArray(value) &&
        Object.keys(value).length <= MAX_LABELS &&
        Object.entries(value).every(([key, text]) => isShortText(key, 255) && isShortText(text, 255)),
      defaultMessage: () => `labels is a mapping of at most ${MAX_LABELS} names to texts of 1 to 255 characters`,
    },
  });

export class ImportedDeviceDto {
  @ApiProperty()
  @IsString()
  @IsNotEmpty()
  @MaxLength(255)
  endpoint!: string;

  @ApiProperty({ type: 'object', additionalProperties: { type: 'string' } })
  @IsLabels()
  labels!: Record<string, string>;

  @ApiPropertyOptional()
  @IsOptional()
  @IsString()
  @MaxLength(255)
  site?: string;

  @ApiPropertyOptional()
  @IsOptional()
  @IsString()
  @MaxLength(255)
  carrier?: string;

  @ApiPropertyOptional()
  @IsOptional()
  @IsTimeZone()
  timeZone?: string;

  @ApiPropertyOptional({ description: 'Contract that its SIM shares its data with' })
  @IsOptional()
  @IsString()
  @MaxLength(255)
  simPool?: string;

  @ApiPropertyOptional({ description: 'What can be taken from its battery in its life, mAh' })
  @IsOptional()
  @IsNumber()
  @Min(10)
  @Max(10_000_000)
  batteryCapacityMah?: number;
}

export class ImportRequest {
  @ApiProperty({ type: [ImportedDeviceDto] })
  @IsArray()
  @ArrayMaxSize(20_000)
  @IsObject({ each: true })
  @ValidateNested({ each: true })
  @Type(() => ImportedDeviceDto)
  devices!: ImportedDeviceDto[];
}

export class TokenRequest {
  @ApiProperty()
  @IsString()
  @Matches(/^[A-Za-z0-9._@-]{1,100}$/)
  name!: string;

  @ApiProperty({ enum: ROLES })
  @IsIn(ROLES)
  role!: Role;
}

export class TraceRequest {
  @ApiProperty({ minimum: 1, maximum: 86_400, description: 'How long the datagrams of the device are recorded' })
  @IsInt()
  @Min(1)
  @Max(86_400)
  seconds!: number;
}

export class PageQuery {
  @ApiPropertyOptional({ default: 'default', description: 'Tenant' })
  @IsOptional()
  @IsString()
  @MaxLength(63)
  namespace?: string;

  @ApiPropertyOptional({ default: 100, maximum: 1000 })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(1000)
  limit: number = 100;

  @ApiPropertyOptional({ default: 0 })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(0)
  @Max(1_000_000_000)
  offset: number = 0;

  @ApiPropertyOptional({ description: 'Expression over facts and labels' })
  @IsOptional()
  @IsString()
  @MaxLength(4000)
  where?: string;
}

export class SuspectsQuery extends PageQuery {
  @ApiPropertyOptional({ description: 'Of this campaign alone' })
  @IsOptional()
  @IsString()
  @IsNotEmpty()
  @MaxLength(63)
  campaign?: string;
}
