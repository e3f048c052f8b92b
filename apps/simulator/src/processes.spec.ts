import { expect, it } from '@jest/globals';
import { openFileLimit, sharesOf } from './processes.ts';

it.each([
  ['a small fleet is in one process', 200, { openFiles: 1024 }, 1],
  ['as many as the limit asks for', 20_000, { openFiles: 20_000 }, 3],
  ['a tight limit', 20_000, { openFiles: 1024 }, 49],
  ['as wished', 100, { openFiles: 20_000, wished: 4 }, 4],
  ['never more than devices', 2, { openFiles: 20_000, wished: 4 }, 2],
  ['the limit outranks a wish', 20_000, { openFiles: 20_000, wished: 1 }, 3],
])('%s', (_, devices, how, count) => {
  const shares = sharesOf(devices, how);
  expect(shares).toHaveLength(count);
  expect(shares[0]?.from).toBe(0);
  expect(shares.at(-1)?.to).toBe(devices);
  for (const [index, { from, to }] of shares.entries()) {
    expect(to).toBeGreaterThan(from);
    if (index > 0) expect(from).toBe(shares[index - 1]?.to);
  }
});

it('knows how many files it may open', () => {
  expect(openFileLimit()).toBeGreaterThanOrEqual(256);
});
