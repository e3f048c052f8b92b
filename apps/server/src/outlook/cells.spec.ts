import { beforeEach, expect, it } from '@jest/globals';
import { HOUR, MINUTE, plus } from '@drover/kernel';
import type { Json } from '@drover/kernel';
import { NOW, TestEngine } from '../../../../test/support/engine.ts';
import { cellsOf, type Cell } from './cells.ts';

let test: TestEngine;
beforeEach(() => {
  test = new TestEngine().withFirmware().withDevices('a');
});

const cells = (): Cell[] => {
  const steps = cellsOf(test.state, NOW);
  for (let next = steps.next(); ; next = steps.next()) if (next.done) return next.value;
};
const begin = (carrier: string, share: number, isFirm = true): void =>
  test.state.ledger.carriers.begin({ booking: { carrier, from: NOW, until: plus(NOW, 30 * MINUTE), share }, share, isFirm }, NOW);

it('nobody on the air, nothing to show', () => {
  expect(cells()).toEqual([]);
});

it('the fullest first, with what is used, promised and waited for', async () => {
  await test.running({ bandwidth: { perCell: { airtime: '40%' } } } as Record<string, Json>);
  begin('262-01/B/NB-IoT', 0.1);
  begin('262-01/C/NB-IoT', 0.3);
  begin('262-01/C/NB-IoT', 0.1, false);
  begin('262-01/?/NB-IoT', 0.03);
  test.state.ledger.carriers.addWaiting('262-01/B/NB-IoT', MINUTE);
  const [full, ...rest] = cells().filter(({ carrier }) => carrier.startsWith('262-01'));
  expect(full).toMatchObject({ carrier: '262-01/C/NB-IoT', live: 2, waiting: 0, budget: 0.4, isHot: true, isKnown: true });
  expect(full!.used).toBeCloseTo(0.4, 9);
  // Half an hour of three tenths, and nothing after it. What yields is promised nothing.
  expect(full!.promised.map((part) => Number(part.toFixed(3)))).toEqual([0.15, 0, 0, 0, 0, 0]);
  expect(rest.map(({ carrier, live, waiting, isHot }) => [carrier, live, waiting, isHot])).toEqual([
    ['262-01/?/NB-IoT', 1, 0, false],
    ['262-01/B/NB-IoT', 1, 1, false],
  ]);
  expect(rest[0]!.budget).toBeCloseTo(0.08, 9);
});

it('a promise ahead makes a cell hot', () => {
  const booking = { carrier: 'x/1/NB-IoT', from: plus(NOW, 2 * HOUR), until: plus(NOW, 3 * HOUR), share: 0.9 };
  test.state.ledger.carriers.ledger.book(booking, NOW);
  test.state.ledger.carriers.addWaiting('x/1/NB-IoT', MINUTE);
  expect(cells()).toMatchObject([{ used: 0, budget: 1, isHot: true, promised: [0, 0, expect.closeTo(0.9), 0, 0, 0] }]);
});
