import { IsIn, IsOptional } from 'class-validator';
import { ApiPropertyOptional } from '@nestjs/swagger';
import { PageQuery } from './requests.ts';
import type { CampaignView, StageView } from './responses.ts';

/** Of a device in a rotation. A word of the engine's that is missing here does not compile: views have no other. */
export const ROTATION_DEVICE_STATES = [
  'pending',
  'waiting',
  'asked',
  'given',
  'suspect',
  'unreachable',
  'succeeded',
  'failed',
  'cancelled',
  'skipped',
] as const;

export class RotationDevicesQuery extends PageQuery {
  @ApiPropertyOptional({ enum: ROTATION_DEVICE_STATES })
  @IsOptional()
  @IsIn(ROTATION_DEVICE_STATES)
  state?: (typeof ROTATION_DEVICE_STATES)[number];
}

/** A rotation of keys. */
export interface RotationView {
  readonly namespace: string;
  readonly name: string;
  readonly generation: number;
  readonly phase: string;
  readonly author: string;
  readonly planDigest: string;
  readonly approval: CampaignView['approval'];
  /** The fleet is held by a person. */
  readonly hold: { readonly reason: string; readonly by: string } | undefined;
  readonly createdAt: string;
  readonly startedAt: string | undefined;
  readonly endedAt: string | undefined;
  /** `waiting` by the code of what the devices wait for. */
  readonly stages: readonly StageView[];
  readonly devices: number;
  readonly maxInFlight: number;
}

/** One device of it, and why it is where it is. */
export interface RotationDeviceView {
  readonly rotation: string;
  readonly endpoint: string;
  readonly stage: string;
  readonly state: (typeof ROTATION_DEVICE_STATES)[number];
  readonly since: string;
  /** How often it was sent to the bootstrap server. */
  readonly asked: number;
  readonly givenAt: string | undefined;
  readonly failure: string | undefined;
  readonly detail: string | undefined;
  /** Of one that is not done. `until`: when it counts as unreachable, or as suspect. */
  readonly waits: { readonly code: string; readonly text: string; readonly until: string | undefined } | undefined;
}
