import { beforeEach, expect, it } from '@jest/globals';
import { MINUTE } from '@drover/kernel';
import { TestEngine } from '../../../../test/support/engine.ts';
import type { CarrierSeen } from '../link/carriers.ts';
import { CarrierDesk } from './carrier-desk.ts';

const CARRIER = '262-1/2A/NB-IoT';

let test: TestEngine;
let desk: CarrierDesk;

const seen = (change: Partial<CarrierSeen>): Promise<void> => {
  test.clock.pass(MINUTE);
  const quiet = { carrier: CARRIER, samples: 30, inflation: 1, duplicates: 0, lost: 0, airtimeMs: 0.4 * MINUTE };
  return desk.onSeen({ type: 'carriers-seen', at: test.clock.at, carriers: [{ ...quiet, ...change }] });
};
const budget = (carrier = CARRIER): number => test.state.ledger.carriers.budgetAt(carrier, test.clock.at);

beforeEach(async () => {
  test = new TestEngine().withFirmware().withDevices('d');
  desk = new CarrierDesk(test.engine);
  await test.running({ bandwidth: { perCell: { airtime: '50%' } } });
});

it('leaves a carrier as agreed while its blocks are on time', async () => {
  await seen({});
  expect([budget(), test.state.carriers.size]).toEqual([1, 0]);
});

it('takes less of a carrier whose blocks come late: admission and disk get the same share', async () => {
  await seen({ inflation: 2 });
  const share = budget();
  expect(share).toBeLessThan(0.5);
  expect(share).toBeGreaterThanOrEqual(0.05);
  expect(budget('262-1/2B/NB-IoT')).toBe(1);
  expect(test.writer.commits.at(-1)?.changes.carriers).toMatchObject([{ carrier: CARRIER, share }]);
});

it('lets a carrier recover, a little each minute, to what was agreed and no further', async () => {
  await seen({ inflation: 2 });
  let before = budget();
  for (let minute = 0; minute < 400; minute++) {
    await seen({ airtimeMs: 0.5 * MINUTE });
    expect(budget()).toBeGreaterThanOrEqual(before);
    before = budget();
  }
  expect(budget()).toBe(1);
});

it('never takes a carrier for less than a twentieth, or nothing would show that it has recovered', async () => {
  for (let minute = 0; minute < 10; minute++) {
    await seen({ inflation: 3 });
    test.clock.pass(3 * MINUTE);
  }
  expect(budget()).toBeCloseTo(0.05, 5);
});
