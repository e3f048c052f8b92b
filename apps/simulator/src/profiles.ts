import type { Lwm2mVersion } from '@drover/lwm2m';
import type { Limits } from './limits.ts';
import type { Coverage } from './radio.ts';

/** What goes wrong with a device, and when. */
export type Fault =
  | 'none'
  | 'flips-a-byte'
  | 'runs-out-of-memory'
  | 'refuses-package'
  | 'hangs-in-updating'
  | 'comes-back-old'
  | 'loses-power'
  | 'silent-after-execute';

/** How a campaign must end for a device: a state, or the class of its failure. */
export type Outcome =
  'succeeded' | 'skipped' | 'Integrity' | 'OutOfMemory' | 'UnsupportedPackage' | 'InstallTimeout' | 'VersionMismatch' | 'SuspectedBrick';

export interface Profile {
  readonly delivery: 'Pull' | 'Push';
  readonly lwm2m: Lwm2mVersion;
  readonly queueMode: boolean;
  readonly ce: Coverage;
  /** Percent; otherwise drawn for each device. */
  readonly battery?: number;
  /** Share of datagrams lost, each way. */
  readonly loss: number;
  readonly observable: boolean;
  readonly tlvOnly: boolean;
  /** Whether the root link lists content formats; without them a server has to take what comes. */
  readonly listsFormats: boolean;
  /** Resources 10, 11, 13 and 14 of Object 5. */
  readonly fullObject5: boolean;
  readonly fault: Fault;
  readonly outcome: Outcome;
}

const PULL: Profile = {
  delivery: 'Pull',
  lwm2m: '1.1',
  queueMode: false,
  ce: 0,
  loss: 0,
  observable: true,
  tlvOnly: false,
  listsFormats: true,
  fullObject5: false,
  fault: 'none',
  outcome: 'succeeded',
};
const PUSH: Profile = { ...PULL, delivery: 'Push', listsFormats: false };

/** Each named after what it does. */
export const PROFILES = {
  pull: { ...PULL, fullObject5: true },
  push: PUSH,
  'sleeper-pull': { ...PULL, queueMode: true },
  'sleeper-push': { ...PUSH, queueMode: true, lwm2m: '1.0' },
  ce1: { ...PULL, ce: 1, lwm2m: '1.2', fullObject5: true },
  lossy: { ...PULL, loss: 0.02 },
  'power-loss-mid-pull': { ...PULL, fault: 'loses-power' },
  'no-observe': { ...PUSH, observable: false },
  'tlv-only': { ...PULL, lwm2m: '1.0', tlvOnly: true, listsFormats: false },
  'poor-coverage': { ...PULL, ce: 2, lwm2m: '1.2', outcome: 'skipped' },
  'low-battery': { ...PULL, battery: 10, outcome: 'skipped' },
  'integrity-failure': { ...PULL, fault: 'flips-a-byte', outcome: 'Integrity' },
  'out-of-memory': { ...PULL, fault: 'runs-out-of-memory', outcome: 'OutOfMemory' },
  'refuses-package': { ...PUSH, fault: 'refuses-package', outcome: 'UnsupportedPackage' },
  'hangs-in-updating': { ...PULL, fault: 'hangs-in-updating', outcome: 'InstallTimeout' },
  'comes-back-old': { ...PULL, fault: 'comes-back-old', outcome: 'VersionMismatch' },
  'silent-after-execute': { ...PULL, fault: 'silent-after-execute', outcome: 'SuspectedBrick' },
} as const satisfies Record<string, Profile>;

export type ProfileName = keyof typeof PROFILES;

export function isProfileName(name: string): name is ProfileName {
  return Object.hasOwn(PROFILES, name);
}

/** Skipped is expected only of a device that the limits exclude. */
export function expectedOutcome(name: ProfileName, limits: Limits): Outcome {
  const { outcome, ce, battery = 100 }: Profile = PROFILES[name];
  if (outcome !== 'skipped') return outcome;
  const isExcluded = ce > (limits.maxCoverage ?? 3) || battery < limits.minBatteryLevel * 100;
  return isExcluded ? 'skipped' : 'succeeded';
}
