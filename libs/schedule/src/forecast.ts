import { textFact, type Device } from '@drover/fleet';
import { batteryOf, lifeDays } from './battery-life.ts';
import { DEFAULT_COST_MODEL, type CostModel } from './cost-model.ts';
import type { DataPlan } from './data-plan.ts';
import { predictedVolume } from './data-volume.ts';
import { carrierFor, linkOf } from './link-of.ts';
import { transferCost } from './transfer-cost.ts';

/** What a campaign will cost by the model, before anyone approves. */
export interface Forecast {
  readonly devices: number;
  /** Payload and headers, all devices. */
  readonly bytes: number;
  readonly airtimeHours: number;
  readonly energy: {
    readonly totalMah: number;
    readonly p50Mah: number;
    readonly p95Mah: number;
    readonly maxMah: number;
    /** The same of devices on battery, in days of life, each of its own battery; the total in days of all devices together. */
    readonly totalDays: number;
    readonly p50Days: number;
    readonly p95Days: number;
    readonly maxDays: number;
  };
  /** What caps on data are held against; not in plans of before. */
  readonly data?: DataPlan;
  /** Hours of transfer the busiest carriers need at the campaign's airtime share: a floor under the campaign's length. */
  readonly busiest: readonly { readonly carrier: string; readonly devices: number; readonly hours: number }[];
}

interface Assumed<D> {
  readonly imageBytes: number;
  readonly blockSizeFor: (device: D) => number;
  /** Share of a carrier that the campaign may take, 0–1. */
  readonly airtime: number;
  /** What costs are counted by; the built-in figures without it. */
  readonly model?: CostModel | undefined;
  /** Name of the class of a device, which may have another battery than the others. */
  readonly deviceClassOf?: (device: D) => string | undefined;
}

export function forecast<D extends Device>(devices: Iterable<D>, assumed: Assumed<D>): Forecast {
  const sum = new ForecastSum(assumed);
  for (const device of devices) sum.add(device);
  return sum.forecast;
}

/** SIM pools that are told: contracts, of which there are few. */
const MOST_POOLS = 50;

/** A forecast that grows device by device, so that whoever goes through a fleet for another reason need not go twice. */
export class ForecastSum<D extends Device> {
  readonly #assumed: Assumed<D>;
  readonly #carriers = new Map<string, { devices: number; airtimeMs: number }>();
  // A link class and a block size make one charge: there are few different ones, however many devices.
  readonly #energies = new Map<number, number>();
  readonly #days = new Map<number, number>();
  readonly #pools = new Map<string, { devices: number; bytes: number }>();
  #volume = 0;
  #mostOfDevice = 0;
  #devices = 0;
  #bytes = 0;
  #airtimeMs = 0;

  constructor(assumed: Assumed<D>) {
    this.#assumed = assumed;
  }

  add(device: D): void {
    const { imageBytes, blockSizeFor, deviceClassOf, model = DEFAULT_COST_MODEL } = this.#assumed;
    const link = linkOf(device, blockSizeFor(device));
    const cost = transferCost(imageBytes, link, { model });
    this.#addVolume(textFact(device, 'sim.pool'), predictedVolume(imageBytes, link, { model }));
    this.#devices += 1;
    this.#bytes += cost.bytesOnAir;
    this.#airtimeMs += cost.airtime;
    count(this.#energies, cost.energyMah);
    const battery = batteryOf(device, model.energy, deviceClassOf?.(device));
    if (battery) count(this.#days, lifeDays(cost.energyMah, battery));
    const { key } = carrierFor(device);
    const sum = this.#carriers.get(key);
    if (!sum) this.#carriers.set(key, { devices: 1, airtimeMs: cost.airtime });
    else {
      sum.devices += 1;
      sum.airtimeMs += cost.airtime;
    }
  }

  #addVolume(pool: string | undefined, bytes: number): void {
    this.#volume += bytes;
    this.#mostOfDevice = Math.max(this.#mostOfDevice, bytes);
    if (pool === undefined) return;
    const sum = this.#pools.get(pool);
    if (!sum) this.#pools.set(pool, { devices: 1, bytes });
    else {
      sum.devices += 1;
      sum.bytes += bytes;
    }
  }

  get #data(): DataPlan {
    const all = [...this.#pools].map(([pool, sum]) => ({ pool, ...sum }));
    const pools = all.sort((a, b) => b.bytes - a.bytes || (a.pool < b.pool ? -1 : 1));
    const withPool = pools.reduce((sum, { devices }) => sum + devices, 0);
    return {
      bytes: this.#volume,
      mostOfDevice: this.#mostOfDevice,
      pools: pools.slice(0, MOST_POOLS),
      withoutPool: this.#devices - withPool,
    };
  }

  get forecast(): Forecast {
    const busiest = [...this.#carriers].map(([carrier, sum]) => ({
      carrier,
      devices: sum.devices,
      hours: round(sum.airtimeMs / 3_600_000 / this.#assumed.airtime),
    }));
    return {
      devices: this.#devices,
      bytes: this.#bytes,
      airtimeHours: round(this.#airtimeMs / 3_600_000),
      energy: { ...energyOf(this.#energies), ...daysOf(this.#days) },
      data: this.#data,
      busiest: busiest.sort((a, b) => b.hours - a.hours || (a.carrier < b.carrier ? -1 : 1)).slice(0, 5),
    };
  }
}

type Counted = readonly (readonly [value: number, devices: number])[];

function count(counts: Map<number, number>, value: number): void {
  counts.set(value, (counts.get(value) ?? 0) + 1);
}

type Energy = Forecast['energy'];

function energyOf(counts: ReadonlyMap<number, number>): Pick<Energy, 'totalMah' | 'p50Mah' | 'p95Mah' | 'maxMah'> {
  const [totalMah, p50Mah, p95Mah, maxMah] = spreadOf(counts);
  return { totalMah, p50Mah, p95Mah, maxMah };
}

function daysOf(counts: ReadonlyMap<number, number>): Pick<Energy, 'totalDays' | 'p50Days' | 'p95Days' | 'maxDays'> {
  const [totalDays, p50Days, p95Days, maxDays] = spreadOf(counts);
  return { totalDays, p50Days, p95Days, maxDays };
}

function spreadOf(counts: ReadonlyMap<number, number>): readonly [total: number, p50: number, p95: number, max: number] {
  const sorted: Counted = [...counts].sort(([a], [b]) => a - b);
  const total = sorted.reduce((sum, [value, devices]) => sum + value * devices, 0);
  return [round(total), round(quantile(sorted, 0.5)), round(quantile(sorted, 0.95)), round(sorted.at(-1)?.[0] ?? 0)];
}

function quantile(sorted: Counted, q: number): number {
  const wanted = Math.floor(q * sorted.reduce((sum, [, devices]) => sum + devices, 0));
  let seen = 0;
  for (const [value, devices] of sorted) {
    seen += devices;
    if (seen > wanted) return value;
  }
  return 0;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
