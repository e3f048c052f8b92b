import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  IsArray,
  IsIn,
  IsInt,
  IsNotEmpty,
  IsObject,
  IsOptional,
  IsString,
  Matches,
  Max,
  MaxLength,
  Min,
  ValidateNested,
} from 'class-validator';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { PageQuery, ReasonRequest } from './requests.ts';

export const CREDENTIAL_KINDS = ['psk', 'rpk', 'x509', 'oscore'] as const;
/** Which of the server's doors a credential opens. */
export const CREDENTIAL_USES = ['management', 'bootstrap'] as const;
export const CREDENTIAL_STATES = ['active', 'next', 'revoked'] as const;
/** In one request. */
export const MAX_CREDENTIALS = 2000;

const HEX = /^([0-9a-f]{2})*$/i;

/** An OSCORE context beside its Master Secret, as the device has it in Object 21: the Sender is the device. */
export class OscoreDto {
  @ApiProperty({ description: "Object 21's Sender ID, which the device sends: 0 to 7 bytes, hex" })
  @IsString()
  @MaxLength(14)
  @Matches(HEX)
  senderId!: string;

  @ApiProperty({ description: "Object 21's Recipient ID, which this server sends: 0 to 7 bytes, hex" })
  @IsString()
  @MaxLength(14)
  @Matches(HEX)
  recipientId!: string;

  @ApiPropertyOptional({ description: '0 to 64 bytes, hex' })
  @IsOptional()
  @IsString()
  @MaxLength(128)
  @Matches(HEX)
  masterSalt?: string;

  @ApiPropertyOptional({ description: '0 to 32 bytes, hex' })
  @IsOptional()
  @IsString()
  @MaxLength(64)
  @Matches(HEX)
  idContext?: string;

  @ApiPropertyOptional({ description: 'AES-CCM-16-64-128, the only one' })
  @IsOptional()
  @IsString()
  @MaxLength(40)
  aead?: string;

  @ApiPropertyOptional({ description: 'SHA-256, the only one' })
  @IsOptional()
  @IsString()
  @MaxLength(40)
  hkdf?: string;
}

export class CredentialDto {
  @ApiProperty({ description: 'The only endpoint that this identity may speak for' })
  @IsString()
  @IsNotEmpty()
  @MaxLength(255)
  endpoint!: string;

  @ApiProperty({ enum: CREDENTIAL_KINDS })
  @IsIn(CREDENTIAL_KINDS)
  kind!: (typeof CREDENTIAL_KINDS)[number];

  @ApiPropertyOptional({
    enum: CREDENTIAL_USES,
    default: 'management',
    description: 'bootstrap: a factory key, which opens the bootstrap server and nothing else',
  })
  @IsOptional()
  @IsIn(CREDENTIAL_USES)
  use?: (typeof CREDENTIAL_USES)[number];

  @ApiPropertyOptional({ description: 'PSK identity, or name in the certificate; the endpoint without it. Not of an OSCORE context' })
  @IsOptional()
  @IsString()
  @IsNotEmpty()
  @MaxLength(128)
  identity?: string;

  @ApiPropertyOptional({
    description:
      'Key of a PSK or Master Secret of an OSCORE context (16 to 64 bytes), or a public key (SubjectPublicKeyInfo, DER or PEM), base64; never given back',
  })
  @IsOptional()
  @IsString()
  @MaxLength(2000)
  @Matches(/^[A-Za-z0-9+/]+={0,2}$/)
  key?: string;

  @ApiPropertyOptional({ type: OscoreDto, description: 'Of an OSCORE context' })
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => OscoreDto)
  oscore?: OscoreDto;

  @ApiPropertyOptional({ description: 'Of a certificate: the name of its issuer must be this one' })
  @IsOptional()
  @IsString()
  @IsNotEmpty()
  @MaxLength(1000)
  issuer?: string;

  @ApiPropertyOptional({ description: 'Of a certificate: sha256: of its SubjectPublicKeyInfo' })
  @IsOptional()
  @Matches(/^sha256:[0-9a-f]{64}$/)
  pin?: string;

  @ApiPropertyOptional({ description: 'RFC 3339; refused from then on' })
  @IsOptional()
  @IsString()
  @MaxLength(40)
  expiresAt?: string;
}

export class CredentialsRequest {
  @ApiProperty({ type: [CredentialDto], maxItems: MAX_CREDENTIALS })
  @IsArray()
  @ArrayMaxSize(MAX_CREDENTIALS)
  @IsObject({ each: true })
  @ValidateNested({ each: true })
  @Type(() => CredentialDto)
  credentials!: CredentialDto[];
}

export class RevokeCredentialRequest extends ReasonRequest {
  @ApiProperty()
  @IsString()
  @IsNotEmpty()
  @MaxLength(255)
  endpoint!: string;

  @ApiPropertyOptional({ description: 'One of the device; all of them without it' })
  @IsOptional()
  @IsString()
  @IsNotEmpty()
  @MaxLength(128)
  identity?: string;
}

export class CredentialsQuery extends PageQuery {
  @ApiPropertyOptional({ enum: CREDENTIAL_USES })
  @IsOptional()
  @IsIn(CREDENTIAL_USES)
  use?: (typeof CREDENTIAL_USES)[number];

  @ApiPropertyOptional()
  @IsOptional()
  @IsString()
  @MaxLength(255)
  endpoint?: string;

  @ApiPropertyOptional({ enum: CREDENTIAL_STATES })
  @IsOptional()
  @IsIn(CREDENTIAL_STATES)
  state?: (typeof CREDENTIAL_STATES)[number];
}

export class CredentialCheckQuery {
  @ApiPropertyOptional({ default: 'default', description: 'Tenant' })
  @IsOptional()
  @IsString()
  @MaxLength(63)
  namespace?: string;

  @ApiPropertyOptional({ default: 90, description: 'Days after which an unused credential is reported' })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(3650)
  unusedDays: number = 90;
}

/** Never with a secret. */
export interface CredentialView {
  readonly endpoint: string;
  readonly kind: string;
  readonly use: string;
  readonly identity: string;
  readonly state: string;
  /** Keyed: the same for equal keys, and nothing can be tried against it. */
  readonly fingerprint?: string;
  readonly issuer?: string;
  readonly pin?: string;
  readonly createdAt: string;
  readonly createdBy: string;
  readonly usedAt?: string;
  readonly expiresAt?: string;
  readonly revokedAt?: string;
  readonly revokedWhy?: string;
}

export interface CredentialCheckView {
  readonly checked: number;
  readonly findings: readonly {
    readonly endpoint: string;
    readonly kind: string;
    readonly identity: string;
    readonly code: string;
    readonly text: string;
  }[];
}
