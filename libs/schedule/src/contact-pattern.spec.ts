import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Instant } from '@drover/kernel';
import { HOUR, instantOf, MINUTE, plus, seededRandom } from '@drover/kernel';
import { learnContact, nextContact, type ContactPattern } from './index.ts';

const START = instantOf('2026-12-01T00:00:00Z');
const at = (hours: number): Instant => plus(START, hours * HOUR);
const learnt = (hours: readonly number[]): ContactPattern | undefined =>
  hours.reduce<ContactPattern | undefined>((pattern, hour) => learnContact(pattern, at(hour)), undefined);
const hoursOf = (instant: Instant): number => Math.round(((instant - START) / HOUR) * 100) / 100;

describe('the next contact', () => {
  it.each<[string, number[], number, number]>([
    ['comes a day after the only one', [0], 1, 24],
    ['comes a period after the last one', [0, 6, 12], 13, 18],
    ['is not moved by a contact in between', [0, 6, 12, 14], 14.5, 18],
    ['is not moved by two of them', [0, 6, 12, 14, 16], 16.5, 18],
    ['follows one that was missed', [0, 6, 12, 24], 25, 30],
    ['is expected at the time after next when this one has not come', [0, 6, 12], 19, 24],
    ['is counted from a reboot by a device that begins anew with it', [0, 6, 12, 14, 20], 21, 26],
    ['goes by a new rhythm once three have shown it', [0, 24, 48, 50, 52, 54], 55, 56],
  ])('%s', (_what, hours, now, expected) => {
    expect(hoursOf(nextContact(learnt(hours), at(now)))).toBe(expected);
  });

  it('lies ahead, and never farther than a period', () => {
    const gaps = fc.array(fc.integer({ min: 1, max: 3 * 24 * 60 }), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(gaps, fc.integer({ min: 0, max: 20_000 }), (minutes, later) => {
        let [now, pattern] = [START, learnContact(undefined, START)];
        for (const gap of minutes) {
          now = plus(now, gap * MINUTE);
          pattern = learnContact(pattern, now);
        }
        const asked = plus(now, later * MINUTE);
        const next = nextContact(pattern, asked);
        expect(next).toBeGreaterThan(asked);
        expect(next - asked).toBeLessThanOrEqual(Math.max(pattern.periodMs ?? 24 * HOUR, MINUTE) + 1);
        expect(pattern.missed ?? 0).toBeGreaterThanOrEqual(0);
        expect(pattern.missed ?? 0).toBeLessThan(1);
      }),
    );
  });
});

describe('what is learnt of a device that goes by the clock', () => {
  const random = seededRandom(7);
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  let pattern: ContactPattern | undefined;
  for (let round = 0; round < 400; round++) {
    if (random() < 0.1) continue;
    pattern = learnContact(pattern, plus(START, round * 6 * HOUR + 90_000 * normal()));
    // Now and then somebody wakes it for something else.
    if (round % 9 === 0) pattern = learnContact(pattern, plus(START, round * 6 * HOUR + 2 * HOUR));
  }

  it('period, jitter and how many it misses', () => {
    expect((pattern?.periodMs ?? 0) / HOUR).toBeCloseTo(6, 1);
    expect(pattern?.jitterMs ?? 0).toBeGreaterThan(30_000);
    expect(pattern?.jitterMs ?? 0).toBeLessThan(200_000);
    expect(pattern?.missed ?? 0).toBeGreaterThan(0.03);
    expect(pattern?.missed ?? 0).toBeLessThan(0.2);
  });
});
