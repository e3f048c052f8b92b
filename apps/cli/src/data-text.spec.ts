import { expect, it } from '@jest/globals';
import type { DataView } from '@drover/contracts';
import { dataText } from './data-text.ts';

const NOTHING: DataView = { moved: 0, kept: 0, cap: undefined, perDevice: undefined, perPoolAndMonth: undefined, pools: [] };

it.each<[string, Partial<DataView>, string | undefined]>([
  ['nothing moved and no cap', {}, undefined],
  ['no cap', { moved: 1324 }, 'data: 1.32 kB moved over the air'],
  ['a cap and nothing moved', { cap: 1e9 }, 'data: 0 bytes of 1.00 GB (0.0 %) moved over the air'],
  [
    'a cap of each kind',
    { moved: 5e8, kept: 1e6, cap: 1e9, perDevice: 9e5, perPoolAndMonth: 2e9, pools: [{ pool: 'north', movedThisMonth: 7e8 }] },
    'data: 500 MB of 1.00 GB (50.0 %) moved over the air, 1.00 MB kept for transfers under way; at most 900 kB a device\n' +
      '  SIM pool north: 700 MB of 2.00 GB of this month, all campaigns',
  ],
])('%s', (_, change, text) => {
  expect(dataText({ ...NOTHING, ...change })).toBe(text);
});
