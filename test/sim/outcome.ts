import { DAY, HOUR } from '@drover/kernel';
import { BLOCK_SIZE, coverageAtLoss, LOWEST_BATTERY, type SimFleet, type World } from '@drover/schedule';

const MOST_PERIODS = 60;

/** Who counts: `all` is alive and charged; `nat` of them wakes up within its window at some time by itself. */
export interface Eligible {
  readonly all: Uint8Array;
  readonly nat: Uint8Array;
  readonly allCount: number;
  readonly natCount: number;
}

export function eligibleOf(fleet: SimFleet): Eligible {
  const all = Uint8Array.from({ length: fleet.size }, (_, device) =>
    Number(fleet.isDead[device] === 0 && fleet.battery[device]! >= LOWEST_BATTERY),
  );
  const nat = all.map((isEligible, device) => Number(isEligible === 1 && wakesInWindow(fleet, device)));
  return { all, nat, allCount: count(all), natCount: count(nat) };
}

function wakesInWindow({ periodMs, phaseMs, window, windows }: SimFleet, device: number): boolean {
  const open = windows[window[device]!]!;
  if (periodMs[device] === 0) return true;
  for (let n = 0; n < MOST_PERIODS && n * periodMs[device]! < DAY; n++)
    if (open[Math.floor((phaseMs[device]! + n * periodMs[device]!) / HOUR) % 24]) return true;
  return false;
}

const count = (flags: Uint8Array): number => flags.reduce((sum, flag) => sum + flag, 0);

export interface Outcome {
  /** Part that was done in the deadline, of all and of those that wake up in their window, 0–1. */
  readonly inTimeAll: number;
  readonly inTimeNat: number;
  /** Hours until this part of `nat` was done. */
  readonly t50: number;
  readonly t90: number;
  readonly t99: number;
  readonly t999: number;
  readonly makespan: number;
  readonly overBudget: number;
  readonly overCapacity: number;
  readonly activeMinutes: number;
  readonly slowed: number;
  readonly outsideWindow: number;
  /** Updated although the battery was below the floor. */
  readonly lowBattery: number;
  readonly wastedMb: number;
  readonly wasted: number;
  readonly mah: { readonly p50: number; readonly p95: number; readonly p99: number };
  /** By mean coverage level. */
  readonly mahByCe: readonly { readonly p50: number; readonly p95: number }[];
  readonly fleetAh: number;
  readonly extraWakes: number;
}

export function outcomeOf(world: World, eligible: Eligible, deadlineMs = 7 * DAY): Outcome {
  const { fleet, doneAt, energyMah, seen } = world;
  const times = sorted(fleet.size, (device) => (eligible.nat[device] === 1 && world.isDone(device) ? doneAt[device]! : undefined));
  const onBattery = (device: number): boolean => eligible.all[device] === 1 && fleet.periodMs[device]! > 0 && world.isDone(device);
  const energies = sorted(fleet.size, (device) => (onBattery(device) ? energyMah[device]! : undefined));
  const done = (flags: Uint8Array): number => count(flags.map((flag, device) => Number(flag === 1 && doneAt[device]! <= deadlineMs)));
  const at = (q: number): number => (times[Math.ceil(q * eligible.natCount) - 1] ?? Number.POSITIVE_INFINITY) / HOUR;
  return {
    inTimeAll: done(eligible.all) / eligible.allCount,
    inTimeNat: done(eligible.nat) / eligible.natCount,
    t50: at(0.5),
    t90: at(0.9),
    t99: at(0.99),
    t999: at(0.999),
    makespan: doneAt.reduce((latest, each) => (each > latest ? each : latest), 0) / HOUR,
    overBudget: seen.overBudget,
    overCapacity: seen.overCapacity,
    activeMinutes: seen.activeMinutes,
    slowed: seen.slowed,
    outsideWindow: seen.outsideWindow,
    lowBattery: fleet.battery.reduce((sum, level, device) => sum + Number(level < LOWEST_BATTERY && world.isDone(device)), 0),
    wastedMb: (seen.wastedBlocks * BLOCK_SIZE) / 1e6,
    wasted: seen.wastedBlocks / seen.sentBlocks,
    mah: { p50: quantile(energies, 0.5), p95: quantile(energies, 0.95), p99: quantile(energies, 0.99) },
    mahByCe: [0, 1, 2].map((ce) => {
      const own = sorted(fleet.size, (device) =>
        onBattery(device) && coverageAtLoss(fleet.meanLossDb[device]!) === ce ? energyMah[device]! : undefined,
      );
      return { p50: quantile(own, 0.5), p95: quantile(own, 0.95) };
    }),
    fleetAh: energies.reduce((sum, mah) => sum + mah, 0) / 1000,
    extraWakes: seen.extraWakes,
  };
}

function sorted(size: number, of: (device: number) => number | undefined): Float64Array {
  const values: number[] = [];
  for (let device = 0; device < size; device++) {
    const value = of(device);
    if (value !== undefined) values.push(value);
  }
  return Float64Array.from(values).sort();
}

function quantile(values: Float64Array, q: number): number {
  return values[Math.min(values.length - 1, Math.floor(q * values.length))] ?? 0;
}
