import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { MINUTE } from '@drover/kernel';
import {
  blockCost,
  contactEnergyMah,
  installEnergyMah,
  measuredEnergyMah,
  paceDelay,
  paceFactors,
  transferCost,
  type Bearer,
  type Coverage,
} from './index.ts';

const KIB = 1024;

describe('256 KiB in blocks of 512 B', () => {
  it.each([
    // bearer, ce, minutes, mAh, airtime s
    ['NB-IoT', 0, 9.5, 6.5, 24],
    ['NB-IoT', 1, 25, 24.7, 240],
    ['NB-IoT', 2, 118, 146, 2404],
    ['LTE-M', 0, 1.9, 2.1, 4],
  ] as const)('%s CE%d: %d min, %d mAh, %d s of airtime', (bearer, ce, minutes, mah, airtime) => {
    const cost = transferCost(256 * KIB, { bearer, ce, blockSize: 512 });
    expect(cost.duration / MINUTE).toBeCloseTo(minutes, minutes > 20 ? -1 : 0);
    expect(Math.abs(cost.energyMah - mah) / mah).toBeLessThan(0.03);
    expect(Math.abs(cost.airtime / 1000 - airtime) / airtime).toBeLessThan(0.03);
  });
  it.each([
    [0, 0.042],
    [1, 0.16],
    [2, 0.34],
  ] as const)('NB-IoT CE%d holds %d of its carrier', (ce, share) => {
    expect(blockCost({ bearer: 'NB-IoT', ce, blockSize: 512 }).share).toBeCloseTo(share, 2);
  });
});

it('a wired device costs no battery', () => {
  expect(transferCost(KIB, { bearer: 'other', ce: 0, blockSize: 512 }).energyMah).toBe(0);
});

describe('paced transfers', () => {
  const link = fc.record({
    bearer: fc.constantFrom<Bearer>('NB-IoT', 'LTE-M'),
    ce: fc.constantFrom<Coverage>(0, 1, 2),
    blockSize: fc.constantFrom(64, 256, 512, 1024),
    isFirm: fc.boolean(),
  });
  const budgets = fc.double({ min: 0.05, max: 1, noNaN: true });

  it('keep a carrier to its budget, and are not held back within it', () => {
    fc.assert(
      fc.property(fc.array(link, { minLength: 1, maxLength: 20 }), budgets, (links, budget) => {
        const all = links.map(({ isFirm, ...each }) => ({ isFirm, ...blockCost(each) }));
        const sumOf = (wanted: boolean): number => all.reduce((sum, { isFirm, share }) => sum + (isFirm === wanted ? share : 0), 0);
        const [firm, yielding] = [sumOf(true), sumOf(false)];
        const factors = paceFactors({ firm, yielding, budget });
        const delay = ({ duration, isFirm }: (typeof all)[number]): number => paceDelay(duration, isFirm ? factors.firm : factors.yielding);
        const used = all.reduce((sum, block) => sum + block.airtime / (block.duration + delay(block)), 0);
        // Rounding adds a tiny wait even within the budget; it never takes one away.
        expect(used).toBeLessThanOrEqual(Math.min(firm + yielding, budget) + 1e-6);
        if (firm + yielding <= budget - 1e-6) expect(all.every((block) => delay(block) === 0)).toBe(true);
      }),
    );
  });

  it.each([
    // firm, yielding, budget, factors: 0.02 of the yielding ones' 0.4 is always theirs
    [0.3, 0.1, 0.5, 1, 1],
    [0.3, 0.4, 0.5, 1, 2],
    [0.5, 0.4, 0.5, 1.042, 20],
    [1, 0, 0.5, 2, 1],
    [0, 1, 0.5, 1, 2],
  ])('firm %d, yielding %d, budget %d: slower by %d and %d', (firm, yielding, budget, firmFactor, yieldingFactor) => {
    const factors = paceFactors({ firm, yielding, budget });
    expect(factors.firm).toBeCloseTo(firmFactor, 3);
    expect(factors.yielding).toBeCloseTo(yieldingFactor, 3);
  });
});

describe('what was measured', () => {
  const link = { bearer: 'NB-IoT', ce: 0, blockSize: 512 } as const;
  const block = blockCost(link);

  it('costs what was foreseen where nothing went wrong', () => {
    const measured = { blocks: 512, bytes: 512 * 512, retransmissions: 0, awakeMs: 0 };
    expect(measuredEnergyMah(measured, link)).toBeCloseTo(512 * block.energyMah, 6);
  });

  it('costs more with each repetition, and with the time that nothing was sent', () => {
    const measured = { blocks: 10, bytes: 5120, retransmissions: 2, awakeMs: 12 * block.duration + 93_000 };
    expect(measuredEnergyMah(measured, link)).toBeCloseTo(12 * block.energyMah + 0.646, 3);
  });

  it('counts smaller blocks as what they are', () => {
    const small = measuredEnergyMah({ blocks: 8, bytes: 512, retransmissions: 0, awakeMs: 0 }, link);
    expect(small).toBeCloseTo(8 * blockCost({ ...link, blockSize: 64 }).energyMah, 6);
    expect(measuredEnergyMah({ blocks: 0, bytes: 0, retransmissions: 0, awakeMs: 93_000 }, link)).toBeCloseTo(0.646, 3);
  });

  it('costs nothing on a wire', () => {
    const wire = { ...link, bearer: 'other' } as const;
    const measured = { blocks: 1, bytes: 512, retransmissions: 1, awakeMs: 93_000 };
    expect([measuredEnergyMah(measured, wire), contactEnergyMah(wire), installEnergyMah(wire)]).toEqual([0, 0, 0]);
  });
});
