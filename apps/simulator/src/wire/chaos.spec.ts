import { describe, expect, it } from '@jest/globals';
import { DAY } from '@drover/kernel';
import { Dice } from '../chance.ts';
import { both, CALM, fateOf, nextPowerLoss, skewOf, type Chaos } from './chaos.ts';

const fates = (chaos: Partial<Chaos>, count = 4000): (readonly number[])[] => {
  const dice = new Dice(7);
  return Array.from({ length: count }, () => fateOf({ ...CALM, ...chaos }, dice));
};
const share = <T>(list: readonly T[], is: (item: T) => boolean): number => list.filter(is).length / list.length;

describe('the fate of a datagram', () => {
  it('is to arrive at once when all is calm, and to throw no dice for that', () => {
    const dice = new Dice(1);
    expect(fateOf(CALM, dice)).toEqual([0]);
    expect(dice.next()).toBe(new Dice(1).next());
  });

  it('repeats with its seed', () => {
    const chaos = { loss: 0.1, delay: 0.3, duplicate: 0.2, reorder: 0.1 };
    expect(fates(chaos)).toEqual(fates(chaos));
  });

  it.each([
    ['loss', (fate: readonly number[]) => fate.length === 0],
    ['duplicate', (fate: readonly number[]) => fate.length === 2],
    ['delay', (fate: readonly number[]) => fate[0]! > 0 && fate[0]! <= 200],
    ['reorder', (fate: readonly number[]) => fate[0]! > 0],
  ] as const)('%s comes in its share', (kind, is) => {
    expect(share(fates({ [kind]: 0.25 }), is)).toBeCloseTo(0.25, 1);
  });
});

describe('trouble of a profile and of a run', () => {
  it('adds up as independent chances do', () => {
    expect(both({ ...CALM, loss: 0.5, powerLossPerDay: 1 }, { loss: 0.5, powerLossPerDay: 2, skew: 5 })).toMatchObject({
      loss: 0.75,
      powerLossPerDay: 3,
      skew: 5,
      duplicate: 0,
    });
    expect(both(CALM)).toEqual(CALM);
  });
});

describe('power and clocks', () => {
  it('loses power as often as asked, or never', () => {
    const dice = new Dice(3);
    expect(nextPowerLoss(CALM, dice)).toBeUndefined();
    const gaps = Array.from({ length: 2000 }, () => nextPowerLoss({ ...CALM, powerLossPerDay: 4 }, dice)!);
    expect(gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length / DAY).toBeCloseTo(0.25, 1);
  });

  it('skews clocks within bounds, both ways', () => {
    const dice = new Dice(5);
    const skews = Array.from({ length: 500 }, () => skewOf({ ...CALM, skew: 20 }, dice));
    expect(Math.max(...skews)).toBeLessThanOrEqual(0.02);
    expect(Math.min(...skews)).toBeLessThan(-0.01);
    expect(Math.max(...skews)).toBeGreaterThan(0.01);
  });
});
