import type { Outcome } from './profiles/profile.ts';
import type { ProfileName } from './profiles/profiles.ts';
import type { DeviceMemory } from './watch/memory.ts';
import { MAX_SAMPLES, type Sample, type Violation } from './watch/observer.ts';

export interface PartReport {
  readonly object: number;
  readonly instance: number;
  readonly component: string;
  readonly version: string;
  readonly state: number;
  readonly result: number;
}

export interface DeviceReport {
  readonly endpoint: string;
  readonly profile: ProfileName;
  /** How a campaign must end for it. */
  readonly expected: Outcome;
  /** Of the first part, as State and Result. */
  readonly version: string;
  readonly installs: number;
  readonly blocks: number;
  readonly state: number;
  readonly result: number;
  readonly parts: readonly PartReport[];
  readonly memory: DeviceMemory;
}

/** What the devices have seen and become. Plain data. */
export interface Report {
  readonly devices: readonly DeviceReport[];
  readonly violations: Readonly<Record<Violation, number>>;
  readonly samples: readonly Sample[];
}

/** Of a fleet that several processes hold. */
export function mergeReports(reports: readonly [Report, ...Report[]]): Report {
  const violations = { ...reports[0].violations };
  for (const report of reports.slice(1))
    for (const [kind, count] of Object.entries(report.violations) as [Violation, number][]) violations[kind] += count;
  return {
    devices: reports.flatMap(({ devices }) => devices),
    violations,
    samples: reports.flatMap(({ samples }) => samples).slice(0, MAX_SAMPLES),
  };
}
