import { expect, it } from '@jest/globals';
import { aDevice } from '@drover/testkit';
import { instantOf } from '@drover/kernel';
import { dataWarnings, forecast, NO_DATA_CAPS, type DataCaps } from './index.ts';

const now = instantOf('2026-12-01T01:00:00Z');
const fleet = ['north', 'north', 'south', undefined].map((pool, index) =>
  aDevice(`d${index}`, pool === undefined ? {} : { 'sim.pool': pool }, now),
);
/** Each moves 512 blocks of 512 bytes, 338,944 bytes on the air. */
const { data } = forecast(fleet, { imageBytes: 256 * 1024, blockSizeFor: () => 512, airtime: 0.5 });

it('a plan sums up what goes over the air, by SIM pool', () => {
  expect(data).toEqual({
    bytes: 4 * 338_944,
    mostOfDevice: 338_944,
    pools: [
      { pool: 'north', devices: 2, bytes: 677_888 },
      { pool: 'south', devices: 1, bytes: 338_944 },
    ],
    withoutPool: 1,
  });
});

it.each<[string, Partial<DataCaps>, Record<string, number>, string[]]>([
  ['no cap', {}, {}, []],
  ['caps that are enough', { perDevice: 338_944, campaign: 1_355_776 }, {}, []],
  ['a device', { perDevice: 338_943 }, {}, ['dataCap.perDevice: a device needs up to 339 kB, the cap is 339 kB']],
  ['the campaign', { campaign: 1_000_000 }, {}, ['dataCap.campaign: the plan needs 1.36 MB, the cap is 1.00 MB']],
  [
    'a pool, and one by what others have moved',
    { perPoolAndMonth: 500_000 },
    { south: 300_000 },
    [
      'dataCap.perPoolAndMonth: 2 devices of SIM pool north need 678 kB, the cap is 500 kB',
      'dataCap.perPoolAndMonth: 1 devices of SIM pool south need 339 kB, 300 kB of this month are moved, the cap is 500 kB',
      'dataCap.perPoolAndMonth: of 1 devices no SIM pool is known, they count in none',
    ],
  ],
])('warns of %s', (_, caps, used, warnings) => {
  expect(dataWarnings({ ...NO_DATA_CAPS, ...caps }, data!, (pool) => used[pool] ?? 0)).toEqual(warnings);
});
