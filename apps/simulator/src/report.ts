import type { Outcome } from './profiles/profile.ts';
import type { ProfileName } from './profiles/profiles.ts';
import type { DeviceMemory } from './watch/memory.ts';
import type { AirSummary } from './watch/air-watch.ts';
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
  /** DTLS sessions that it has begun. */
  readonly handshakes: number;
  /** Of them those that it had to begin because the server did not have the one before any more. */
  readonly sessionsLost: number;
  /** Times that a bootstrap server has given it its accounts. */
  readonly bootstraps: number;
  readonly state: number;
  readonly result: number;
  readonly parts: readonly PartReport[];
  readonly memory: DeviceMemory;
}

/** What the devices have seen. Plain data. */
export interface Sighting {
  readonly violations: Readonly<Record<Violation, number>>;
  readonly samples: readonly Sample[];
  readonly air: AirSummary;
}

/** What the devices have seen and become. */
export interface Report extends Sighting {
  readonly devices: readonly DeviceReport[];
}

/** What the processes of a fleet have seen each, and what only all of them together can tell: `whole`. */
export function mergeSightings(parts: readonly Sighting[], whole: Sighting): Sighting {
  const violations = { ...whole.violations };
  for (const part of parts) for (const [kind, count] of Object.entries(part.violations) as [Violation, number][]) violations[kind] += count;
  const samples = [...parts, whole].flatMap((seen) => seen.samples);
  return { violations, samples: samples.slice(0, MAX_SAMPLES), air: whole.air };
}
