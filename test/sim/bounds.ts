import { HOUR } from '@drover/kernel';
import { BEARERS, BLOCK_SIZE, coverageAtLoss, transferCost, type SimFleet, type World } from '@drover/schedule';
import type { Eligible } from './outcome.ts';

const LEVELS = [0, 1, 2] as const;

/** What a scheduler that knew every contact and its radio beforehand could make of a device. */
export interface Options {
  /** Start of its first option, ms; Infinity without one. */
  readonly first: Float64Array;
  /** First time at which a transfer at coverage level 0, 1, 2 could be complete, ms: `device * 3 + level`. */
  readonly doneAt: Float64Array;
  /** Airtime of the whole image at each level, ms. */
  readonly airtime: Float64Array;
  readonly energyMah: Float64Array;
}

/** Each contact of a sleeper, each hour of a device that is always reachable, each hour after its first contact of one that can be asked. */
export function optionsOf(world: World, eligible: Eligible, horizonMs: number): Options {
  const { fleet } = world;
  const options: Options = {
    first: new Float64Array(fleet.size).fill(Number.POSITIVE_INFINITY),
    doneAt: new Float64Array(3 * fleet.size).fill(Number.POSITIVE_INFINITY),
    airtime: new Float64Array(3 * fleet.size),
    energyMah: new Float64Array(3 * fleet.size),
  };
  for (let device = 0; device < fleet.size; device++) if (eligible.all[device] === 1) lookThrough(world, device, { options, horizonMs });
  return options;
}

function lookThrough(world: World, device: number, { options, horizonMs }: { options: Options; horizonMs: number }): void {
  const { fleet } = world;
  const costs = LEVELS.map((ce) =>
    transferCost(fleet.bytes[device]!, { bearer: BEARERS[fleet.bearer[device]!]!, ce, blockSize: BLOCK_SIZE }),
  );
  for (const ce of LEVELS) {
    options.airtime[3 * device + ce] = costs[ce]!.airtime;
    options.energyMah[3 * device + ce] = costs[ce]!.energyMah;
  }
  const take = (at: number, lossDb: number): void => {
    if (!world.isOpen(device, at)) return;
    const ce = coverageAtLoss(lossDb);
    options.first[device] = Math.min(options.first[device]!, at);
    const place = 3 * device + ce;
    options.doneAt[place] = Math.min(options.doneAt[place]!, at + costs[ce]!.duration);
  };
  let reachableFrom = fleet.periodMs[device] === 0 ? 0 : Number.POSITIVE_INFINITY;
  for (const { at, lossDb } of world.naturalContacts(device, horizonMs)) {
    take(at, lossDb);
    if (fleet.canAppoint[device] === 1) reachableFrom = Math.min(reachableFrom, at);
    if (options.doneAt[3 * device]! < Number.POSITIVE_INFINITY) break;
  }
  for (
    let at = reachableFrom;
    at < horizonMs && options.doneAt[3 * device] === Number.POSITIVE_INFINITY;
    at = (Math.floor(at / HOUR) + 1) * HOUR
  )
    take(at, world.lossAt(device, at));
}

/** The least airtime for which the device can be complete by `until`; undefined if it cannot. */
function leastAirtime({ doneAt, airtime }: Options, device: number, until: number): number | undefined {
  for (const ce of LEVELS) if (doneAt[3 * device + ce]! <= until) return airtime[3 * device + ce]!;
  return undefined;
}

/** Airtime, ms, that firmware may take of a carrier between two times. */
export function capacityOf({ budget }: SimFleet, carrier: number, from: number, until: number): number {
  let sum = 0;
  for (let at = from; at < until;) {
    const end = Math.min(until, (Math.floor(at / HOUR) + 1) * HOUR);
    sum += budget[carrier * 24 + (Math.floor(at / HOUR) % 24)]! * (end - at);
    at = end;
  }
  return sum;
}

export function byCarrier(fleet: SimFleet, flags: Uint8Array): number[][] {
  const lists: number[][] = Array.from({ length: fleet.carriers }, () => []);
  for (let device = 0; device < fleet.size; device++) if (flags[device] === 1) lists[fleet.carrier[device]!]!.push(device);
  return lists;
}

/** B2: hours before which no scheduler can have this part of `nat` done: on each carrier the cheapest first, and parts of devices count. */
export function quantileBounds(fleet: SimFleet, options: Options, { nat, natCount }: Eligible, quantiles: readonly number[]): number[] {
  const lists = byCarrier(fleet, nat);
  const step = HOUR / 10;
  const doneBy = (until: number): number =>
    lists.reduce((sum, devices, carrier) => sum + mostDone(devices, options, until, capacityOf(fleet, carrier, 0, until)), 0);
  return quantiles.map((q) => {
    let [low, high] = [0, 600 * 10];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (doneBy(middle * step) >= q * natCount) high = middle;
      else low = middle + 1;
    }
    return (low * step) / HOUR;
  });
}

function mostDone(devices: readonly number[], options: Options, until: number, capacity: number): number {
  const costs: number[] = [];
  for (const device of devices) {
    const airtime = leastAirtime(options, device, until);
    if (airtime !== undefined) costs.push(airtime);
  }
  costs.sort((a, b) => a - b);
  let left = capacity;
  for (const [count, cost] of costs.entries()) {
    if (cost > left) return count + left / cost;
    left -= cost;
  }
  return costs.length;
}

/** B1: hours before which not all of these devices can be done on one carrier, by volume after every release time. */
export function makespanBound(fleet: SimFleet, options: Options, carrier: number, devices: readonly number[]): number {
  const able = devices
    .filter((device) => options.first[device]! < Number.POSITIVE_INFINITY)
    .sort((a, b) => options.first[b]! - options.first[a]!);
  const fits = (until: number): boolean => {
    let airtime = 0;
    for (const device of able) {
      const own = leastAirtime(options, device, until);
      if (own === undefined) return false;
      airtime += own;
      if (airtime > capacityOf(fleet, carrier, options.first[device]!, until)) return false;
    }
    return true;
  };
  let [low, high] = [0, 600 * 10];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (fits((middle * HOUR) / 10)) high = middle;
    else low = middle + 1;
  }
  return low / 10;
}

/** The least that the devices on battery can spend, Ah, each at its best option within the horizon. */
export function energyBound(fleet: SimFleet, { doneAt, energyMah }: Options, { all }: Eligible): number {
  let sum = 0;
  for (let device = 0; device < fleet.size; device++) {
    if (all[device] === 0 || fleet.periodMs[device] === 0) continue;
    const ce = LEVELS.find((level) => doneAt[3 * device + level]! < Number.POSITIVE_INFINITY);
    if (ce !== undefined) sum += energyMah[3 * device + ce]!;
  }
  return sum / 1000;
}
