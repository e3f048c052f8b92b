import { HOUR } from '@drover/kernel';
import { mahPerDay } from '../battery-life.ts';
import { bottlenecksOf, type CarrierLoadAhead } from './bottlenecks.ts';
import { costAhead } from './feasibility.ts';
import { leversOf, type LeverName } from './levers.ts';
import { horizonMs, runOnce, sceneOf, type RunFigures, type Scene } from './one-run.ts';
import { quantileOf, rounded } from './quantiles.ts';
import { MOST_SIMULATED, sampleOf, type Sample } from './sample.ts';
import { BARRIERS, HAS_IMAGE, TRANSFERS, type Barrier, type OutlookSnapshot } from './snapshot.ts';
import {
  energyOf,
  etaOf,
  fanOf,
  fleetAh,
  shareAt,
  spreadHours,
  timeOf,
  type EnergyOutlook,
  type FanPoint,
  type Spread,
} from './summary.ts';

export interface OutlookOptions {
  /** Runs of the world, 1–200. */
  readonly runs: number;
  /** The same snapshot and seed give the same answer. */
  readonly seed: number;
  readonly deltaBytes?: number;
  /** Devices above which the fleet is sampled. */
  readonly most?: number;
}

/** Before and after a lever, each the middle of the runs that both had. */
export interface Change<T = number> {
  readonly before: T;
  readonly after: T;
}

export interface LeverOutlook {
  readonly name: LeverName;
  readonly what: string;
  readonly runs: number;
  /** Devices that can come through. */
  readonly feasible: Change;
  /** Devices that do within the horizon. */
  readonly through: Change;
  /** Hours until 90 % and all of those that can come through did; null: not within the horizon. */
  readonly hours90: Change<number | null>;
  readonly hoursAll: Change<number | null>;
  readonly fleetAh: Change;
}

/** What is to be expected of a campaign from a moment on. Plain data. */
export interface Outlook {
  /** Campaign time of the snapshot, ms since the epoch. */
  readonly at: number;
  readonly runs: number;
  readonly seed: number;
  readonly sample: {
    readonly devices: number;
    readonly of: number;
    readonly carriers: number;
    readonly ofCarriers: number;
    /** Carriers so large that only part of their devices and of their budget was run. */
    readonly thinned: number;
  };
  readonly horizonHours: number;
  readonly devices: {
    /** Not through yet. */
    readonly remaining: number;
    readonly feasible: number;
    readonly transferring: number;
    readonly withImage: number;
    readonly infeasible: Readonly<Partial<Record<Barrier, number>>>;
  };
  readonly eta: readonly { readonly share: number; readonly hours: Spread }[];
  /** Part of the feasible that is through at the deadline, 0–1, in the slow runs and in the middle; absent without one. */
  readonly atDeadline: { readonly p10: number; readonly p50: number } | undefined;
  readonly fan: readonly FanPoint[];
  /** `short`: devices that its gate asks for and that cannot come through. It waits until the server gives them up, or for a person. */
  readonly stages: readonly { readonly name: string; readonly opensHours: Spread; readonly short: number }[];
  readonly energy: EnergyOutlook;
  /** Payload and headers still to be sent, repetitions included, bytes. */
  readonly bytes: number;
  readonly extraWakes: number;
  readonly bottlenecks: { readonly count: number; readonly busiest: readonly CarrierLoadAhead[] };
  readonly levers: readonly LeverOutlook[];
}

export interface OutlookProgress {
  readonly done: number;
  readonly of: number;
}

/** One in so many runs is played again for each lever, with the same chances. */
const LEVER_RUNS = 4;

/** Plays a campaign to its end again and again. Yields after every run, so that whoever computes can tell and stop. */
export function* outlookOf(snapshot: OutlookSnapshot, options: OutlookOptions): Generator<OutlookProgress, Outlook> {
  const { runs, seed, deltaBytes, most = MOST_SIMULATED } = options;
  const sample = sampleOf(snapshot, seed, most);
  const scene = sceneOf(snapshot, sample);
  const levers = leversOf(snapshot, deltaBytes);
  const leverRuns = Math.ceil(runs / LEVER_RUNS);
  const of = runs + levers.length * leverRuns;
  let done = 0;
  const play = function* (played: Scene, count: number): Generator<OutlookProgress, RunFigures[]> {
    const figures: RunFigures[] = [];
    for (let run = 0; run < count; run++) {
      figures.push(runOnce(played, seed + run));
      yield { done: ++done, of };
    }
    return figures;
  };
  const figures = yield* play(scene, runs);
  const pulled: LeverOutlook[] = [];
  for (const { name, what, snapshot: changed } of levers) {
    const other = sceneOf(changed, sample);
    const after = yield* play(other, leverRuns);
    const both = { before: { scene, figures: figures.slice(0, leverRuns) }, after: { scene: other, figures: after } };
    pulled.push({ name, what, runs: leverRuns, ...changeOf(both) });
  }
  return { ...figuresOf(scene, figures), runs, seed, levers: pulled };
}

interface Played {
  readonly scene: Scene;
  readonly figures: readonly RunFigures[];
}

function changeOf(both: Change<Played>): Omit<LeverOutlook, 'name' | 'what' | 'runs'> {
  const change = <T>(of: (played: Played) => T): Change<T> => ({ before: of(both.before), after: of(both.after) });
  const hours = (share: number) => change(({ figures }) => spreadHours(figures.map((run) => timeOf(run, share))).p50);
  return {
    feasible: change(({ scene }) => countFree(scene.barriers)),
    through: change(({ scene, figures }) =>
      Math.round(
        quantileOf(
          figures.map((run) => shareAt(run, Infinity)),
          0.5,
        ) * countFree(scene.barriers),
      ),
    ),
    hours90: hours(0.9),
    hoursAll: hours(1),
    fleetAh: change(({ scene, figures }) => fleetAh(figures, scene.sample.factor).p50),
  };
}

const countFree = (barriers: Uint8Array): number => barriers.reduce((sum, barrier) => sum + Number(barrier === 0), 0);

function figuresOf({ snapshot, sample, barriers }: Scene, figures: readonly RunFigures[]): Omit<Outlook, 'runs' | 'seed' | 'levers'> {
  const { at, campaign, progress } = snapshot;
  const horizonHours = horizonMs(snapshot) / HOUR;
  const count = (wanted: number): number => progress.reduce((sum, each) => sum + Number(each === wanted), 0);
  return {
    at,
    sample: sampleView(snapshot, sample),
    horizonHours,
    devices: {
      remaining: snapshot.size,
      feasible: countFree(barriers),
      transferring: count(TRANSFERS),
      withImage: count(HAS_IMAGE),
      infeasible: reasonsOf(barriers),
    },
    eta: etaOf(figures),
    atDeadline: campaign.deadlineMs === undefined ? undefined : deadlineView(figures, campaign.deadlineMs),
    fan: fanOf(figures, horizonHours),
    stages: campaign.stages.map(({ name }, stage) => ({
      name,
      opensHours: spreadHours(figures.map(({ opened }) => Math.max(0, opened[stage]!))),
      short: shortOf(snapshot, barriers, stage),
    })),
    energy: energyOf(figures, { factor: sample.factor, usual: mahPerDay(snapshot.model.energy.battery) }),
    bytes: bytesOf(
      snapshot,
      barriers,
      quantileOf(
        figures.map(({ wasted }) => wasted),
        0.5,
      ),
    ),
    extraWakes: Math.round(
      quantileOf(
        figures.map(({ extraWakes }) => extraWakes),
        0.5,
      ) * sample.factor,
    ),
    bottlenecks: bottlenecksOf(snapshot, barriers),
  };
}

function shortOf({ campaign, stage: stageOf }: OutlookSnapshot, barriers: Uint8Array, stage: number): number {
  const { minSample, succeeded, failed, state, soakedMs } = campaign.stages[stage]!;
  if (state === 'passed' || soakedMs !== undefined) return 0;
  const free = barriers.reduce((sum, barrier, device) => sum + Number(barrier === 0 && stageOf[device] === stage), 0);
  return Math.max(0, minSample - succeeded - failed - free);
}

function sampleView({ size, carriers }: OutlookSnapshot, sample: Sample): Outlook['sample'] {
  return { devices: sample.rows.length, of: size, carriers: sample.carriers, ofCarriers: carriers.length, thinned: sample.thinned };
}

function deadlineView(figures: readonly RunFigures[], deadlineMs: number): { p10: number; p50: number } {
  const shares = figures.map((run) => shareAt(run, deadlineMs));
  return { p10: rounded(quantileOf(shares, 0.1), 4), p50: rounded(quantileOf(shares, 0.5), 4) };
}

function reasonsOf(barriers: Uint8Array): Partial<Record<Barrier, number>> {
  const reasons: Partial<Record<Barrier, number>> = {};
  for (const barrier of barriers) if (barrier > 0) reasons[BARRIERS[barrier]!] = (reasons[BARRIERS[barrier]!] ?? 0) + 1;
  return reasons;
}

function bytesOf(snapshot: OutlookSnapshot, barriers: Uint8Array, wasted: number): number {
  let bytes = 0;
  for (let device = 0; device < snapshot.size; device++)
    if (barriers[device] === 0 && snapshot.progress[device] !== HAS_IMAGE) bytes += costAhead(snapshot, device).bytesOnAir;
  return Math.round(bytes / (1 - Math.min(wasted, 0.99)));
}
