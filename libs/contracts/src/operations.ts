import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsIn,
  IsInt,
  IsNumber,
  IsObject,
  IsOptional,
  IsString,
  Matches,
  Max,
  MaxLength,
  Min,
  ValidateBy,
  ValidateNested,
} from 'class-validator';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';

/** Operations on single devices: what a person may ask, and what the server says of it. */

const PATH = /^\/$|^(\/\d{1,5}){1,4}$/;
const MAX_PATHS = 50;
const MAX_TEXT = 65_536;
const WEEK_S = 7 * 86_400;
const ATTRIBUTES = ['pmin', 'pmax', 'gt', 'lt', 'st', 'epmin', 'epmax'] as const;
type AttributeName = (typeof ATTRIBUTES)[number];

export const INQUIRIES = ['read', 'discover', 'observe'] as const;
export const CHANGES = ['write', 'replace', 'update', 'write-composite', 'write-attributes', 'execute', 'create', 'delete'] as const;

const ofType = (name: string, what: string, isOne: (value: unknown) => boolean): PropertyDecorator =>
  ValidateBy({ name, validator: { validate: isOne, defaultMessage: () => what } });

const IsScalar = (): PropertyDecorator =>
  ofType('isScalar', `value is a text of at most ${MAX_TEXT} characters, a number, or true or false`, (value) =>
    typeof value === 'string'
      ? value.length <= MAX_TEXT
      : typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value)),
  );
const IsMapping = (): PropertyDecorator =>
  ofType('isMapping', 'data is a mapping of ids to values, or a list of them', (value) => typeof value === 'object' && value !== null);

class Waiting {
  @ApiPropertyOptional({ default: 0, maximum: WEEK_S, description: 'How long a device that sleeps is waited for, seconds; 0 refuses it' })
  @IsOptional()
  @IsNumber()
  @Min(0)
  @Max(WEEK_S)
  waitSeconds?: number;
}

export class InquiryRequest extends Waiting {
  @ApiProperty({ enum: INQUIRIES })
  @IsIn(INQUIRIES)
  operation!: (typeof INQUIRIES)[number];

  @ApiPropertyOptional({ pattern: PATH.source, description: 'Object, instance, resource or resource instance' })
  @IsOptional()
  @Matches(PATH)
  path?: string;

  @ApiPropertyOptional({ type: [String], description: 'Several paths in one composite request, instead of `path`' })
  @IsOptional()
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(MAX_PATHS)
  @Matches(PATH, { each: true })
  paths?: string[];

  @ApiPropertyOptional({ maximum: 3, description: 'Of a Discover, since LwM2M 1.2' })
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(3)
  depth?: number;
}

export class AttributesDto implements Partial<Record<AttributeName, number>> {
  @ApiPropertyOptional({ description: 'Shortest time between notifications, seconds' })
  @IsOptional()
  @IsNumber()
  pmin?: number;

  @ApiPropertyOptional({ description: 'Longest time between notifications, seconds' })
  @IsOptional()
  @IsNumber()
  pmax?: number;

  @ApiPropertyOptional()
  @IsOptional()
  @IsNumber()
  gt?: number;

  @ApiPropertyOptional()
  @IsOptional()
  @IsNumber()
  lt?: number;

  @ApiPropertyOptional()
  @IsOptional()
  @IsNumber()
  st?: number;

  @ApiPropertyOptional()
  @IsOptional()
  @IsNumber()
  epmin?: number;

  @ApiPropertyOptional()
  @IsOptional()
  @IsNumber()
  epmax?: number;
}

export class ChangeRequest extends Waiting {
  @ApiProperty({ enum: CHANGES })
  @IsIn(CHANGES)
  operation!: (typeof CHANGES)[number];

  @ApiPropertyOptional({ pattern: PATH.source })
  @IsOptional()
  @Matches(PATH)
  path?: string;

  @ApiPropertyOptional({
    oneOf: [{ type: 'string' }, { type: 'number' }, { type: 'boolean' }],
    description: 'Of a write: one value, by the type of the resource; bytes as base64, Time as seconds or RFC 3339, links as 66:0',
  })
  @IsOptional()
  @IsScalar()
  value?: string | number | boolean;

  @ApiPropertyOptional({
    type: 'object',
    additionalProperties: true,
    description: 'Several values: a mapping of resource ids, of resource instances, or (write-composite) of whole paths',
  })
  @IsOptional()
  @IsMapping()
  data?: unknown;

  @ApiPropertyOptional({ description: "Of an execute: 0='text',1" })
  @IsOptional()
  @IsString()
  @MaxLength(1024)
  arguments?: string;

  @ApiPropertyOptional({ type: AttributesDto })
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => AttributesDto)
  attributes?: AttributesDto;

  @ApiPropertyOptional({ enum: ATTRIBUTES, isArray: true, description: 'Attributes to be taken back' })
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(ATTRIBUTES.length)
  @IsIn(ATTRIBUTES, { each: true })
  unset?: AttributeName[];

  @ApiPropertyOptional({ maximum: 65_534, description: 'Of a create: the id of the new instance; without it the device chooses' })
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(65_534)
  instance?: number;
}

/** A look at an operation: returns at once with something newer than `after`, or when the wait is over. */
export class OperationQuery {
  @ApiPropertyOptional({ default: 'default', description: 'Tenant' })
  @IsOptional()
  @IsString()
  @MaxLength(63)
  namespace?: string;

  @ApiPropertyOptional({ default: 0, description: 'Revision that is known' })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(0)
  after: number = 0;

  @ApiPropertyOptional({ default: 0, maximum: 30 })
  @IsOptional()
  @Type(() => Number)
  @IsNumber()
  @Min(0)
  @Max(30)
  waitSeconds: number = 0;
}

export interface ValueView {
  readonly path: string;
  readonly value: string | number | boolean;
  readonly name?: string;
  readonly type?: string;
  readonly unit?: string;
  readonly outOfRange?: boolean;
  /** Seconds since 1970, where the device says when. */
  readonly time?: number;
}

export interface LinkView {
  readonly path: string;
  readonly name?: string;
  readonly attributes: Readonly<Record<string, number>>;
  readonly dim?: number;
  readonly version?: string;
  readonly ignored: readonly string[];
}

export interface OperationView {
  readonly id: string;
  readonly endpoint: string;
  readonly operation: string;
  readonly path: string | undefined;
  readonly paths: readonly string[] | undefined;
  readonly by: string;
  readonly askedAt: string;
  readonly state: 'waiting' | 'sent' | 'observing' | 'done' | 'failed' | 'cancelled';
  readonly revision: number;
  /** Why it has not been sent yet, and until when it will be tried. */
  readonly wait:
    | {
        readonly code: string;
        readonly evidence: string;
        readonly since: string;
        readonly nextAt: string | undefined;
        readonly until: string;
      }
    | undefined;
  readonly answer:
    | { readonly code: string; readonly values: readonly ValueView[]; readonly links?: readonly LinkView[]; readonly created?: string }
    | undefined;
  readonly failure: { readonly code: string; readonly kind: string; readonly message: string; readonly answer?: string } | undefined;
  /** Newer than what was asked for. */
  readonly notifications: readonly { readonly at: string; readonly values: readonly ValueView[] }[];
  /** Notifications that came faster than they were fetched. */
  readonly missed: number;
  /** Why an observation is over. */
  readonly ended: string | undefined;
}
