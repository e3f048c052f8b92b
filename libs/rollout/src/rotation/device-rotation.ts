import type { FailureClass, RotationSpec } from '@drover/campaign';
import type { Endpoint, Instant } from '@drover/kernel';
import type { Counted } from '../stage-counts.ts';

export const ROTATION_STATES = [
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
/**
 * `asked`: sent to the bootstrap server. `given`: it has another key, and has not shown it. `suspect`: given, and silent since.
 * `unreachable`: has not come in time. A late contact resolves both.
 */
export type RotationState = (typeof ROTATION_STATES)[number];

/** What a device of a rotation waits for. */
export const ROTATION_WAITS = {
  STAGE_GATE: 'its stage has not opened, or a gate holds it',
  ROTATION_PAUSED: 'the rotation is paused',
  APPROVAL: 'the plan of the rotation is to be approved',
  NOT_BEFORE: 'the rotation has not begun',
  HOLD: 'a person holds the fleet',
  IN_FLIGHT: 'as many devices as may be are asked, or have a key that they have not shown',
  UPDATE: 'its firmware is being updated: it is asked after that',
  NOT_REGISTERED: 'it is not registered: it is asked when it registers',
  ASLEEP: 'it sleeps: it is asked when it wakes up',
  NO_ANSWER: 'it was asked and has not answered: it is asked again when it is heard',
  NOT_COME: 'it has taken the order, and has not come: it is asked again when it is heard',
  OWN_REQUEST: 'it has no Bootstrap-Request Trigger that it carries out (/1/x/9): it comes when it bootstraps by itself',
  SESSION_FAILED: 'its session with the bootstrap server broke off: it comes again by itself, or is asked again when it is heard',
  ANSWER: 'it was asked by Execute of the Bootstrap-Request Trigger, and has not answered yet',
  REQUEST: 'it has taken the order, and its Bootstrap-Request is to come',
  WRITING: 'it is with the bootstrap server',
  CONFIRM: 'it has another key, and is to connect with it; until then the old one is accepted as well',
} as const;
export type RotationWait = keyof typeof ROTATION_WAITS;

/** One device in one rotation, durable. A device to which nothing has happened has none. */
export interface DeviceRotation {
  readonly endpoint: Endpoint;
  readonly stage: number;
  readonly state: RotationState;
  readonly since: Instant;
  readonly waits?: RotationWait;
  /** How often it was sent. */
  readonly asked: number;
  /** Sessions with the bootstrap server that had begun before this. */
  readonly sessionsBefore: number;
  /** Identities that it could show when it was first asked. */
  readonly before: readonly string[];
  /** It has said that it cannot be sent. */
  readonly comesAlone?: true;
  /** When its session ended well. */
  readonly givenAt?: Instant;
  readonly failure?: FailureClass;
  readonly detail?: string;
}

const SETTLED: readonly RotationState[] = ['succeeded', 'failed', 'cancelled', 'skipped'];
const IN_FLIGHT: readonly RotationState[] = ['asked', 'given'];

export const isRotationSettled = ({ state }: Pick<DeviceRotation, 'state'>): boolean => SETTLED.includes(state);
export const isRotationInFlight = ({ state }: Pick<DeviceRotation, 'state'>): boolean => IN_FLIGHT.includes(state);

/** For the tally of its stage. */
export function countedRotation({ state, asked, givenAt, failure, waits }: DeviceRotation): Counted {
  return {
    state,
    isAttempted: asked > 0 || givenAt !== undefined || state === 'succeeded',
    isOver: SETTLED.includes(state) || state === 'suspect' || state === 'unreachable',
    isInFlight: IN_FLIGHT.includes(state),
    isSettled: SETTLED.includes(state),
    failure,
    waits,
  };
}

export type RotationLimits = Pick<RotationSpec, 'deadlines' | 'maxSessions'>;
