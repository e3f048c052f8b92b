import { byCarrier, optionsOf, quantileBounds } from './bounds.ts';
import { FIRST_COLOR, heatMap, lines } from './svg.ts';
import type { Curve } from './svg.ts';
import { HORIZON_MS } from './runs.ts';
import type { Run, Scene } from './runs.ts';
import { DAY, HOUR } from '@drover/kernel';
import { World } from '@drover/schedule';

const HOURS_SHOWN = 72;
const CELLS_SHOWN = 20;
const BOUND_AT = [0.05, 0.2, 0.4, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.99, 0.999];

/** Takes what the plots show from runs on one scene, and draws them. */
export interface Plots {
  readonly take: (run: Run) => void;
  readonly draw: () => [file: string, svg: string][];
}

export function plotsOf(scene: Scene): Plots {
  const completion: Curve[] = [{ name: 'bound B2', points: boundCurve(scene), isDashed: true }];
  const energy: Curve[] = [];
  let heat: { rows: string[]; cells: number[][] } | undefined;
  let day: Curve[] | undefined;
  const take = (run: Run): void => {
    if (run.scene !== scene) return;
    const { name } = run.contender;
    completion.push({ name, points: completionCurve(run) });
    energy.push({ name, points: energyCurve(run) });
    heat ??= busiestCells(run);
    day ??= budgetDay(run);
  };
  const draw = (): [string, string][] => [
    ['completion.svg', lines({ title: 'Devices done, % of those that wake up in their window', x: 'hours', y: '%', curves: completion })],
    ['energy.svg', lines({ title: 'Energy per device on battery', x: 'mAh', y: '% of devices', curves: energy, isLogX: true })],
    ['cells.svg', heatMap({ title: `Airtime of the ${CELLS_SHOWN} busiest carriers, part of the budget, hour by hour`, ...heat! })],
    ['budget-day.svg', lines({ title: 'Airtime of those carriers over the first day', x: 'hour (UTC)', y: 'carrier-hours', curves: day! })],
  ];
  return { take, draw };
}

function boundCurve({ fleet, weather, eligible }: Scene): [number, number][] {
  const options = optionsOf(new World(fleet, weather, { pacing: 'none', horizonMs: DAY }), eligible, HORIZON_MS);
  return quantileBounds(fleet, options, eligible, BOUND_AT)
    .map((hours, place): [number, number] => [hours, 100 * BOUND_AT[place]!])
    .filter(([hours]) => hours <= HOURS_SHOWN);
}

function completionCurve({ world, scene: { eligible } }: Run): [number, number][] {
  const times = [...world.doneAt].filter((at, device) => eligible.nat[device] === 1 && at <= HOURS_SHOWN * HOUR).sort((a, b) => a - b);
  return Array.from({ length: 2 * HOURS_SHOWN + 1 }, (_, step): [number, number] => [
    step / 2,
    (100 * countUpTo(times, (step / 2) * HOUR)) / eligible.natCount,
  ]);
}

function energyCurve({ world, scene: { fleet, eligible } }: Run): [number, number][] {
  const values = [...world.energyMah]
    .filter((_mah, device) => eligible.all[device] === 1 && fleet.periodMs[device]! > 0 && world.isDone(device))
    .sort((a, b) => a - b);
  return Array.from({ length: 60 }, (_, step) => 10 ** (step / 22)).map((mah): [number, number] => [
    mah,
    (100 * countUpTo(values, mah)) / values.length,
  ]);
}

function countUpTo(sorted: readonly number[], value: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}

function busiest({ scene: { fleet, eligible } }: Run): number[] {
  const lists = byCarrier(fleet, eligible.all);
  return lists
    .map((devices, carrier) => ({ carrier, devices: devices.length }))
    .sort((a, b) => b.devices - a.devices)
    .slice(0, CELLS_SHOWN)
    .map(({ carrier }) => carrier);
}

function busiestCells(run: Run): { rows: string[]; cells: number[][] } {
  const { world, scene } = run;
  const { fleet } = scene;
  const carriers = busiest(run);
  const lists = byCarrier(fleet, scene.eligible.all);
  return {
    rows: carriers.map((carrier) => `${lists[carrier]!.length} devices`),
    cells: carriers.map((carrier) =>
      Array.from(
        { length: HOURS_SHOWN },
        (_, hour) => world.usedMinutes[carrier * world.hours + hour]! / 60 / fleet.budget[carrier * 24 + (hour % 24)]!,
      ),
    ),
  };
}

function budgetDay(run: Run): Curve[] {
  const { world, scene } = run;
  const carriers = busiest(run);
  const sum = (of: (carrier: number, hour: number) => number): [number, number][] =>
    Array.from({ length: 24 }, (_, hour): [number, number] => [hour, carriers.reduce((total, carrier) => total + of(carrier, hour), 0)]);
  return [
    { name: 'budget', points: sum((carrier, hour) => scene.fleet.budget[carrier * 24 + hour]!), isDashed: true, color: FIRST_COLOR },
    { name: run.contender.name, points: sum((carrier, hour) => world.usedMinutes[carrier * world.hours + hour]! / 60) },
  ];
}
