import { DAY, type Duration } from '@drover/kernel';
import { exclusionFaults, scheduleFaults, stageFaults } from './contradictions.ts';
import { durationWithin, instant, integer, text, where } from './leaves.ts';
import { list, mapping, optional, required, withDefault, type Fault, type Read } from './schema.ts';
import { approvals } from './spec-approvals.ts';
import { stage } from './spec-stages.ts';
import { exclusion, selector } from './spec-targets.ts';

const targets = mapping({ where: optional(where), selector: optional(selector), exclude: withDefault(list(exclusion), []) });

const schedule = mapping({ notBefore: optional(instant), deadline: optional(mapping({ at: required(instant) })) });

const span = durationWithin('1m', '3650d');
const days = (count: number): Duration => (count * DAY) as Duration;
const DEADLINES = { request: days(30), confirm: days(3) };

/** Other keys for devices in the field, in stages: each is sent to the bootstrap server, and is done when it has shown its new key. */
export const rotationSpec = mapping(
  {
    description: optional(text({ max: 2000 })),
    targets: required(targets),
    schedule: withDefault(schedule, { notBefore: undefined, deadline: undefined }),
    stages: required(list(stage, { min: 1, max: 100 })),
    /** Devices that were asked and have not shown their new key, over all stages. */
    maxInFlight: withDefault(integer({ min: 1, max: 100_000 }), 100),
    /** `request`: from the opening of its stage until it has come. `confirm`: from there until it has shown its new key. */
    deadlines: withDefault(
      mapping({ request: withDefault(span, DEADLINES.request), confirm: withDefault(span, DEADLINES.confirm) }),
      DEADLINES,
    ),
    /** Of one device that end in failure, before it has failed. */
    maxSessions: withDefault(integer({ min: 1, max: 20 }), 4),
    approvals: withDefault(approvals, { start: undefined }),
  },
  ['suspend'],
);
export type RotationSpec = Read<typeof rotationSpec>;

/** What each field alone cannot see. */
export function rotationFaults(spec: RotationSpec): Fault[] {
  const nobody = !spec.targets.where && !spec.targets.selector;
  const message = '"where" or "selector" is missing; for the whole fleet write where: "true"';
  return [
    ...(nobody ? [{ code: 'FIELD_MISSING' as const, path: ['spec', 'targets'], message }] : []),
    ...exclusionFaults(spec.targets),
    ...stageFaults(spec),
    ...scheduleFaults(spec),
  ];
}
