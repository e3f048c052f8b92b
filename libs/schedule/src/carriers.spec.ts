import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Carriers, type LiveTransfer } from './index.ts';

const live = (share: number, isFirm: boolean, carrier = 0): LiveTransfer => ({
  booking: { carrier, from: 0, until: 600_000, share },
  share,
  isFirm,
});

it('counts firm and yielding transfers apart, and promises airtime to firm ones only', () => {
  const carriers = new Carriers(() => 0.5);
  carriers.begin(live(0.2, true), 0);
  carriers.begin(live(0.1, false), 0);
  expect([carriers.firmOn(0), carriers.demandOn(0), carriers.ledger.takenAt(0, 0)]).toEqual([0.2, 0.2 + 0.1, 0.2]);
  expect(carriers.demandOn(1)).toBe(0);
});

it('is empty when all have ended, whatever they were', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.double({ min: 0.001, max: 1, noNaN: true }), fc.boolean(), fc.nat(3))), (list) => {
      const carriers = new Carriers(() => 0.5);
      const all = list.map(([share, isFirm, carrier]) => live(share, isFirm, carrier));
      for (const each of all) carriers.begin(each, 0);
      for (const each of all) carriers.end(each, 0);
      for (let carrier = 0; carrier < 4; carrier++) expect([carriers.demandOn(carrier), carriers.firmOn(carrier)]).toEqual([0, 0]);
    }),
  );
});

it.each([
  [0, 0],
  [20, 0],
  [50, 0.25],
  [200, 1],
  [1000, 1],
])('where %d wait, its airtime has %d of its price', (count, expected) => {
  const carriers = new Carriers(() => 0.5);
  for (let n = 0; n < count; n++) carriers.addWaiting(7, 1000);
  expect(carriers.scarcity(7)).toBe(expected);
  for (let n = 0; n < count; n++) carriers.removeWaiting(7, 1000);
  expect(carriers.scarcity(7)).toBe(0);
});
