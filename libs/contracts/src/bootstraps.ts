import { ArrayMaxSize, ArrayMinSize, IsArray, IsIn, IsNotEmpty, IsOptional, IsString, MaxLength } from 'class-validator';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { PageQuery, ReasonRequest } from './requests.ts';

/** `wanted`: has never come. `writing`: a session has begun, and has not ended yet or broke off without a word. */
export const BOOTSTRAP_STATES = ['wanted', 'writing', 'finished', 'failed'] as const;
/** Devices in one request. */
export const MAX_TRIGGERED = 1000;

export class BootstrapsQuery extends PageQuery {
  @ApiPropertyOptional({ enum: BOOTSTRAP_STATES })
  @IsOptional()
  @IsIn(BOOTSTRAP_STATES)
  state?: (typeof BOOTSTRAP_STATES)[number];

  @ApiPropertyOptional({ enum: ['true'], description: 'Only devices that somebody waits for' })
  @IsOptional()
  @IsIn(['true'])
  wanted?: 'true';
}

export class TriggerBootstrapRequest extends ReasonRequest {
  @ApiProperty({ type: [String], maxItems: MAX_TRIGGERED })
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(MAX_TRIGGERED)
  @IsString({ each: true })
  @IsNotEmpty({ each: true })
  @MaxLength(255, { each: true })
  endpoints!: string[];
}

/** Never with a key. */
export interface BootstrapView {
  readonly endpoint: string;
  readonly state: string;
  readonly at: string;
  /** Sessions that have begun. */
  readonly sessions: number;
  /** Identity of the factory credential that it came with; absent without security, or where it has never come. */
  readonly by?: string;
  /** `pack`: in one answer, of which nobody knows what became. */
  readonly via?: string;
  readonly template?: { readonly name: string; readonly generation: number; readonly digest: string };
  readonly accounts: readonly {
    readonly uri: string;
    readonly shortServerId: number;
    readonly mode: string;
    readonly identity?: string;
    readonly fingerprint?: string;
    /** Of its credential; `next`: the device has not connected with it yet. */
    readonly key?: string;
  }[];
  readonly failure?: { readonly at: string; readonly why: string };
  readonly wish?: {
    readonly by: string;
    readonly reason: string;
    readonly at: string;
    readonly askedAt?: string;
    readonly waits: string;
    readonly text: string;
  };
}

export interface BootstrapTemplateView {
  readonly name: string;
  readonly precedence: number;
  readonly generation: number;
  readonly digest: string;
  readonly source: unknown;
}
