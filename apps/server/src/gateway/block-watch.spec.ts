import { beforeEach, expect, it } from '@jest/globals';
import { BlockWatch, type BlockSeen, type BlocksSeen } from './block-watch.ts';

let told: BlocksSeen[];
let watch: BlockWatch;
const block = (change: Partial<BlockSeen> = {}): void => watch.block({ bytes: 512, tookMs: 1000, isFree: true, repeated: 0, ...change });
const many = (count: number, change: Partial<BlockSeen> = {}): void => {
  for (let n = 0; n < count; n++) block(change);
};

beforeEach(() => {
  told = [];
  watch = new BlockWatch((seen) => told.push(seen));
});

it('tells the middle of what nothing held up, and what all of it came to', () => {
  block({ tookMs: undefined });
  many(6);
  many(5, { tookMs: 3000 });
  block({ tookMs: 90_000 });
  watch.flush();
  expect(told).toEqual([{ blockSize: 512, blocks: 13, repeated: 0, bytes: 6656, spanMs: 111_000, medianMs: 3000 }]);
});

it.each<[string, Partial<BlockSeen>]>([
  ['paced, or beside another transfer', { isFree: false }],
  ['repeated', { repeated: 1 }],
  ['the first of a session', { tookMs: undefined }],
])('a block that is %s says nothing of block times', (_what, change) => {
  many(20, change);
  watch.flush();
  expect(told).toMatchObject([{ blocks: 20, medianMs: undefined }]);
});

it('a block after one that was held up is not free either', () => {
  for (let n = 0; n < 10; n++) {
    block({ isFree: false });
    block();
  }
  watch.flush();
  expect(told).toMatchObject([{ medianMs: undefined }]);
});

it('tells again and again in a long transfer, and nothing of a handful', () => {
  many(100);
  expect(told.map(({ blocks }) => blocks)).toEqual([33, 32, 32]);
  watch.flush();
  expect(told).toHaveLength(3);
  many(255, { isFree: false });
  expect(told).toHaveLength(3);
  block({ isFree: false });
  expect(told.at(-1)).toMatchObject({ blocks: 256, medianMs: undefined });
});

it('keeps sizes apart, and the last block of an image out of it', () => {
  many(20);
  many(20, { bytes: 256, tookMs: 700 });
  block({ bytes: 77 });
  watch.flush();
  expect(told.map(({ blockSize, medianMs }) => [blockSize, medianMs])).toEqual([
    [512, 1000],
    [256, 700],
  ]);
});
