import { beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Highs } from 'highs';
import { DAY, HOUR } from '@drover/kernel';
import { achievedHours, lpCarrierOf } from '../../../../test/sim/carrier-bound.ts';
import { leastMakespan, LP_BIN_MS, type LpCarrier } from '../../../../test/sim/carrier-lp.ts';
import { generateFleet } from '../../../../test/sim/fleet.ts';
import { byCarrier } from '../../../../test/sim/bounds.ts';
import { DROVER } from '../../../../test/sim/policies.ts';
import { F0, runOf, sceneOf } from '../../../../test/sim/runs.ts';
import { loadSolver } from '../../../../test/sim/solver.ts';

let highs: Highs;
beforeAll(async () => {
  highs = await loadSolver();
});

const BINS = 6;

/** A carrier of a few devices: how many bins each takes at full rate, its share in tenths, and from which bin on it is there. */
interface Tiny {
  readonly devices: readonly { readonly bins: number; readonly tenths: number; readonly from: number }[];
  /** Tenths of the carrier, by bin. */
  readonly budget: readonly number[];
}

function carrierOf({ devices, budget }: Tiny): LpCarrier {
  return {
    groups: devices.map(({ bins, tenths, from }) => ({
      devices: 1,
      airtimeMs: (bins * tenths * LP_BIN_MS) / 10,
      share: tenths / 10,
      isOpen: (bin) => bin >= from,
    })),
    capacity: (from, until) => ((budget[Math.floor(from / LP_BIN_MS)] ?? 0) / 10) * (until - from),
  };
}

const boundOf = (tiny: Tiny): number => leastMakespan(highs, carrierOf(tiny), { guessMs: LP_BIN_MS, horizonMs: BINS * LP_BIN_MS });

/** Fewest bins in which all are done when each device is on at full rate or off in each bin: every choice is tried. */
function fewestBins({ devices, budget }: Tiny): number {
  let states = new Set([devices.map(({ bins }) => bins).join()]);
  for (let bin = 0; bin <= BINS; bin++) {
    if (states.has(devices.map(() => 0).join())) return bin;
    const next = new Set<string>();
    for (const state of states) {
      const left = state.split(',').map(Number);
      for (let on = 0; on < 1 << devices.length; on++) {
        const isOn = (place: number): boolean => (on & (1 << place)) > 0;
        const taken = devices.reduce((sum, { tenths }, place) => sum + (isOn(place) ? tenths : 0), 0);
        const areThere = devices.every(({ from }, place) => !isOn(place) || (bin >= from && left[place]! > 0));
        if (areThere && taken <= (budget[bin] ?? 0)) next.add(left.map((each, place) => each - Number(isOn(place))).join());
      }
    }
    states = next;
  }
  return Number.POSITIVE_INFINITY;
}

/** Whether the program has a point for `bins` whole bins, by trying every cut: the largest flow is the smallest of them. */
function everyCutHolds({ devices, budget }: Tiny, bins: number): boolean {
  for (let cut = 0; cut < 1 << bins; cut++) {
    const isIn = (bin: number): boolean => (cut & (1 << bin)) > 0;
    const within = Array.from({ length: bins }, (_, bin) => (isIn(bin) ? budget[bin]! : 0)).reduce((sum, each) => sum + each, 0);
    const needed = devices.reduce((sum, { bins: wanted, tenths, from }) => {
      const elsewhere = Array.from({ length: bins }, (_, bin) => Number(!isIn(bin) && bin >= from)).reduce(
        (total, each) => total + each,
        0,
      );
      return sum + Math.max(0, wanted - elsewhere) * tenths;
    }, 0);
    if (needed > within) return false;
  }
  return true;
}

const TINY = fc.record<Tiny>({
  devices: fc.array(
    fc.record({ bins: fc.integer({ min: 1, max: 3 }), tenths: fc.integer({ min: 1, max: 4 }), from: fc.integer({ min: 0, max: 3 }) }),
    { minLength: 1, maxLength: 4 },
  ),
  budget: fc.array(fc.integer({ min: 0, max: 5 }), { minLength: BINS, maxLength: BINS }),
});
const HALF_HOURS = LP_BIN_MS / HOUR;
const A_MINUTE = 1 / 60;

describe('the least makespan of a carrier', () => {
  it.each<[string, Tiny, number]>([
    ['one device alone takes its own time', { devices: [{ bins: 2, tenths: 3, from: 0 }], budget: [5, 5, 5, 5, 5, 5] }, 1],
    ['and is slowed by a budget below its share', { devices: [{ bins: 1, tenths: 4, from: 0 }], budget: [2, 2, 2, 2, 2, 2] }, 1],
    [
      'two that do not fit beside each other share',
      { devices: [1, 1].map(() => ({ bins: 1, tenths: 4, from: 0 })), budget: [5, 5, 5, 5, 5, 5] },
      0.8,
    ],
    ['nobody begins before its contact', { devices: [{ bins: 1, tenths: 4, from: 3 }], budget: [5, 5, 5, 5, 5, 5] }, 2],
    ['what does not fit in the horizon', { devices: [{ bins: 3, tenths: 4, from: 4 }], budget: [5, 5, 5, 5, 5, 5] }, Infinity],
  ])('%s', (_name, tiny, hours) => {
    if (hours === Infinity) return expect(boundOf(tiny)).toBe(Infinity);
    expect(boundOf(tiny)).toBeLessThanOrEqual(hours);
    expect(boundOf(tiny)).toBeGreaterThanOrEqual(hours - A_MINUTE - 1e-9);
  });

  it('is no longer than the best of all schedules', () => {
    fc.assert(
      fc.property(TINY, (tiny) => {
        const best = fewestBins(tiny);
        if (Number.isFinite(best)) expect(boundOf(tiny)).toBeLessThanOrEqual(best * HALF_HOURS);
      }),
    );
  });

  it('lies in the first half hour at whose end every cut holds', () => {
    fc.assert(
      fc.property(TINY, (tiny) => {
        const bins = Array.from({ length: BINS }, (_, place) => place + 1).find((count) => everyCutHolds(tiny, count));
        const bound = boundOf(tiny);
        if (bins === undefined) return expect(bound).toBe(Infinity);
        expect(bound).toBeLessThan(bins * HALF_HOURS);
        expect(bound).toBeGreaterThanOrEqual((bins - 1) * HALF_HOURS - A_MINUTE);
      }),
    );
  });
});

it('holds in the simulated world, for every carrier and both modes', () => {
  const scene = sceneOf(generateFleet({ seed: 11, devices: 500, cells: 4 }), 11, { ...F0, radioSdDb: 0 });
  const runs = DROVER.map((contender) => runOf(contender, scene));
  const lists = byCarrier(scene.fleet, scene.eligible.nat);
  const ratios = lists.flatMap((devices, carrier) => {
    if (devices.length === 0) return [];
    const bound = leastMakespan(highs, lpCarrierOf(scene, carrier, devices), { guessMs: HOUR, horizonMs: 21 * DAY });
    return runs.map((run) => achievedHours(run, carrier) / bound);
  });
  expect(Math.min(...ratios)).toBeGreaterThanOrEqual(1);
  // A bound that says nothing would be far below.
  expect(Math.min(...ratios)).toBeLessThan(1.5);
});
