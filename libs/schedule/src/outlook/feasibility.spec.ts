import { expect, it } from '@jest/globals';
import { DAY, HOUR } from '@drover/kernel';
import { aSnapshot, type SnapshotParts } from '@drover/testkit';
import { barriersOf } from './feasibility.ts';
import { barrierIndex, BARRIERS, HAS_IMAGE, TRANSFERS, type Barrier, type OutlookRow } from './snapshot.ts';

/** Open from the first to before the second hour of each day. */
const daily = (from: number, to: number): Uint8Array =>
  Uint8Array.from({ length: 168 }, (_, hour) => Number(hour % 24 >= from && hour % 24 < to));
const sleeper = { periodMs: DAY, phaseMs: 12 * HOUR, download: 1 };
const night = { windows: [daily(0, 6)] };
const deadline = (deadlineMs: number, afterDeadline: 'begun' | 'under-way' | 'nothing' = 'begun') => ({
  campaign: { deadlineMs, afterDeadline },
});

it.each<[string, Partial<OutlookRow>, Partial<SnapshotParts>, Barrier]>([
  ['nothing in its way', {}, {}, 'NONE'],
  ['what is known of it', { barrier: barrierIndex('BATTERY_FLOOR'), ...sleeper }, night, 'BATTERY_FLOOR'],
  ['wakes up outside its window alone', sleeper, night, 'WINDOW_WAKE_MISMATCH'],
  ['the same, but it can be asked', { ...sleeper, canAppoint: 1 }, night, 'NONE'],
  ['the same, but it is awake and transfers', { ...sleeper, progress: TRANSFERS }, night, 'NONE'],
  ['the same, but the image is there', { ...sleeper, progress: HAS_IMAGE }, night, 'NONE'],
  ['wakes up within its window', { ...sleeper, phaseMs: 3 * HOUR }, night, 'NONE'],
  ['wakes up twice a day, once within', { ...sleeper, periodMs: 9 * HOUR }, night, 'NONE'],
  [
    'two hours in one piece, and the window has one',
    { download: 1, canResume: 0, lossDb: 160 },
    { windows: [daily(0, 1)] },
    'WINDOW_TOO_SHORT',
  ],
  ['the same, but it resumes', { download: 1, lossDb: 160 }, { windows: [daily(0, 1)] }, 'NONE'],
  ['awake only at the end of the window', { ...sleeper, phaseMs: 5.95 * HOUR, canResume: 0 }, night, 'WINDOW_TOO_SHORT'],
  ['has a battery that may give no more than good coverage takes', { energyLeftMah: 7 }, {}, 'NONE'],
  ['has one that may give less than that', { energyLeftMah: 6 }, {}, 'ENERGY_BUDGET'],
  ['is always in coverage that it cannot afford', { energyLeftMah: 20, lossDb: 165, lossVarianceDb: 16 }, {}, 'ENERGY_BUDGET'],
  ['the same, but it transfers', { energyLeftMah: 20, lossDb: 165, progress: TRANSFERS }, {}, 'NONE'],
  ['is in better coverage now and then', { energyLeftMah: 30, lossDb: 157, lossVarianceDb: 16 }, {}, 'NONE'],
  ['has more to move than its cap on data', { dataLeft: 300_000 }, {}, 'DATA_CAP'],
  ['has less to move', { dataLeft: 350_000 }, {}, 'NONE'],
  ['wakes up after the deadline', { ...sleeper, download: 0 }, deadline(11 * HOUR), 'DEADLINE'],
  ['wakes up before it', { ...sleeper, download: 0 }, deadline(13 * HOUR), 'NONE'],
  ['would end after it, where that may be', { lossDb: 160 }, deadline(HOUR, 'under-way'), 'NONE'],
  ['would end after it, where all is taken back', { lossDb: 160 }, deadline(HOUR, 'nothing'), 'DEADLINE'],
  ['has begun, after the deadline', { hasBegun: 1 }, deadline(-HOUR), 'NONE'],
  ['has not begun, after the deadline', {}, deadline(-HOUR), 'DEADLINE'],
  ['has begun, but is not taken back up', { hasBegun: 1 }, deadline(-HOUR, 'under-way'), 'DEADLINE'],
])('%s', (_name, row, parts, barrier) => {
  const [found] = barriersOf(aSnapshot({ rows: [row], ...parts }));
  expect(BARRIERS[found!]).toBe(barrier);
});
