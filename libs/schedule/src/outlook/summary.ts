import { HOUR } from '@drover/kernel';
import type { RunFigures } from './one-run.ts';
import { countUpTo, quantile, quantileOf, rounded } from './quantiles.ts';

/** Parts of the devices whose time is told. */
export const SHARES = [0.9, 0.99, 1] as const;

/** Over the runs. Hours after the snapshot; null where it did not come about within the horizon. */
export interface Spread {
  readonly p50: number | null;
  readonly p90: number | null;
}

export interface FanPoint {
  /** Hours after the snapshot. */
  readonly hour: number;
  /** Part of the devices that can come through which has, 0–1, by the runs: the slow ones, the middle, the quick ones. */
  readonly p10: number;
  readonly p50: number;
  readonly p90: number;
}

export interface EnergyOutlook {
  /** Per device on battery that comes through, mAh. */
  readonly p50Mah: number;
  readonly p95Mah: number;
  readonly p99Mah: number;
  /** The same in days of battery life, at `mahPerDay`. */
  readonly p50Days: number;
  readonly p95Days: number;
  readonly p99Days: number;
  /** What a device may use a day to last as long as it should, mAh: the yardstick of the days. */
  readonly mahPerDay: number;
  /** All of them together, Ah. */
  readonly fleetAh: Spread;
  readonly byCoverage: readonly { readonly ce: number; readonly devices: number; readonly p50Mah: number; readonly p95Mah: number }[];
}

/** 8.5 Ah that have to last ten years. */
export const MAH_PER_DAY = 2.33;

export function etaOf(runs: readonly RunFigures[]): { readonly share: number; readonly hours: Spread }[] {
  return SHARES.map((share) => ({ share, hours: spreadHours(runs.map((run) => timeOf(run, share))) }));
}

/** When this part of the devices was through, ms; Infinity where it never was. Of no devices at once. */
export function timeOf({ settled, feasible }: RunFigures, share: number): number {
  return feasible === 0 ? 0 : (settled[Math.ceil(share * feasible) - 1] ?? Number.POSITIVE_INFINITY);
}

export function spreadHours(times: readonly number[]): Spread {
  const at = (q: number): number | null => {
    const ms = quantileOf(times, q);
    return Number.isFinite(ms) ? rounded(ms / HOUR) : null;
  };
  return { p50: at(0.5), p90: at(0.9) };
}

/** One point an hour, until everybody is through in most runs, or the horizon. */
export function fanOf(runs: readonly RunFigures[], hours: number): FanPoint[] {
  const points: FanPoint[] = [];
  for (let hour = 0; hour <= hours; hour++) {
    const shares = Float64Array.from(runs, (run) => shareAt(run, hour * HOUR)).sort();
    const at = (q: number): number => rounded(quantile(shares, q), 4);
    points.push({ hour, p10: at(0.1), p50: at(0.5), p90: at(0.9) });
    if (at(0.1) === 1) break;
  }
  return points;
}

/** Part of the devices that was through at this time, 0–1. */
export function shareAt({ settled, feasible }: RunFigures, ms: number): number {
  return feasible === 0 ? 1 : countUpTo(settled, ms) / feasible;
}

/** `factor`: devices that one stands for. */
export function energyOf(runs: readonly RunFigures[], factor: number): EnergyOutlook {
  const all = pooled(runs, () => true);
  const [p50, p95, p99] = [quantile(all, 0.5), quantile(all, 0.95), quantile(all, 0.99)];
  const days = (mah: number): number => rounded(mah / MAH_PER_DAY, 1);
  return {
    p50Mah: rounded(p50),
    p95Mah: rounded(p95),
    p99Mah: rounded(p99),
    p50Days: days(p50),
    p95Days: days(p95),
    p99Days: days(p99),
    mahPerDay: MAH_PER_DAY,
    fleetAh: fleetAh(runs, factor),
    byCoverage: [0, 1, 2].map((ce) => {
      const own = pooled(runs, (level) => level === ce);
      const devices = Math.round((own.length / Math.max(runs.length, 1)) * factor);
      return { ce, devices, p50Mah: rounded(quantile(own, 0.5)), p95Mah: rounded(quantile(own, 0.95)) };
    }),
  };
}

export function fleetAh(runs: readonly RunFigures[], factor: number): { readonly p50: number; readonly p90: number } {
  const totals = runs.map(({ energyMah }) => (energyMah.reduce((sum, mah) => sum + mah, 0) * factor) / 1000);
  return { p50: rounded(quantileOf(totals, 0.5), 3), p90: rounded(quantileOf(totals, 0.9), 3) };
}

function pooled(runs: readonly RunFigures[], fits: (ce: number) => boolean): Float64Array {
  const parts = runs.map(({ energyMah, coverage }) => energyMah.filter((_, index) => fits(coverage[index]!)));
  const all = new Float64Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all.sort();
}
