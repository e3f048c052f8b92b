import { DAY, HOUR } from '@drover/kernel';
import { BEARERS, BLOCK_SIZE, coverageAtLoss, TICK_MS, transferCost, World } from '@drover/schedule';
import { byCarrier, capacityOf } from './bounds.ts';
import { LP_BIN_MS } from './carrier-lp.ts';
import type { LpCarrier, LpGroup } from './carrier-lp.ts';
import { HORIZON_MS } from './runs.ts';
import type { Run, Scene } from './runs.ts';

/** Fewer devices than this are no middling carrier, nor a large one. */
const MIDDLING_FROM = 100;
const BINS = HORIZON_MS / LP_BIN_MS;

/** Carriers that a bound is computed for: those with most devices, and as many around the middle of those with a hundred and more. */
export function carriersToBound({ fleet, eligible }: Scene, each: number): { largest: number[]; middling: number[] } {
  const busiest = byCarrier(fleet, eligible.nat)
    .map((devices, carrier) => ({ carrier, devices: devices.length }))
    .filter(({ devices }) => devices >= MIDDLING_FROM)
    .sort((a, b) => b.devices - a.devices)
    .map(({ carrier }) => carrier);
  const from = Math.max(each, Math.floor(busiest.length / 2));
  return { largest: busiest.slice(0, each), middling: busiest.slice(from, from + each) };
}

/** The carrier as the linear program sees it. Holds for static radio only: coverage is that of the mean. */
export function lpCarrierOf({ fleet, weather }: Scene, carrier: number, devices: readonly number[]): LpCarrier {
  if (weather.radioSdDb !== 0) throw new RangeError('B3 is a bound for static radio');
  const world = new World(fleet, weather, { pacing: 'none', horizonMs: DAY });
  const groups = new Map<string, LpGroup & { devices: number }>();
  for (const device of devices) {
    const link = { bearer: BEARERS[fleet.bearer[device]!]!, ce: coverageAtLoss(fleet.meanLossDb[device]!), blockSize: BLOCK_SIZE };
    const { airtime: airtimeMs, share } = transferCost(fleet.bytes[device]!, link);
    const open = openBins(world, device);
    const key = `${link.ce} ${fleet.bytes[device]} ${open.join('')}`;
    const group = groups.get(key);
    if (group) group.devices += 1;
    else groups.set(key, { devices: 1, airtimeMs, share, isOpen: (bin) => open[bin] === 1 });
  }
  return { groups: [...groups.values()], capacity: (from, until) => capacityOf(fleet, carrier, from, until) };
}

/** Whole bins, so that the bin of a first contact counts from its start: a device is never later than it really is. */
function openBins(world: World, device: number): Uint8Array {
  const { periodMs, canAppoint } = world.fleet;
  const isThereOnceAwake = canAppoint[device] === 1 || periodMs[device] === 0;
  const awake = new Uint8Array(BINS);
  if (periodMs[device] === 0) awake[0] = 1;
  for (const { at } of world.naturalContacts(device, HORIZON_MS)) awake[Math.floor((Math.floor(at / TICK_MS) * TICK_MS) / LP_BIN_MS)] = 1;
  let isReachable = false;
  return Uint8Array.from({ length: BINS }, (_, bin) => {
    const isOpen = world.isOpen(device, bin * LP_BIN_MS);
    // A session ends with its window; the next one needs a wake-up of its own, or one that was asked for.
    if (!isOpen && !isThereOnceAwake) isReachable = false;
    else if (awake[bin] === 1) isReachable = true;
    return Number(isOpen && isReachable);
  });
}

/** Hours until the last of the devices on a carrier was done. */
export function achievedHours({ world, scene }: Run, carrier: number): number {
  let last = 0;
  for (const device of byCarrier(scene.fleet, scene.eligible.nat)[carrier]!)
    last = Math.max(last, world.isDone(device) ? world.doneAt[device]! : Number.POSITIVE_INFINITY);
  return last / HOUR;
}
