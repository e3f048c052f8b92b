import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DEFAULT_MIX, scaleMix } from './mix.ts';
import { PROFILES, type ProfileName } from './profiles.ts';

const sum = (counts: Iterable<number>): number => [...counts].reduce((total, count) => total + count, 0);

describe('scaleMix', () => {
  it('gives the demo its fleet exactly', () => {
    expect(Object.fromEntries(scaleMix(DEFAULT_MIX, 200))).toEqual(DEFAULT_MIX);
  });

  it.each([
    { devices: 10, mix: { pull: 0.5, push: 0.3, lossy: 0.2 }, counts: { pull: 5, push: 3, lossy: 2 } },
    // Quotas 4.67, 3.5 and 1.83: the largest remainder is that of lossy, then that of pull.
    { devices: 10, mix: { pull: 56, push: 42, lossy: 22 }, counts: { pull: 5, push: 3, lossy: 2 } },
    { devices: 2, mix: { pull: 1, push: 1, lossy: 1, ce1: 0 }, counts: { pull: 1, push: 1, lossy: 0 } },
    { devices: 40, mix: { pull: 1000, push: 1 }, counts: { pull: 39, push: 1 } },
  ])('$devices of $mix', ({ devices, mix, counts }) => {
    expect(Object.fromEntries(scaleMix(mix, devices))).toEqual(counts);
  });

  it('always adds up, and leaves nobody out from 40 devices on', () => {
    const names = Object.keys(PROFILES) as ProfileName[];
    const mixes = fc.dictionary(fc.constantFrom(...names), fc.integer({ min: 1, max: 5000 }), { minKeys: 1 });
    fc.assert(
      fc.property(mixes, fc.integer({ min: 1, max: 2000 }), (mix, devices) => {
        const counts = scaleMix(mix, devices);
        expect(sum(counts.values())).toBe(devices);
        if (devices >= 40) expect(Math.min(...counts.values())).toBeGreaterThanOrEqual(1);
        expect(Math.min(...counts.values())).toBeGreaterThanOrEqual(0);
      }),
    );
  });
});
