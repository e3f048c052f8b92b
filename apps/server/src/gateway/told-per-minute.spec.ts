import { expect, it } from '@jest/globals';
import { ToldPerMinute } from './told-per-minute.ts';

it('thirty a minute are told, the others counted', () => {
  const told: number[] = [];
  let now = 0;
  const refusals = new ToldPerMinute(() => now);
  const note = (): void => refusals.note((count) => told.push(count));
  for (let round = 0; round < 100; round++) note();
  expect(told).toEqual(Array(30).fill(1));
  now = 60_000;
  note();
  expect(told.at(-1)).toBe(71);
});
