import { Transform, Type } from 'class-transformer';
import { ArrayMaxSize, IsArray, IsBoolean, IsInt, IsNumber, IsObject, IsOptional, IsString, Max, MaxLength, Min } from 'class-validator';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';

/** Forecasts of campaigns, and the cells that they hang on. */

export const FORECAST_RUNS = { usual: 20, most: 200 } as const;

export class ForecastRequest {
  @ApiPropertyOptional({
    default: FORECAST_RUNS.usual,
    minimum: 1,
    maximum: FORECAST_RUNS.most,
    description: 'How often the rest is played',
  })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(FORECAST_RUNS.most)
  runs: number = FORECAST_RUNS.usual;

  @ApiPropertyOptional({ default: 1, description: 'The same state and seed give the same answer' })
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(2_147_483_647)
  seed: number = 1;

  @ApiPropertyOptional({ description: 'Size of a delta image, bytes: what it would change is told as a lever' })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(2_147_483_647)
  deltaBytes?: number;
}

export class PlanForecastRequest extends ForecastRequest {
  @ApiProperty({
    type: 'array',
    items: { type: 'object', additionalProperties: true },
    description: 'One campaign, and policies that it needs',
  })
  @IsArray()
  @ArrayMaxSize(500)
  @IsObject({ each: true })
  documents!: Record<string, unknown>[];
}

export class ForecastQuery {
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

  @ApiPropertyOptional({ default: 0, maximum: 30, description: 'How long the answer may be held back for news' })
  @IsOptional()
  @Type(() => Number)
  @IsNumber()
  @Min(0)
  @Max(30)
  waitSeconds: number = 0;
}

export class CellsQuery {
  @ApiPropertyOptional({ default: 'default', description: 'Tenant; carriers are shared by all of them' })
  @IsOptional()
  @IsString()
  @MaxLength(63)
  namespace?: string;

  @ApiPropertyOptional({ default: false, description: 'Only those that are near their budget or crowded' })
  @IsOptional()
  @Transform(({ value }: { value: unknown }) => (value === 'true' ? true : value === 'false' ? false : value))
  @IsBoolean()
  hot: boolean = false;

  @ApiPropertyOptional({ default: 100, maximum: 1000 })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(1000)
  limit: number = 100;
}

/** Over the runs, hours from `at` on; null where it does not come about within the horizon. */
export interface SpreadView {
  readonly p50: number | null;
  readonly p90: number | null;
}

export interface ChangeView<T = number> {
  readonly before: T;
  readonly after: T;
}

export interface LeverView {
  readonly name: string;
  readonly what: string;
  readonly runs: number;
  /** Devices that can come through, and that do within the horizon. */
  readonly feasible: ChangeView;
  readonly through: ChangeView;
  readonly hours90: ChangeView<number | null>;
  readonly hoursAll: ChangeView<number | null>;
  readonly fleetAh: ChangeView;
}

export interface OutlookView {
  /** The state that this is a forecast from. */
  readonly at: string;
  readonly runs: number;
  readonly seed: number;
  readonly sample: {
    readonly devices: number;
    readonly of: number;
    readonly carriers: number;
    readonly ofCarriers: number;
    readonly thinned: number;
  };
  readonly horizonHours: number;
  readonly devices: {
    readonly remaining: number;
    readonly feasible: number;
    readonly transferring: number;
    readonly withImage: number;
    readonly infeasible: Readonly<Record<string, number>>;
  };
  readonly eta: readonly {
    readonly share: number;
    readonly hours: SpreadView;
    readonly at: { readonly p50: string | null; readonly p90: string | null };
  }[];
  readonly atDeadline: { readonly p10: number; readonly p50: number } | undefined;
  readonly fan: readonly { readonly hour: number; readonly p10: number; readonly p50: number; readonly p90: number }[];
  readonly stages: readonly { readonly name: string; readonly opensHours: SpreadView; readonly short: number }[];
  readonly energy: {
    readonly p50Mah: number;
    readonly p95Mah: number;
    readonly p99Mah: number;
    readonly p50Days: number;
    readonly p95Days: number;
    readonly p99Days: number;
    readonly mahPerDay: number;
    readonly fleetAh: SpreadView;
    readonly byCoverage: readonly {
      readonly ce: number;
      readonly devices: number;
      readonly p50Mah: number;
      readonly p95Mah: number;
      readonly p50Days: number;
      readonly p95Days: number;
    }[];
  };
  readonly bytes: number;
  readonly extraWakes: number;
  readonly bottlenecks: {
    readonly count: number;
    readonly busiest: readonly {
      readonly carrier: string;
      readonly devices: number;
      readonly hoursNeeded: number;
      readonly hoursLeft: number;
      readonly load: number | undefined;
    }[];
  };
  readonly levers: readonly LeverView[];
  /** How stages were treated, and what was taken for done. */
  readonly method: { readonly stages: string; readonly assumes: readonly string[] };
}

export interface ForecastView {
  readonly id: string;
  readonly campaign: string;
  /** Of documents that were not applied. */
  readonly isPlan: boolean;
  readonly state: 'queued' | 'collecting' | 'running' | 'done' | 'failed' | 'cancelled';
  readonly revision: number;
  readonly askedAt: string;
  /** Runs of the world. */
  readonly progress: { readonly done: number; readonly of: number };
  readonly outlook: OutlookView | undefined;
  readonly failure: { readonly code: string; readonly kind: string; readonly message: string } | undefined;
}

export interface CellView {
  /** `operator/cell/bearer`. */
  readonly carrier: string;
  readonly isKnown: boolean;
  readonly waiting: number;
  readonly live: number;
  /** Part of the carrier that its transfers take at full rate, 0–1 and more: what is above the budget is held back by pacing. */
  readonly used: number;
  readonly budget: number;
  /** Part that is promised or taken in each of the hours from now on, 0–1. */
  readonly promised: readonly number[];
  /** Small transfers that wait are so many that the very long ones let them go first. */
  readonly isCrowded: boolean;
  readonly isHot: boolean;
  /** What transfers on it have shown; absent before the first. */
  readonly transfers:
    | {
        readonly measured: number;
        /** Time of a block over what the built-in figures say. */
        readonly slowness: number;
        /** Part of the blocks that went over the air more than once, 0–1. */
        readonly loss: number;
        /** Payload of one transfer, pauses included. */
        readonly bytesPerSecond: number;
      }
    | undefined;
}

export interface CellsView {
  readonly at: string;
  readonly total: number;
  readonly cells: readonly CellView[];
}
