import { DAY, HOUR } from '@drover/kernel';
import { coverageAtLoss } from '../coverage.ts';
import { WEATHER, type SimFleet } from '../simulate/fleet.ts';
import { World } from '../simulate/world.ts';
import { barriersOf, costAhead } from './feasibility.ts';
import type { Sample } from './sample.ts';
import { simFleetOf } from './sim-fleet.ts';
import type { OutlookSnapshot } from './snapshot.ts';
import { StagedPolicy } from './staged-policy.ts';

/** Three weeks, or two days more than the deadline where that is later; nobody looks further than five weeks. */
const [LEAST_DAYS, AFTER_DEADLINE_DAYS, MOST_DAYS] = [21, 2, 35];

export function horizonMs({ campaign: { deadlineMs = 0, startsMs } }: OutlookSnapshot): number {
  const wanted = Math.max(startsMs + LEAST_DAYS * DAY, deadlineMs + AFTER_DEADLINE_DAYS * DAY);
  return Math.ceil(Math.min(wanted, MOST_DAYS * DAY) / HOUR) * HOUR;
}

/** What one run of the world came to. */
export interface RunFigures {
  /** When each device that came through did, ms, in order. */
  readonly settled: Float64Array;
  /** Devices that could come through, of those simulated. */
  readonly feasible: number;
  /** Of devices on battery that came through, mAh, and their coverage level at the mean. */
  readonly energyMah: Float64Array;
  /** The same in days of the life of each battery. */
  readonly energyDays: Float64Array;
  readonly coverage: Uint8Array;
  /** Part of what was sent that has to be sent again, 0–1. */
  readonly wasted: number;
  readonly extraWakes: number;
  /** When each stage opened, ms; Infinity where it did not. */
  readonly opened: readonly number[];
}

/** A snapshot made ready to be run. */
export interface Scene {
  readonly snapshot: OutlookSnapshot;
  readonly sample: Sample;
  /** By row of the snapshot. */
  readonly barriers: Uint8Array;
  readonly fleet: SimFleet;
  /** Transfers at once, in the sample. */
  readonly slots: number;
}

export function sceneOf(snapshot: OutlookSnapshot, sample: Sample): Scene {
  const barriers = barriersOf(snapshot);
  return { snapshot, sample, barriers, fleet: simFleetOf(snapshot, sample, barriers), slots: slotsOf(snapshot, sample) };
}

/** Plays the campaign from the snapshot on; the same seed is the same chance. */
export function runOnce(scene: Scene, seed: number): RunFigures {
  const { snapshot, sample, barriers, fleet } = scene;
  const policy = new StagedPolicy(scene);
  const world = new World(fleet, { ...WEATHER, seed }, { pacing: 'battery-first', horizonMs: horizonMs(snapshot), model: snapshot.model });
  world.run(policy);
  const through = Array.from(sample.rows.keys()).filter((device) => Number.isFinite(policy.settledAt[device]!));
  const charged = through.filter((device) => snapshot.onBattery[sample.rows[device]!] === 1);
  const { sentBlocks, wastedBlocks, extraWakes } = world.seen;
  return {
    settled: Float64Array.from(through, (device) => policy.settledAt[device]!).sort(),
    feasible: sample.rows.reduce((sum, row) => sum + Number(barriers[row] === 0), 0),
    energyMah: Float64Array.from(charged, (device) => world.energyMah[device]!),
    energyDays: Float64Array.from(charged, (device) => world.energyMah[device]! / snapshot.mahPerDay[sample.rows[device]!]!),
    coverage: Uint8Array.from(charged, (device) => coverageAtLoss(fleet.meanLossDb[device]!)),
    wasted: sentBlocks === 0 ? 0 : wastedBlocks / sentBlocks,
    extraWakes,
    opened: snapshot.campaign.stages.map((_, stage) => policy.gates.openedMs(stage) ?? Number.POSITIVE_INFINITY),
  };
}

/** Transfers at once: what the campaign says, and what its bytes per second come to at the usual rate; the first always fits. */
function slotsOf(snapshot: OutlookSnapshot, { factor }: Sample): number {
  const { maxInFlight, bytesPerSecond } = snapshot.campaign;
  const byRate = bytesPerSecond === undefined ? Number.POSITIVE_INFINITY : bytesPerSecond / meanRate(snapshot);
  return Math.max(1, Math.floor(Math.min(maxInFlight, byRate) / factor));
}

/** Of one transfer on the air, bytes/s, over all that is still to be moved. */
function meanRate(snapshot: OutlookSnapshot): number {
  let [bytes, ms] = [0, 0];
  for (let device = 0; device < snapshot.size; device++) {
    const { bytesOnAir, duration } = costAhead(snapshot, device);
    bytes += bytesOnAir;
    ms += duration;
  }
  return ms === 0 ? 1 : (bytes * 1000) / ms;
}
