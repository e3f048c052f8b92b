import { describe, expect, it } from '@jest/globals';
import { instantOf, isoOf, MINUTE, plus } from '@drover/kernel';
import fc from 'fast-check';
import { blockCost } from './radio.ts';
import { AirCollector, AirJudge } from './watch/air-watch.ts';
import { NO_LIMITS } from './watch/limits.ts';
import { Observer, type Watched } from './watch/observer.ts';
import { WholeFleet } from './whole-fleet.ts';

const CARRIER = '262-1/1A2B00/NB-IoT';
const METER: Watched = { endpoint: 'meter', carrier: CARRIER, utcOffsetMinutes: 0, bearer: 'NB-IoT', ce: 0 };
const AT = instantOf('2026-03-02T23:00:00Z');
const BYTES = 512;
const MINUTES = 3;

/** As many processes, each with devices that transfer side by side on the one carrier. */
function run({ processes, devicesEach, airtime }: { processes: number; devicesEach: number; airtime: number }) {
  const whole = new WholeFleet(airtime);
  const { durationMs } = blockCost(METER, BYTES);
  const parts = Array.from({ length: processes }, (_, process) => {
    const air = new AirCollector();
    const observer = new Observer({ ...NO_LIMITS, airtime }, 1, 'counters', air);
    const devices = Array.from({ length: devicesEach }, (_none, index) => ({ ...METER, endpoint: `meter-${process}-${index}` }));
    for (let at = 0; at < MINUTES * MINUTE; at += durationMs)
      for (const device of devices) observer.block(device, { at: plus(AT, at), bytes: BYTES, battery: 80 });
    return { air, observer };
  });
  for (const { air } of parts) whole.take(air.drain());
  const seen = parts.map(({ observer: { violations, samples }, air }) => ({ violations, samples, air: air.summary() }));
  return { whole: whole.sighting(seen), parts: seen };
}

describe('a carrier with devices in several processes', () => {
  // One transfer holds 0.042 of the carrier: eleven are within a half, twelve are not.
  it.each([
    { processes: 1, devicesEach: 11, over: 0 },
    { processes: 1, devicesEach: 13, over: 3 },
    { processes: 2, devicesEach: 5, over: 0 },
    { processes: 2, devicesEach: 7, over: 3 },
    { processes: 4, devicesEach: 3, over: 0 },
    { processes: 4, devicesEach: 4, over: 3 },
  ])('is judged as a whole: $processes times $devicesEach transfers', ({ over, ...how }) => {
    const { whole, parts } = run({ ...how, airtime: 0.5 });
    for (const { violations } of parts) expect(violations.budget).toBe(0);
    expect(whole.violations.budget).toBe(over);
    expect(whole.air.carrierMinutesOver).toBe(over);
    expect(whole.samples).toHaveLength(over);
  });

  it('is over half the budget where it is within the whole', () => {
    const traffic = { processes: 2, devicesEach: 5 };
    const { air } = run({ ...traffic, airtime: 0.5 }).whole;
    expect(air.carrierMinutesOver).toBe(0);
    expect(air.worst?.ofBudget).toBeCloseTo(0.84, 1);
    const halved = run({ ...traffic, airtime: 0.25 }).whole;
    expect(halved.violations).toMatchObject({ budget: 3, window: 0 });
    expect(halved.air).toMatchObject({ carrierMinutesOver: 3, carrierMinutes: air.carrierMinutes });
    expect(halved.air.worst?.ofBudget).toBeCloseTo(1.68, 1);
  });

  it('has what its devices have told, however often they are asked', () => {
    const blocks = fc.array(
      fc.record({
        process: fc.nat(2),
        from: fc.nat(20),
        minutes: fc.integer({ min: 1, max: 9 }),
        ms: fc.integer({ min: 100, max: 20_000 }),
      }),
    );
    fc.assert(
      fc.property(blocks, fc.integer({ min: 1, max: 5 }), (list, askEvery) => {
        const alone = new AirJudge(0.5);
        const whole = new WholeFleet(0.5);
        const collectors = [new AirCollector(), new AirCollector(), new AirCollector()];
        const ask = (): void => collectors.forEach((each) => whole.take(each.drain()));
        for (const [index, { process, from, minutes, ms }] of list.entries()) {
          const span = { from: AT + from * MINUTE, to: AT + (from + minutes) * MINUTE };
          for (const air of [alone, collectors[process]!]) {
            air.block(CARRIER, span, ms);
            air.heard(CARRIER, plus(AT, from * MINUTE), ms);
          }
          if (index % askEvery === 0) ask();
        }
        ask();
        const { worst, ...counts } = whole.sighting([]).air;
        const { worst: wanted, ...expected } = alone.summary();
        expect(counts).toEqual(expected);
        expect(worst?.ofBudget ?? 0).toBeCloseTo(wanted?.ofBudget ?? 0, 3);
      }),
    );
  });

  it('of two minutes alike names the earlier, whichever it was told of first', () => {
    for (const order of [
      [0, 1],
      [1, 0],
    ]) {
      const air = new AirJudge(1);
      for (const minute of order) air.heard(CARRIER, plus(AT, minute * MINUTE), 500);
      expect(air.summary().busiest?.at).toBe(isoOf(AT));
    }
  });

  it('adds up bytes by cell, whatever the bearer', () => {
    const air = new AirJudge(1);
    for (const bearer of ['NB-IoT', 'LTE-M']) air.heard(`262-1/1A2B00/${bearer}`, AT, 500);
    air.heard('262-1/1A2B00/NB-IoT', plus(AT, MINUTE), 600);
    air.heard('262-1/1A2B01/NB-IoT', AT, 700);
    expect(air.summary()).toMatchObject({
      bytes: 2300,
      cellMinutes: 3,
      busiest: { cell: '262-1/1A2B00', at: isoOf(AT), bytes: 1000 },
    });
  });
});
