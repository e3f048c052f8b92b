import { describe, expect, it } from '@jest/globals';
import { DAY, HOUR, MINUTE, SECOND } from '@drover/kernel';
import { withEdrx } from '../../../../test/sim/edrx.ts';
import { generateFleet } from '../../../../test/sim/fleet.ts';
import { installsOf } from '../../../../test/sim/install-windows.ts';
import { FAST, ScheduledPolicy, WEATHER, World, type SimFleet, type SimPolicy } from '../index.ts';

const FLEET = generateFleet({ seed: 5, devices: 1500, cells: 30 });

function worldOf(fleet: SimFleet, policy: SimPolicy = new ScheduledPolicy({ mode: FAST }), isStochastic = true): World {
  const world = new World(fleet, { ...WEATHER, seed: 5, isStochastic }, { pacing: 'battery-first', horizonMs: 21 * DAY });
  world.run(policy);
  return world;
}

describe('an install window from 02:00 to 04:00', () => {
  const isOpen = (hour: number): boolean => hour >= 2 && hour < 4;
  const world = worldOf(FLEET);
  const byItself = installsOf(world, { isOpen, asks: false });
  const asked = installsOf(world, { isOpen, asks: true });

  it('nobody installs outside it, before its download, or without having one', () => {
    for (const { at } of [byItself, asked]) {
      for (const [device, each] of at.entries()) {
        if (!world.isDone(device)) expect(each).toBe(Infinity);
        if (each === Infinity) continue;
        expect(isOpen(Math.floor(each / HOUR) % 24)).toBe(true);
        expect(each).toBeGreaterThanOrEqual(world.doneAt[device]!);
      }
    }
  });

  it('who is asked is there no later, and who cannot be asked as before', () => {
    expect(asked.extraWakes).toBeGreaterThan(0);
    expect(byItself.extraWakes).toBe(0);
    for (const [device, each] of asked.at.entries()) {
      expect(each).toBeLessThanOrEqual(byItself.at[device]!);
      if (FLEET.canAppoint[device] === 0) expect(each).toBe(byItself.at[device]);
    }
  });

  it('a sleeper installs at a wake-up of its own', () => {
    for (const [device, each] of byItself.at.entries()) {
      if (FLEET.periodMs[device] === 0 || each === Infinity || each === world.doneAt[device]) continue;
      expect([...world.naturalContacts(device, each + 1)].at(-1)?.at).toBe(each);
    }
  });
});

describe('a device in eDRX', () => {
  const CYCLE = 655.36 * SECOND;
  const one = (cycle: number, until = Infinity): { world: World; ends: number[] } => {
    const ends: number[] = [];
    const policy: SimPolicy = {
      start: (world) => world.begin(0, until),
      contact: () => undefined,
      ended: (_device, _isDone, world) => void ends.push(world.now),
    };
    const fleet = { ...FLEET, cycleMs: new Float64Array(FLEET.size).fill(cycle), periodMs: new Float64Array(FLEET.size) };
    return { world: worldOf(fleet, policy, false), ends };
  };

  it('hears what it is told within a cycle, by one probe', () => {
    const late = one(CYCLE).world.doneAt[0]! - one(0).world.doneAt[0]!;
    expect(late).toBeGreaterThan(0);
    expect(late).toBeLessThanOrEqual(CYCLE + 10 * SECOND);
    expect(one(CYCLE).world.seen.probes).toBe(1);
    expect(one(0).world.seen.probes).toBe(0);
  });

  it('does not begin when its window has closed meanwhile', () => {
    const { world, ends } = one(1000 * CYCLE, MINUTE);
    expect(world.isDone(0)).toBe(false);
    expect(world.seen.sentBlocks).toBe(0);
    expect(ends).toHaveLength(1);
  });

  it('is one of half of those that are always reachable', () => {
    const { cycleMs } = withEdrx(FLEET, 5);
    const listening = FLEET.periodMs.filter((period) => period === 0).length;
    const within = cycleMs!.filter((cycle) => cycle > 0).length;
    expect(cycleMs!.every((cycle, device) => cycle === 0 || FLEET.periodMs[device] === 0)).toBe(true);
    expect(Math.abs(within / listening - 0.5)).toBeLessThan(0.1);
  });
});
