import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  blockCost,
  blockKindAt,
  blockKindIndex,
  BLOCK_KINDS,
  blockMs,
  calibratedFactors,
  DEFAULT_COST_MODEL,
  devicesMeasured,
  ENOUGH,
  isEnough,
  learnBlockTimes,
  measuredMs,
  transferCost,
  type BlockTimes,
  type CostModel,
  type TransferLink,
} from './index.ts';

const CE0 = blockKindIndex('NB-IoT', 0, 512);
const [CE1, CE2] = [blockKindIndex('NB-IoT', 1, 512), blockKindIndex('NB-IoT', 2, 512)];
const link = (ce: 0 | 1 | 2): TransferLink => ({ bearer: 'NB-IoT', ce, blockSize: 512 });

/** Each measurement of another device. */
const learnt = (times: readonly number[], loss = 0): BlockTimes | undefined =>
  times.reduce<BlockTimes | undefined>(
    (known, medianMs, device) =>
      learnBlockTimes(known, { medianMs, blocks: 100, repeated: 100 * loss, mark: device, before: 0 }, 1000 + device),
    undefined,
  );
const steady = (ms: number, count: number = ENOUGH.samples): BlockTimes => learnt(new Array<number>(count).fill(ms))!;
const calibrated = (...measured: readonly (readonly [number, BlockTimes])[]): CostModel => ({
  ...DEFAULT_COST_MODEL,
  factors: calibratedFactors(new Map(measured), DEFAULT_COST_MODEL),
});

const anyMs = fc.double({ min: 1, max: 600_000, noNaN: true });
const anyTimes = fc.array(anyMs, { minLength: 1, maxLength: 150 });

describe('block times', () => {
  it('of one kind are a few numbers: middle, spread, loss, how many, of how many, since when', () => {
    const times = learnt([1000, 1100, 900, 1050, 950], 0.25)!;
    expect(measuredMs(times)).toBeCloseTo(998, -1);
    expect(times).toMatchObject({ samples: 5, since: 1000, lastAt: 1004, loss: expect.closeTo(0.2, 6) });
    expect(devicesMeasured(times)).toBe(5);
    expect(JSON.parse(JSON.stringify(times))).toEqual(times);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, 0, -5, 0.1, 3_600_000])('%d ms are not believed', (medianMs) => {
    const before = steady(1000);
    expect(learnBlockTimes(before, { medianMs, blocks: 10, repeated: 0, mark: 1, before: 0 }, 5)).toBe(before);
  });

  it('whatever comes, every number is a number', () => {
    fc.assert(
      fc.property(anyTimes, fc.double({ min: 0, max: 1, noNaN: true }), (all, loss) => {
        const times = learnt(all, loss)!;
        expect(Object.values(times).every(Number.isFinite)).toBe(true);
        expect(times.loss).toBeGreaterThanOrEqual(0);
        expect(times.loss).toBeLessThanOrEqual(1);
        const [least, most] = [Math.min(...all), Math.max(...all)];
        expect(measuredMs(times)).toBeGreaterThanOrEqual(least * 0.999);
        expect(measuredMs(times)).toBeLessThanOrEqual(most * 1.001);
      }),
    );
  });

  it('one that is far off moves what twenty others have shown by a tenth at most', () => {
    fc.assert(
      fc.property(fc.double({ min: 200, max: 20_000, noNaN: true }), anyMs, (usual, outlier) => {
        const before = steady(usual);
        const after = learnBlockTimes(before, { medianMs: outlier, blocks: 10, repeated: 0, mark: 3, before: 0 }, 5);
        expect(Math.abs(Math.log(measuredMs(after) / measuredMs(before)))).toBeLessThan(0.1);
      }),
    );
  });

  it('their order matters little: the same ones the other way round come out within a sixth', () => {
    const around = fc.array(fc.double({ min: 0.7, max: 1.4, noNaN: true }), { minLength: 20, maxLength: 90 });
    fc.assert(
      fc.property(around, (factors) => {
        const all = factors.map((factor) => 1000 * factor);
        expect(Math.abs(learnt(all)!.logMs - learnt(all.toReversed())!.logMs)).toBeLessThan(1 / 6);
      }),
    );
  });

  it('one device that is measured a thousand times weighs less than ten others', () => {
    let times = steady(1000, 10);
    for (let before = 0; before < 1000; before++)
      times = learnBlockTimes(times, { medianMs: 4000, blocks: 10, repeated: 0, mark: 1, before }, 5);
    expect(measuredMs(times)).toBeLessThan(2000);
    expect(isEnough({ ...steady(1000, 2), samples: 1000 })).toBe(false);
  });
});

describe('calibration', () => {
  it('changes nothing before there is enough of it', () => {
    expect(calibratedFactors(new Map([[CE0, steady(3000, ENOUGH.samples - 1)]]), DEFAULT_COST_MODEL)).toBeUndefined();
  });

  it('replaces the time of a block and what follows from it; what the carrier carries stays', () => {
    const before = blockCost(link(0));
    const model = calibrated([CE0, steady(2 * before.duration)]);
    const after = blockCost(link(0), model);
    expect(after.duration / before.duration).toBeCloseTo(2, 6);
    expect(after.airtime).toBe(before.airtime);
    expect(after.share).toBeCloseTo(before.share / 2, 9);
    // A second more of waiting, at 25 mA.
    expect(after.energyMah - before.energyMah).toBeCloseTo((before.duration / 1000) * (25 / 3600), 6);
    expect(transferCost(262_144, link(0), { model }).duration).toBeCloseTo(2 * transferCost(262_144, link(0)).duration, -1);
    expect(blockMs({ ...link(0), blockSize: 256 }, model)).toBe(blockMs({ ...link(0), blockSize: 256 }));
  });

  it('worse coverage never comes out quicker while it was measured little', () => {
    const model = calibrated([CE0, steady(4000, 90)]);
    expect([0, 1, 2].map((ce) => Math.round(blockMs(link(ce as 0), model)))).toEqual([4000, 4000, 13827]);
    const quick = calibrated([CE1, steady(900, 90)]);
    expect([0, 1].map((ce) => Math.round(blockMs(link(ce as 0), quick)))).toEqual([900, 900]);
  });

  it('where both were measured often, each stands for itself', () => {
    const model = calibrated([CE0, steady(3000, 90)], [CE1, steady(2500, 90)]);
    expect([0, 1].map((ce) => Math.round(blockMs(link(ce as 0), model)))).toEqual([3000, 2500]);
  });

  it('never moves a time by more than four, up or down, and never makes a share of more than all', () => {
    const anyLevel = fc.option(fc.tuple(anyMs, fc.constantFrom(5, ENOUGH.samples, 90)), { nil: undefined });
    fc.assert(
      fc.property(anyLevel, anyLevel, anyLevel, (...levels) => {
        const measured = levels.flatMap((level, ce) => (level ? [[[CE0, CE1, CE2][ce]!, steady(...level)] as const] : []));
        const model = calibrated(...measured);
        for (let index = 0; index < BLOCK_KINDS; index++) {
          const [figures, planned] = [blockCost(blockKindAt(index)), blockCost(blockKindAt(index), model)];
          const factor = planned.duration / figures.duration;
          expect(factor).toBeGreaterThanOrEqual(0.2499);
          expect(factor).toBeLessThanOrEqual(4.0001);
          expect(planned.share).toBeLessThanOrEqual(1);
          expect(planned.energyMah).toBeGreaterThan(0);
        }
        const isFirm = levels.filter((level) => level?.[1] === 90).length > 1;
        const times = [0, 1, 2].map((ce) => blockMs(link(ce as 0), model));
        const rounded = times.map((ms) => Number(ms.toPrecision(12)));
        if (!isFirm) expect(rounded).toEqual(rounded.toSorted((a, b) => a - b));
      }),
    );
  });

  it('each kind of block has a place of its own, and finds it again', () => {
    const indices = Array.from({ length: BLOCK_KINDS }, (_, index) => index);
    expect(indices.map(blockKindAt).map(({ bearer, ce, blockSize }) => blockKindIndex(bearer, ce, blockSize))).toEqual(indices);
    expect([blockKindIndex('other', 0, 512), blockKindIndex('NB-IoT', 3, 500)]).toEqual([-1, CE2]);
  });
});
