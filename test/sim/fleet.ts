import { hash32, HOUR, seededRandom } from '@drover/kernel';
import type { SimFleet } from '@drover/schedule';

/** Hourly share of a carrier that other traffic takes, before the cell's own factor: readings at midnight, a quiet night, a day. */
function trafficAt(localHour: number): number {
  if (localHour < 2) return 0.55;
  if (localHour < 7) return 0.2;
  return localHour < 22 ? 0.3 : 0.2;
}

const MAX_LOAD = 0.85;
const [LEAST_BUDGET, MOST_BUDGET] = [0.05, 0.5];
const FULL_BYTES = 262_144;
/** Download only from 20:00 to 08:00 local. */
const isOffPeak = (localHour: number): boolean => localHour >= 20 || localHour < 8;
const ZONES = 3;

const stream = (seed: number, name: string): (() => number) => seededRandom(seed ^ hash32(name));
const clamp = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, value));

function gaussOf(random: () => number): number {
  const u = random();
  const v = random();
  return Math.sqrt(-2 * Math.log(u)) * Math.cos(2 * Math.PI * v);
}

interface Cells {
  /** Sum of the weights up to and including this cell. */
  readonly upTo: Float64Array;
  readonly operator: Uint8Array;
  readonly zone: Uint8Array;
  readonly load: Float64Array;
}

function cellsOf(seed: number, count: number): Cells {
  const random = stream(seed, 'cells');
  const upTo = new Float64Array(count);
  const operator = new Uint8Array(count);
  const zone = new Uint8Array(count);
  const load = new Float64Array(count);
  let sum = 0;
  for (let cell = 0; cell < count; cell++) {
    sum += Math.exp(1.2 * gaussOf(random));
    upTo[cell] = sum;
    const u = random();
    operator[cell] = u < 0.5 ? 0 : u < 0.8 ? 1 : 2;
    zone[cell] = Math.floor(ZONES * random());
    load[cell] = 0.6 + 0.8 * random();
  }
  return { upTo, operator, zone, load };
}

function cellAt(upTo: Float64Array, u: number): number {
  const wanted = u * upTo[upTo.length - 1]!;
  let [low, high] = [0, upTo.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (upTo[middle]! < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}

export interface FleetOptions {
  readonly seed: number;
  readonly devices: number;
  readonly cells: number;
}

/** The fleet of the scheduling study: the same seed gives the same fleet. Two carriers a cell, NB-IoT and LTE-M. */
export function generateFleet({ seed, devices, cells: cellCount }: FleetOptions): SimFleet {
  const cells = cellsOf(seed, cellCount);
  const random = stream(seed, 'devices');
  const carriers = 2 * cellCount;
  const fleet: SimFleet = {
    size: devices,
    carriers,
    ...budgetsOf(cells, carriers),
    carrier: new Int32Array(devices),
    bearer: new Uint8Array(devices),
    meanLossDb: new Float64Array(devices),
    periodMs: new Float64Array(devices),
    phaseMs: new Float64Array(devices),
    battery: new Float64Array(devices).fill(100),
    canResume: new Uint8Array(devices),
    canAppoint: new Uint8Array(devices),
    isDead: new Uint8Array(devices),
    window: new Uint8Array(devices),
    windows: windowsOf(),
    bytes: new Int32Array(devices),
  };
  for (let device = 0; device < devices; device++) drawDevice(fleet, device, { random, cells });
  return fleet;
}

function drawDevice(fleet: SimFleet, device: number, { random, cells }: { random: () => number; cells: Cells }): void {
  const cell = cellAt(cells.upTo, random());
  const zone = cells.zone[cell]!;
  const bearer = random() < 0.8 ? 0 : 1;
  fleet.carrier[device] = 2 * cell + bearer;
  fleet.bearer[device] = bearer;
  fleet.meanLossDb[device] = 136 + 11 * gaussOf(random);
  const isSleeper = random() < 0.7;
  drawWakeUps(fleet, device, { random, zone, isSleeper });
  fleet.canResume[device] = Number(random() < 0.7);
  fleet.window[device] = random() < 0.3 ? 1 + zone : 0;
  fleet.isDead[device] = Number(random() < 0.01);
  fleet.canAppoint[device] = Number(random() < 0.8);
  random(); // Whether there is a delta image for it: here everybody takes the whole.
  fleet.bytes[device] = FULL_BYTES;
}

/** Drawn for every device, so that what one of them is moves no other. */
function drawWakeUps(
  fleet: SimFleet,
  device: number,
  { random, zone, isSleeper }: { random: () => number; zone: number; isSleeper: boolean },
): void {
  const u = random();
  const period = (u < 0.3 ? 6 : u < 0.6 ? 12 : 24) * HOUR;
  const [clustered, offset, uniform] = [random(), Math.abs(gaussOf(random)) * 1_800_000, random()];
  const [isWell, level] = [random() < 0.9, random()];
  if (!isSleeper) return;
  const midnight = (24 - zone) * HOUR;
  fleet.periodMs[device] = period;
  fleet.phaseMs[device] = clustered < 0.4 ? (midnight + offset) % period : uniform * period;
  fleet.battery[device] = isWell ? 45 + 55 * level : 5 + 40 * level;
}

function budgetsOf({ zone, load }: Cells, carriers: number): { background: Float64Array; budget: Float64Array } {
  const background = new Float64Array(carriers * 24);
  const budget = new Float64Array(carriers * 24);
  for (let carrier = 0; carrier < carriers; carrier++) {
    for (let hour = 0; hour < 24; hour++) {
      const rho = Math.min(MAX_LOAD, load[carrier >> 1]! * trafficAt((hour + zone[carrier >> 1]!) % 24));
      background[carrier * 24 + hour] = rho;
      budget[carrier * 24 + hour] = clamp(MAX_LOAD - rho, LEAST_BUDGET, MOST_BUDGET);
    }
  }
  return { background, budget };
}

function windowsOf(): boolean[][] {
  const hours = Array.from({ length: 24 }, (_, hour) => hour);
  return [hours.map(() => true), ...Array.from({ length: ZONES }, (_, zone) => hours.map((hour) => isOffPeak((hour + zone) % 24)))];
}

/** Whose cell it is, 0–2, by cell of the fleet of this seed. */
export function operatorsOf(seed: number, cells: number): Uint8Array {
  return cellsOf(seed, cells).operator;
}
