import { expect, it } from '@jest/globals';
import { CarrierWatch, type BlockTime } from './carrier-watch.ts';
import { Pacer } from './pacer.ts';

const block = (tookMs: number | undefined, change: Partial<BlockTime> = {}): BlockTime => ({
  carrier: 'x',
  tookMs,
  expectedMs: 1000,
  blockMs: 1000,
  share: 0.1,
  repeated: 0,
  ...change,
});

it('tells of each carrier what its minute has shown, and begins the next one', () => {
  const watch = new CarrierWatch();
  for (const took of [undefined, 900, 1500, 3000]) watch.block(block(took));
  watch.block(block(2000, { carrier: 'y', repeated: 1, expectedMs: 2000 }));
  watch.lost('y');
  expect(watch.take()).toEqual([
    { carrier: 'x', samples: 4, inflation: 1.5, duplicates: 0, lost: 0, airtimeMs: 400 },
    { carrier: 'y', samples: 1, inflation: 1, duplicates: 0.5, lost: 1, airtimeMs: 200 },
  ]);
  expect(watch.take()).toEqual([]);
});

it('says nothing of block times where a session has only begun', () => {
  const watch = new CarrierWatch();
  watch.block(block(undefined));
  expect(watch.take()).toMatchObject([{ samples: 0, inflation: 1 }]);
});

it('keeps a bounded number of a busy minute, from all of it', () => {
  const watch = new CarrierWatch();
  for (let n = 0; n < 10_000; n++) watch.block(block(n < 5000 ? 1000 : 2000));
  const [seen] = watch.take();
  expect(seen?.samples).toBe(10_000);
  expect(seen?.inflation).toBe(2);
});

it('a limit of a carrier slows what is on it, and only that, until it is lifted', () => {
  const pacer = new Pacer();
  for (const carrier of ['x', 'y']) pacer.start(carrier, { carrier, share: 0.4, budget: 0.5, blockMs: 1000, isFirm: true });
  expect(pacer.delayFor('x')).toBe(0);
  pacer.limit('x', 0.2);
  expect([pacer.delayFor('x'), pacer.delayFor('y')]).toEqual([1000, 0]);
  pacer.limit('x', 1);
  expect(pacer.delayFor('x')).toBe(0);
});
