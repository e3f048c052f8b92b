import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DAY, HOUR } from '@drover/kernel';
import { aSnapshot, aStageOutlook, type SnapshotParts } from '@drover/testkit';
import { BLOCK_KINDS } from '../block-times.ts';
import { outlookOf, type Outlook, type OutlookOptions } from './outlook.ts';
import { barrierIndex, BARRIERS, HAS_IMAGE, TRANSFERS, type OutlookRow, type OutlookSnapshot } from './snapshot.ts';

function outlook(snapshot: OutlookSnapshot, options: Partial<OutlookOptions> = {}): Outlook {
  const computing = outlookOf(snapshot, { runs: 4, seed: 1, ...options });
  for (;;) {
    const { done, value } = computing.next();
    if (done) return value;
  }
}
const of = (parts: SnapshotParts, options: Partial<OutlookOptions> = {}): Outlook => outlook(aSnapshot(parts), options);
const many = (count: number, row: Partial<OutlookRow> = {}): Partial<OutlookRow>[] => Array.from({ length: count }, () => row);
const all = ({ eta }: Outlook): number => eta[2]!.hours.p50 ?? Infinity;

const anyRow = fc.record({
  carrier: fc.integer({ min: 0, max: 3 }),
  bearer: fc.integer({ min: 0, max: 2 }),
  lossDb: fc.integer({ min: 120, max: 162 }),
  periodMs: fc.constantFrom(0, 0, 6 * HOUR, DAY),
  phaseMs: fc.integer({ min: 0, max: 6 * HOUR }),
  canResume: fc.integer({ min: 0, max: 1 }),
  onBattery: fc.integer({ min: 0, max: 1 }),
  bytes: fc.integer({ min: 1, max: 300_000 }),
  blockSize: fc.constantFrom(64, 512, 1024),
  download: fc.integer({ min: 0, max: 1 }),
  stage: fc.integer({ min: 0, max: 1 }),
  progress: fc.integer({ min: 0, max: 2 }),
  barrier: fc.constantFrom(0, 0, 0, 1, 5),
});
const windows = [Uint8Array.from({ length: 168 }, (_, hour) => Number(hour % 24 < 8))];
const stages = [aStageOutlook({ name: 'canary', soakMs: HOUR }), aStageOutlook({ name: 'fleet', state: 'closed' })];
const anyParts = fc
  .array(anyRow, { maxLength: 40 })
  .map((rows): SnapshotParts => ({ rows, windows, campaign: { stages, deadlineMs: 4 * DAY } }));

describe('whatever the fleet', () => {
  it('p50 comes before p90, shares before larger shares, and nobody counts who cannot come through', () => {
    fc.assert(
      fc.property(anyParts, (parts) => {
        const { eta, fan, devices, levers, atDeadline } = of(parts, { runs: 3 });
        const times = eta.map(({ hours }) => [hours.p50 ?? Infinity, hours.p90 ?? Infinity] as const);
        for (const [p50, p90] of times) expect(p50).toBeLessThanOrEqual(p90);
        expect(times.map(([p50]) => p50)).toEqual(times.map(([p50]) => p50).toSorted((a, b) => a - b));
        const blocked = Object.values(devices.infeasible).reduce((sum, count) => sum + count, 0);
        expect(devices.feasible + blocked).toBe(devices.remaining);
        expect(devices.remaining).toBe(parts.rows.length);
        for (const { p10, p50, p90 } of fan) expect(p10 <= p50 && p50 <= p90 && p90 <= 1).toBe(true);
        for (const { through, feasible } of levers) expect(through.after).toBeLessThanOrEqual(feasible.after);
        expect(atDeadline!.p10).toBeLessThanOrEqual(atDeadline!.p50);
      }),
      { numRuns: 15 },
    );
  });

  it('the same snapshot and seed give the same answer, as data', () => {
    fc.assert(
      fc.property(anyParts, fc.integer({ min: 0, max: 1000 }), (parts, seed) => {
        const once = of(parts, { runs: 2, seed, deltaBytes: 30_000 });
        expect(of(parts, { runs: 2, seed, deltaBytes: 30_000 })).toEqual(once);
        expect(JSON.parse(JSON.stringify(once))).toEqual(JSON.parse(JSON.stringify(structuredClone(once))));
      }),
      { numRuns: 8 },
    );
  });

  it('twice the airtime does not make it materially later', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 120, max: 158 }), (count, lossDb) => {
        const rows = many(count, { lossDb });
        const [little, more] = [of({ rows, budget: 0.2 }), of({ rows, budget: 0.4 })];
        expect(all(more)).toBeLessThanOrEqual(1.15 * all(little) + 1);
      }),
      { numRuns: 12 },
    );
  });
});

it('more airtime is not materially later for sleepers and others in one cell', () => {
  const row = fc.record({
    lossDb: fc.integer({ min: 120, max: 156 }),
    periodMs: fc.constantFrom(0, 6 * HOUR),
    phaseMs: fc.integer({ min: 0, max: 6 * HOUR }),
  });
  fc.assert(
    fc.property(fc.array(row, { minLength: 5, maxLength: 40 }), (rows) => {
      const at = (budget: number): number => of({ rows, budget }).eta[0]!.hours.p50 ?? Infinity;
      // One more wake-up is chance.
      expect(at(0.45)).toBeLessThanOrEqual(1.15 * at(0.15) + 6.5);
    }),
    { numRuns: 10 },
  );
});

describe('a budget of battery', () => {
  const rows = many(30, { lossDb: 150, lossVarianceDb: 25, periodMs: 6 * HOUR, onBattery: 1 });
  const budgeted = (energyLeftMah: number) => of({ rows: rows.map((row) => ({ ...row, energyLeftMah })) }, { runs: 4 });

  it('lets devices wait for radio that they can afford: later, and nobody takes more', () => {
    const [free, tight] = [budgeted(Infinity), budgeted(12)];
    expect(tight.devices.feasible).toBe(30);
    expect(tight.eta[0]!.hours.p50 ?? Infinity).toBeGreaterThan(free.eta[0]!.hours.p50 ?? Infinity);
    expect(free.energy.p50Mah).toBeGreaterThan(12);
    expect(tight.energy.p99Mah).toBeLessThanOrEqual(12 + 1);
  });
});

describe('an ETA', () => {
  it('of nobody is now', () => {
    const { eta, fan, devices, bottlenecks, bytes } = of({ rows: [] });
    expect([eta.map(({ hours }) => hours.p90), devices.feasible, bytes, bottlenecks.busiest]).toEqual([[0, 0, 0], 0, 0, []]);
    expect(fan).toEqual([{ hour: 0, p10: 1, p50: 1, p90: 1 }]);
  });

  it.each<[string, SnapshotParts, [least: number, most: number]]>([
    // 9.5 minutes of transfer and five of installation; eleven devices fit side by side
    ['one device', { rows: [{}] }, [0.2, 0.4]],
    ['forty devices on one carrier', { rows: many(40) }, [0.6, 1.1]],
    ['one at a time', { rows: many(10), campaign: { maxInFlight: 1 } }, [1.5, 3.5]],
    ['what fits into 530 bytes/s', { rows: many(10), campaign: { bytesPerSecond: 530 } }, [1.5, 3.5]],
    ['a sleeper in six hours', { rows: [{ periodMs: DAY, phaseMs: 6 * HOUR }] }, [6, 31]],
    ['a sleeper in the middle of its transfer', { rows: [{ periodMs: DAY, phaseMs: 20 * HOUR, progress: TRANSFERS }] }, [0.2, 0.4]],
    ['with the image there', { rows: [{ progress: HAS_IMAGE }] }, [0.05, 0.2]],
    ['with the image there, asleep', { rows: [{ progress: HAS_IMAGE, periodMs: DAY, phaseMs: 5 * HOUR }] }, [5, 5.2]],
    ['a start in ten hours', { rows: [{}], campaign: { startsMs: 10 * HOUR } }, [10.2, 10.6]],
    ['with blocks of 64 bytes', { rows: [{ blockSize: 64 }] }, [1.1, 1.4]],
    ['by a link that is no radio', { rows: [{ bearer: 2 }] }, [0.05, 0.2]],
  ])('%s', (_name, parts, [least, most]) => {
    const hours = all(of(parts, { runs: 3 }));
    expect(hours).toBeGreaterThanOrEqual(least);
    expect(hours).toBeLessThanOrEqual(most);
  });

  it('waits for the install window', () => {
    const morning = Uint8Array.from({ length: 168 }, (_, hour) => Number(hour % 24 === 9));
    expect(all(of({ rows: [{ install: 1 }], windows: [morning] }))).toBeCloseTo(9.08, 1);
  });

  it('never comes where a gate cannot pass any more', () => {
    const held = [aStageOutlook({ failed: 30, succeeded: 30 }), aStageOutlook({ state: 'closed' })];
    const { eta, stages: opens } = of({ rows: [{}, { stage: 1 }], campaign: { stages: held } });
    expect(eta[2]!.hours).toEqual({ p50: null, p90: null });
    expect(opens[1]!.opensHours.p50).toBeNull();
  });
});

describe('stages', () => {
  it('open one after the other, each after gate and soak', () => {
    const rows = [...many(5), ...many(50, { stage: 1 })];
    const { stages: opens, eta } = of({
      rows,
      campaign: { stages: [aStageOutlook({ soakMs: 24 * HOUR }), aStageOutlook({ state: 'closed' })] },
    });
    expect(opens[0]!.opensHours.p50).toBe(0);
    expect(opens[1]!.opensHours.p50).toBeGreaterThan(24.2);
    expect(opens[1]!.opensHours.p90).toBeLessThan(25);
    expect(eta[0]!.hours.p50).toBeGreaterThan(24.4);
  });

  it.each<[string, Partial<OutlookRow>, number | undefined, number | null]>([
    ['until it is given up', { barrier: barrierIndex('SILENT'), givenUpMs: 5 * HOUR }, undefined, 5],
    ['at once, where it is given up', { barrier: barrierIndex('SILENT'), givenUpMs: 0 }, undefined, 0.3],
    ['for good, where it never is', { barrier: barrierIndex('BATTERY_FLOOR') }, undefined, null],
    ['until the deadline', { barrier: barrierIndex('BATTERY_FLOOR') }, 30 * HOUR, 30],
  ])('a gate waits for a device that cannot come through %s', (_name, stuck, deadlineMs, opens) => {
    const campaign = { deadlineMs, stages: [aStageOutlook({ minSample: 2 }), aStageOutlook({ state: 'closed' as const })] };
    const [canary, fleet] = of({ rows: [{}, stuck, { stage: 1 }], campaign }).stages;
    expect([canary!.short, fleet!.short]).toEqual([1, 0]);
    if (opens === null) expect(fleet!.opensHours.p50).toBeNull();
    else expect(fleet!.opensHours.p50).toBeCloseTo(opens, 0);
  });

  it('a gate that has passed already soaks until it was to', () => {
    const campaign = { stages: [aStageOutlook({ soakedMs: 3 * HOUR }), aStageOutlook({ state: 'closed' as const })] };
    expect(of({ rows: [{ stage: 1 }], campaign }).stages[1]!.opensHours.p50).toBeCloseTo(3, 1);
  });
});

describe('a deadline', () => {
  const rows = many(100, { lossDb: 160, lossVarianceDb: 0 });
  it.each([
    ['under-way', 3 * HOUR],
    ['nothing', 3 * HOUR],
  ] as const)('%s after %d ms leaves most of them out', (afterDeadline, deadlineMs) => {
    const { eta, atDeadline } = of({ rows, campaign: { afterDeadline, deadlineMs } });
    expect(eta[2]!.hours.p50).toBeNull();
    expect(atDeadline!.p50).toBeLessThan(0.1);
  });
});

describe('levers', () => {
  const named = ({ levers }: Outlook) => Object.fromEntries(levers.map((lever) => [lever.name, lever]));

  it('are offered where there is something to pull', () => {
    expect(Object.keys(named(of({ rows: [{}] })))).toEqual([]);
    expect(Object.keys(named(of({ rows: [{}] }, { deltaBytes: 300_000 })))).toEqual([]);
  });

  it('say what they change', () => {
    const evening = Uint8Array.from({ length: 168 }, (_, hour) => Number(hour % 24 >= 10 && hour % 24 < 14));
    const battery = { periodMs: DAY, onBattery: 1, download: 1 };
    const rows = [
      ...many(20, { ...battery, phaseMs: 11 * HOUR }),
      ...many(10, { ...battery, phaseMs: 9 * HOUR }),
      ...many(5, { ...battery, phaseMs: 12 * HOUR, lossDb: 170 }),
    ];
    const found = named(of({ rows, windows: [evening], campaign: { deadlineMs: 8 * DAY } }, { deltaBytes: 26_000, runs: 8 }));
    expect(found['WIDER_WINDOW']!.feasible).toEqual({ before: 25, after: 35 });
    expect(found['EXCLUDE_CE2']!.feasible).toEqual({ before: 25, after: 20 });
    expect(found['EXCLUDE_CE2']!.fleetAh.after).toBeLessThan(0.5 * found['EXCLUDE_CE2']!.fleetAh.before);
    expect(found['DELTA_IMAGE']!.fleetAh.after).toBeLessThan(0.4 * found['DELTA_IMAGE']!.fleetAh.before);
    expect(found['LATER_DEADLINE']!.feasible).toEqual({ before: 25, after: 25 });
    expect(found['WIDER_WINDOW']!.runs).toBe(2);
  });
});

describe('energy and bytes', () => {
  it('are those of the model where nothing is lost', () => {
    const { energy, bytes } = of({ rows: many(8, { onBattery: 1, periodMs: 6 * HOUR, phaseMs: HOUR, lossVarianceDb: 0 }) });
    expect(energy.p50Mah).toBeCloseTo(6.5, 0);
    expect(energy.p50Days).toBeCloseTo(1.9, 0);
    expect(energy).toMatchObject({ mahPerDay: 3.47, byCoverage: [{ p50Days: energy.p50Days }, {}, {}] });
    expect(energy.byCoverage.map(({ devices }) => devices)).toEqual([8, 0, 0]);
    expect(bytes / (8 * (262_144 + 512 * 75))).toBeCloseTo(1, 1);
  });

  it('follow the model that the snapshot carries: figures, batteries and what was measured', () => {
    const rows = many(8, { onBattery: 1, periodMs: 6 * HOUR, phaseMs: HOUR, lossVarianceDb: 0 });
    const snapshot = aSnapshot({ rows });
    const usual = outlook(snapshot);
    const slow = { ...snapshot.model, factors: new Float64Array(BLOCK_KINDS).fill(3) };
    const slowly = outlook({ ...snapshot, model: structuredClone(slow) });
    expect(all(slowly) - all(usual)).toBeGreaterThan(0.25);
    expect(slowly.energy.p50Mah).toBeGreaterThan(1.5 * usual.energy.p50Mah);
    const energy = { ...snapshot.model.energy, installMah: 11 };
    expect(outlook({ ...snapshot, model: { ...snapshot.model, energy } }).energy.p50Mah - usual.energy.p50Mah).toBeCloseTo(10, 1);
    const small = outlook({ ...snapshot, mahPerDay: new Float32Array(8).fill(0.347) });
    expect(small.energy.p50Days).toBeCloseTo(10 * usual.energy.p50Days, -1);
  });

  it('of devices on mains is not counted', () => {
    expect(of({ rows: many(5) }).energy).toMatchObject({ p95Mah: 0, fleetAh: { p50: 0 } });
  });
});

describe('bottlenecks', () => {
  it('are carriers whose load comes near the deadline', () => {
    // 2404 s of airtime each at half a carrier: 1.34 h
    const rows = [...many(20, { lossDb: 160 }), { carrier: 1 }];
    const { bottlenecks } = of({ rows, campaign: { deadlineMs: 30 * HOUR } }, { runs: 1 });
    expect(bottlenecks.count).toBe(1);
    expect(bottlenecks.busiest.map(({ devices }) => devices)).toEqual([20, 1]);
    expect(bottlenecks.busiest[0]!.hoursNeeded).toBeCloseTo(26.7, 0);
    expect(bottlenecks.busiest[0]!.load).toBeCloseTo(0.89, 1);
  });
});

describe('a sample', () => {
  const carriers = Array.from({ length: 40 }, (_, carrier) => many(5 + (carrier % 7), { carrier })).flat();

  it('is whole carriers, and says so', () => {
    const { sample, devices } = of({ rows: carriers }, { most: 100, runs: 2 });
    expect(sample.of).toBe(carriers.length);
    expect(sample.devices).toBeLessThanOrEqual(120);
    expect(sample.carriers).toBeLessThan(sample.ofCarriers);
    expect([sample.thinned, devices.feasible]).toEqual([0, carriers.length]);
  });

  it('comes to what the whole comes to', () => {
    const [whole, sampled] = [of({ rows: carriers }), of({ rows: carriers }, { most: 100 })];
    expect(sampled.eta[0]!.hours.p50! / whole.eta[0]!.hours.p50!).toBeGreaterThan(0.7);
    expect(sampled.eta[0]!.hours.p50! / whole.eta[0]!.hours.p50!).toBeLessThan(1.3);
    expect(sampled.bytes / whole.bytes).toBeCloseTo(1, 1);
  });

  it('thins a carrier that is too large, with its budget', () => {
    const giant = many(600);
    const [whole, thinned] = [of({ rows: giant }, { runs: 2 }), of({ rows: giant }, { most: 150, runs: 2 })];
    expect(thinned.sample).toMatchObject({ thinned: 1, carriers: 1 });
    expect(all(thinned) / all(whole)).toBeGreaterThan(0.7);
    expect(all(thinned) / all(whole)).toBeLessThan(1.4);
  });
});

it('tells each run as it ends', () => {
  const told = [];
  const computing = outlookOf(aSnapshot({ rows: [{}] }), { runs: 3, seed: 1 });
  for (let next = computing.next(); !next.done; next = computing.next()) told.push(next.value);
  expect(told).toEqual([1, 2, 3].map((done) => ({ done, of: 3 })));
});

it('counts each barrier by its name', () => {
  const rows = BARRIERS.slice(1).map((barrier) => ({ barrier: barrierIndex(barrier) }));
  expect(Object.keys(of({ rows }, { runs: 1 }).devices.infeasible)).toEqual(BARRIERS.slice(1));
});
