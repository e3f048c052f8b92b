import { describe, expect, it } from '@jest/globals';
import { DAY, HOUR } from '@drover/kernel';
import { generateFleet } from '../../../../test/sim/fleet.ts';
import { eligibleOf, outcomeOf, type Outcome } from '../../../../test/sim/outcome.ts';
import { ECO, FAST, LearntBudgets, ScheduledPolicy, WEATHER, World, type PaceMode, type SimFleet, type SimPolicy } from '../index.ts';

const SMALL = generateFleet({ seed: 42, devices: 4000, cells: 80 });

function run(fleet: SimFleet, policy: SimPolicy, { seed = 42, isStochastic = true } = {}): { world: World; outcome: Outcome } {
  const world = new World(fleet, { ...WEATHER, seed, isStochastic }, { pacing: 'battery-first', horizonMs: 8 * DAY });
  world.run(policy);
  return { world, outcome: outcomeOf(world, eligibleOf(fleet)) };
}

describe('four thousand devices on eighty cells', () => {
  // Figures that move only when a decision or the world moves; `npm run sim` says what that is worth.
  it.each<[string, PaceMode, { t99: number; ah: number }]>([
    ['FAST', FAST, { t99: 47.2, ah: 36 }],
    ['ECO', ECO, { t99: 47.8, ah: 31.8 }],
  ])('%s', (_name, mode, { t99, ah }) => {
    const { outcome } = run(SMALL, new ScheduledPolicy({ mode }));
    const { overBudget, overCapacity, outsideWindow, lowBattery } = outcome;
    expect({ overBudget, overCapacity, outsideWindow, lowBattery }).toEqual({
      overBudget: 0,
      overCapacity: 0,
      outsideWindow: 0,
      lowBattery: 0,
    });
    expect(outcome.inTimeNat).toBeGreaterThan(0.998);
    expect(Math.abs(outcome.t99 / t99 - 1)).toBeLessThan(0.05);
    expect(Math.abs(outcome.fleetAh / ah - 1)).toBeLessThan(0.03);
    expect(outcome.extraWakes).toBeLessThan(0.26 * SMALL.size);
  });

  it('comes out the same again, and differently in another world', () => {
    const few = generateFleet({ seed: 7, devices: 1000, cells: 20 });
    const once = run(few, new ScheduledPolicy({ mode: ECO }));
    const again = run(few, new ScheduledPolicy({ mode: ECO }));
    const elsewhere = run(few, new ScheduledPolicy({ mode: ECO }), { seed: 43 });
    expect(again.world.doneAt).toEqual(once.world.doneAt);
    expect(again.world.energyMah).toEqual(once.world.energyMah);
    expect(elsewhere.outcome.fleetAh).not.toBe(once.outcome.fleetAh);
  });
});

describe('the fleet of seed 42', () => {
  const fleet = generateFleet({ seed: 42, devices: 100_000, cells: 2000 });

  it('is the one of the study', () => {
    const population = new Int32Array(2000);
    for (const carrier of fleet.carrier) population[carrier >> 1]! += 1;
    const sorted = population.toSorted();
    expect([sorted[1000], sorted[1800], sorted[1980], sorted[1999]]).toEqual([25, 120, 354, 1294]);
    const share = (from: number, to: number): number =>
      fleet.meanLossDb.reduce((sum, loss) => sum + Number(loss >= from && loss < to), 0) / 1000;
    expect([share(0, 144), share(144, 154), share(154, 999)].map((each) => Number(each.toFixed(1)))).toEqual([76.7, 18.2, 5.1]);
  });
});

/** Devices that all begin at once and are always there. */
const ALL_AT_ONCE: SimPolicy = {
  start: (world) => {
    for (let device = 0; device < world.fleet.size; device++) world.begin(device);
  },
  contact: () => undefined,
  ended: () => undefined,
};

function meters(count: number, { meanLossDb = 120, canResume = 1, budget = 0.5 } = {}): SimFleet {
  return {
    size: count,
    carriers: 1,
    background: new Float64Array(24).fill(0.2),
    budget: new Float64Array(24).fill(budget),
    carrier: new Int32Array(count),
    bearer: new Uint8Array(count),
    meanLossDb: new Float64Array(count).fill(meanLossDb),
    periodMs: new Float64Array(count),
    phaseMs: new Float64Array(count),
    battery: new Float64Array(count).fill(100),
    canResume: new Uint8Array(count).fill(canResume),
    canAppoint: new Uint8Array(count),
    isDead: new Uint8Array(count),
    window: new Uint8Array(count),
    windows: [Array.from({ length: 24 }, () => true)],
    bytes: new Int32Array(count).fill(256 * 1024),
  };
}

describe('transfers that share a carrier', () => {
  const timeOf = (count: number, pacing: 'none' | 'even', options = {}): number => {
    const world = new World(meters(count, options), { ...WEATHER, isStochastic: false, radioSdDb: 0 }, { pacing, horizonMs: 5 * DAY });
    world.run(ALL_AT_ONCE);
    return Math.max(...world.doneAt) / 60_000;
  };

  it.each([
    // devices, pacing, minutes: one alone takes 9.5 and 0.042 of the carrier; 0.8 of it are free, and firmware may take 0.5
    [1, 'none', 9.5],
    [11, 'even', 9.5],
    [19, 'none', 9.5],
    [38, 'none', 19.0],
    [24, 'even', 19.2],
  ] as const)('%d of them, paced %s: %d min', (count, pacing, minutes) => {
    expect(Math.abs(timeOf(count, pacing) / minutes - 1)).toBeLessThan(0.02);
  });

  it('stop at the end of their window, and keep what they have', () => {
    const stopsAtFive: SimPolicy = { ...ALL_AT_ONCE, start: (world) => world.begin(0, 5 * 60_000) };
    const world = new World(meters(1), { ...WEATHER, isStochastic: false }, { pacing: 'even', horizonMs: HOUR });
    world.run(stopsAtFive);
    expect(world.isDone(0)).toBe(false);
    expect((world.held[0]! * 512) / (256 * 1024)).toBeCloseTo(5 / 9.5, 1);
    expect(world.isActive[0]).toBe(0);
  });

  it('are lost now and then, and begin anew where they cannot resume', () => {
    const again: SimPolicy = { ...ALL_AT_ONCE, ended: (device, isDone, world) => (isDone ? undefined : world.begin(device)) };
    const wastedBy = (canResume: number): number => {
      const world = new World(
        meters(4, { canResume, meanLossDb: 150, budget: 0.8 }),
        { ...WEATHER, radioSdDb: 0 },
        { pacing: 'even', horizonMs: 21 * DAY },
      );
      world.run(again);
      expect(world.doneAt.every((at) => at > 0)).toBe(true);
      return world.seen.wastedBlocks / world.seen.sentBlocks;
    };
    expect(wastedBy(1)).toBeLessThan(0.02);
    expect(wastedBy(0)).toBeGreaterThan(0.05);
  });
});

describe('what the server does not know', () => {
  const beginsAll = (believes: number): SimPolicy => ({ ...ALL_AT_ONCE, believes: () => believes });
  const last = (world: World): number => Math.max(...world.doneAt) / 60_000;

  it.each([
    // believed, really free, minutes, part of the minutes above: 24 at a time ask for all of the carrier
    [0.5, 0.5, 19.2, 0],
    [0.5, 0.25, 38.4, 1],
    [0.25, 0.25, 38.4, 0],
    [0.25, 0.5, 38.4, 0],
  ])('believed %d, really %d: %d min', (believed, free, minutes, above) => {
    const still = { ...WEATHER, isStochastic: false, radioSdDb: 0 };
    const world = new World(meters(24), still, { pacing: 'even', horizonMs: DAY, freeAt: () => free });
    world.run(beginsAll(believed));
    expect(Math.abs(last(world) / minutes - 1)).toBeLessThan(0.02);
    // Of the last minute only a part is used.
    expect(Math.abs(world.seen.overBudget / world.seen.activeMinutes - above)).toBeLessThan(0.03);
  });

  it('a budget that is found out comes to what there is', () => {
    const fleet = { ...meters(300), budget: new Float64Array(24).fill(0.5) };
    const budgets = new LearntBudgets();
    const policy = new ScheduledPolicy({ mode: FAST, budgets });
    const world = new World(fleet, WEATHER, { pacing: 'battery-first', horizonMs: DAY, freeAt: () => 0.2 });
    world.run(policy);
    // It tries a little more once an hour.
    expect(budgets.at(0, 3 * HOUR, world)).toBeLessThan(0.26);
    expect(budgets.at(0, 3 * HOUR, world)).toBeGreaterThan(0.1);
    expect(world.seen.overBudget / world.seen.activeMinutes).toBeLessThan(0.15);
  });

  it('a device without a cell loads its own carrier, and is paced as one of its bucket', () => {
    const unseen = {
      carrier: new Int32Array(24).fill(1, 12),
      groups: 2,
      bucketOf: new Int32Array([1]),
      budget: new Float64Array(48).fill(0.5).fill(0.25, 24),
    };
    const world = new World(
      { ...meters(24), unseen },
      { ...WEATHER, isStochastic: false, radioSdDb: 0 },
      { pacing: 'even', horizonMs: DAY },
    );
    world.run(ALL_AT_ONCE);
    // Each half asks for 0.5 of the carrier: the one of the bucket is slowed to half of that, and both together are above.
    expect(Math.abs(world.doneAt[0]! / 60_000 / 9.5 - 1)).toBeLessThan(0.03);
    expect(Math.abs(world.doneAt[23]! / 60_000 / 19.1 - 1)).toBeLessThan(0.03);
    expect(world.seen.overBudget).toBeGreaterThanOrEqual(9);
    expect(world.seen.overCapacity).toBe(0);
  });
});
