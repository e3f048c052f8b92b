import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { coverageAtLoss, coverageChances, learnCoverage, lossOfRsrp, normalCdf, type CoveragePattern } from './index.ts';

it.each([
  [-4, 0.00003],
  [-1, 0.15866],
  [0, 0.5],
  [1, 0.84134],
  [2, 0.97725],
])('the normal distribution at %d is %d', (x, p) => expect(normalCdf(x)).toBeCloseTo(p, 4));

it.each([
  [-100, 0],
  [-115, 0],
  [-116, 1],
  [-125, 1],
  [-126, 2],
] as const)('a signal of %d dBm is coverage level %d', (rsrp, ce) => expect(coverageAtLoss(lossOfRsrp(rsrp))).toBe(ce));

it('knows how likely each level is', () => {
  const [good, poor, bad] = coverageChances({ meanDb: 146, varianceDb: 16 });
  expect(good).toBeCloseTo(0.309, 3);
  expect(bad).toBeCloseTo(0.023, 3);
  expect(good + poor + bad).toBeCloseTo(1, 9);
});

describe('what is learnt', () => {
  it('starts at the first contact, as uncertain as devices are', () => {
    expect(learnCoverage(undefined, 140)).toEqual({ meanDb: 140, varianceDb: 16 });
  });

  it('comes to rest at what is told again and again', () => {
    let pattern: CoveragePattern | undefined;
    for (let n = 0; n < 100; n++) pattern = learnCoverage(pattern, n === 0 ? 120 : 150);
    expect(pattern?.meanDb).toBeCloseTo(150, 6);
    expect(pattern?.varianceDb).toBeLessThan(2);
  });

  it('never becomes certain, and stays within what was told', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 100, max: 170, noNaN: true }), { minLength: 1 }), (losses) => {
        const pattern = losses.reduce<CoveragePattern | undefined>(learnCoverage, undefined)!;
        expect(pattern.varianceDb).toBeGreaterThanOrEqual(1);
        expect(pattern.meanDb).toBeGreaterThanOrEqual(Math.min(...losses) - 1e-9);
        expect(pattern.meanDb).toBeLessThanOrEqual(Math.max(...losses) + 1e-9);
      }),
    );
  });
});
