import { DAY } from '@drover/kernel';
import { WEATHER, World } from '@drover/schedule';
import type { FreeAt, SimFleet, SimWeather } from '@drover/schedule';
import { byCarrier, energyBound, makespanBound, optionsOf, quantileBounds } from './bounds.ts';
import { eligibleOf, outcomeOf } from './outcome.ts';
import type { Eligible, Outcome } from './outcome.ts';
import type { Contender } from './policies.ts';

export const HORIZON_MS = 21 * DAY;
/** A makespan says something only where there is something to schedule. */
const FEWEST_DEVICES = 10;

/** F1: sessions are lost and contacts missed. F0: neither. */
export const F1: Omit<SimWeather, 'seed'> = WEATHER;
export const F0: Omit<SimWeather, 'seed'> = { ...WEATHER, isStochastic: false };

/** A fleet and what is the same for every policy that meets it. */
export interface Scene {
  readonly seed: number;
  readonly fleet: SimFleet;
  readonly weather: SimWeather;
  readonly eligible: Eligible;
}

export function sceneOf(fleet: SimFleet, seed: number, weather: Omit<SimWeather, 'seed'>): Scene {
  return { seed, fleet, weather: { ...weather, seed }, eligible: eligibleOf(fleet) };
}

export interface Bounds {
  readonly t50: number;
  readonly t90: number;
  readonly t99: number;
  readonly t999: number;
  readonly energyAh: number;
  /** Hours by carrier of at least ten devices. */
  readonly makespans: ReadonlyMap<number, number>;
}

export function boundsOf({ fleet, weather, eligible }: Scene): Bounds {
  const world = new World(fleet, weather, { pacing: 'none', horizonMs: DAY });
  const options = optionsOf(world, eligible, HORIZON_MS);
  const [t50, t90, t99, t999] = quantileBounds(fleet, options, eligible, [0.5, 0.9, 0.99, 0.999]) as [number, number, number, number];
  const makespans = new Map<number, number>();
  for (const [carrier, devices] of byCarrier(fleet, eligible.nat).entries())
    if (devices.length >= FEWEST_DEVICES) makespans.set(carrier, makespanBound(fleet, options, carrier, devices));
  return { t50, t90, t99, t999, energyAh: energyBound(fleet, options, eligible), makespans };
}

export interface Run {
  readonly contender: Contender;
  readonly scene: Scene;
  readonly outcome: Outcome;
  readonly world: World;
  readonly ms: number;
}

export function runOf(contender: Contender, scene: Scene, freeAt?: FreeAt): Run {
  const started = performance.now();
  const world = new World(scene.fleet, scene.weather, { pacing: contender.pacing, horizonMs: HORIZON_MS, ...(freeAt && { freeAt }) });
  world.run(contender.make(scene.fleet.size, scene.seed));
  return { contender, scene, world, outcome: outcomeOf(world, scene.eligible), ms: performance.now() - started };
}

/** Last completion on a carrier over what B1 says it must take. */
export function makespanRatios({ world, scene }: Run, { makespans }: Bounds): number[] {
  const lists = byCarrier(scene.fleet, scene.eligible.nat);
  const ratios: number[] = [];
  for (const [carrier, bound] of makespans) {
    const last = lists[carrier]!.reduce((latest, device) => Math.max(latest, world.doneAt[device]! || 0), 0) / 3_600_000;
    if (bound > 0 && Number.isFinite(bound)) ratios.push(last / bound);
  }
  return ratios.sort((a, b) => a - b);
}

export const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Each figure of the outcomes, averaged. */
export function meanOutcome(outcomes: readonly Outcome[]): Outcome {
  const average = (values: readonly unknown[]): unknown => {
    const [first] = values;
    if (typeof first === 'number') return mean(values as number[]);
    if (Array.isArray(first)) return first.map((_each, index) => average(values.map((value) => (value as unknown[])[index])));
    return Object.fromEntries(
      Object.keys(first as object).map((key) => [key, average(values.map((value) => (value as Record<string, unknown>)[key]))]),
    );
  };
  return average(outcomes) as Outcome;
}
