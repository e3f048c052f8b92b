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
  /** The same in days of battery life, each device by its own battery. */
  readonly p50Days: number;
  readonly p95Days: number;
  readonly p99Days: number;
  /** What a device of which nothing else is known may use a day to last as long as it should, mAh. */
  readonly mahPerDay: number;
  /** All of them together, Ah. */
  readonly fleetAh: Spread;
  readonly byCoverage: readonly {
    readonly ce: number;
    readonly devices: number;
    readonly p50Mah: number;
    readonly p95Mah: number;
    readonly p50Days: number;
    readonly p95Days: number;
  }[];
}

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

/** `factor`: devices that one stands for; `usual`: mAh a day of a device of which nothing else is known. */
export function energyOf(runs: readonly RunFigures[], { factor, usual }: { factor: number; usual: number }): EnergyOutlook {
  const all = pooled(runs, 'energyMah', () => true);
  const allDays = pooled(runs, 'energyDays', () => true);
  const days = (q: number, of = allDays): number => rounded(quantile(of, q), 1);
  return {
    p50Mah: rounded(quantile(all, 0.5)),
    p95Mah: rounded(quantile(all, 0.95)),
    p99Mah: rounded(quantile(all, 0.99)),
    p50Days: days(0.5),
    p95Days: days(0.95),
    p99Days: days(0.99),
    mahPerDay: rounded(usual),
    fleetAh: fleetAh(runs, factor),
    byCoverage: [0, 1, 2].map((ce) => {
      const own = pooled(runs, 'energyMah', (level) => level === ce);
      const ownDays = pooled(runs, 'energyDays', (level) => level === ce);
      const devices = Math.round((own.length / Math.max(runs.length, 1)) * factor);
      return {
        ce,
        devices,
        p50Mah: rounded(quantile(own, 0.5)),
        p95Mah: rounded(quantile(own, 0.95)),
        p50Days: days(0.5, ownDays),
        p95Days: days(0.95, ownDays),
      };
    }),
  };
}

export function fleetAh(runs: readonly RunFigures[], factor: number): { readonly p50: number; readonly p90: number } {
  const totals = runs.map(({ energyMah }) => (energyMah.reduce((sum, mah) => sum + mah, 0) * factor) / 1000);
  return { p50: rounded(quantileOf(totals, 0.5), 3), p90: rounded(quantileOf(totals, 0.9), 3) };
}

function pooled(runs: readonly RunFigures[], what: 'energyMah' | 'energyDays', fits: (ce: number) => boolean): Float64Array {
  const parts = runs.map((run) => run[what].filter((_, index) => fits(run.coverage[index]!)));
  const all = new Float64Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all.sort();
}
