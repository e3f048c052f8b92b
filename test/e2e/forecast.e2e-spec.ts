import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { HOUR } from '@drover/kernel';
import type { CampaignView, CellsView, DeviceView, ForecastView, OutlookView } from '@drover/contracts';
import { World } from './world.ts';

jest.setTimeout(240_000);

const CAMPAIGN = 'spring';
const campaign = (name: string): string => `apiVersion: drover/v1
kind: Campaign
metadata: {name: ${name}}
spec:
  firmware: {name: wm-modem, version: 2.4.1}
  targets: {where: model == "WM-300" && firmwareVersion < "2.4.1"}
  power: {minBatteryLevel: "35%"}
  schedule: {deadline: {at: 2026-12-10T00:00:00Z}}
  stages:
    - {name: canary, take: 4, soak: 1h}
    - {name: fleet, take: 100%, gate: {failure: [{max: 10}]}}
`;
const SLEEPERS = 8;

let world: World;
const view = async (): Promise<CampaignView> => (await world.api('GET', `campaigns/${CAMPAIGN}`)) as CampaignView;

beforeAll(async () => {
  world = new World(600, '2026-12-01T20:00:00Z');
  await world.startServer();
  await world.startFleet(25, { pull: 12, push: 4, 'sleeper-pull': SLEEPERS, 'low-battery': 1 });
  await world.release('2.4.1', 131_072);
  world.write('campaign.yaml', campaign(CAMPAIGN));
  // How often a sleeper comes is learnt from its second wake-up on.
  await world.until(
    async () => {
      const devices = (await world.api('GET', 'devices?limit=1000')) as DeviceView[];
      const known = devices.filter(({ registration, lastContactAt, nextContactAt }) => {
        const gap = Date.parse(nextContactAt ?? '') - Date.parse(lastContactAt ?? '');
        return registration?.queueMode === true && gap < 3 * HOUR;
      });
      return known.length >= SLEEPERS;
    },
    'the wake-ups of the sleepers to be known',
    90_000,
  );
});
afterAll(() => world.close());

it('a plan is forecast before it is applied, and nothing is created by that', async () => {
  const { forecasts } = (await world.must(['plan', '-f', 'campaign.yaml', '--forecast'])) as { forecasts: ForecastView[] };
  expect(forecasts).toMatchObject([
    { campaign: CAMPAIGN, isPlan: true, state: 'done', outlook: { runs: 20, devices: { remaining: 25, feasible: 24 } } },
  ]);
  expect(forecasts[0]!.outlook!.devices.infeasible).toEqual({ BATTERY_FAULT: 1 });
  expect(await world.api('GET', 'campaigns')).toEqual([]);
});

it('a running campaign ends about when its forecast said', async () => {
  await world.must(['apply', '-f', 'campaign.yaml']);
  await world.until(async () => (await view()).totals.inFlight > 0, 'the first transfers');
  const { outlook } = (await world.must(['forecast', CAMPAIGN, '--runs', '40', '--delta-size', '16384'])) as { outlook: OutlookView };
  expect(outlook).toMatchObject({ runs: 40, seed: 1, sample: { devices: outlook.devices.remaining, of: outlook.devices.remaining } });
  expect(outlook.levers.map(({ name }) => name)).toEqual(['DELTA_IMAGE', 'LATER_DEADLINE']);
  expect(outlook.levers[0]!.fleetAh.after).toBeLessThan(0.5 * outlook.levers[0]!.fleetAh.before);
  const done = Math.ceil(0.9 * outlook.devices.feasible) + 25 - outlook.devices.remaining;
  await world.until(async () => (await view()).totals.succeeded >= done, 'nine tenths of the devices', 150_000);
  const hours = (world.now() - Date.parse(outlook.at)) / HOUR;
  // Between the quick runs and the slow ones, widened: in a fleet so small one missed wake-up of two hours in each of the two
  // stages is chance, the model's speed may be off by a quarter, and a look at this pace comes a quarter of an hour late.
  const [quick, slow] = (['p90', 'p10'] as const).map((runs) => outlook.fan.find((point) => point[runs] >= 0.9)!.hour);
  expect(hours).toBeGreaterThan(quick! / 2);
  expect(hours).toBeLessThan(1.25 * slow! + 4.25);
});

it('cells show what is on the air', async () => {
  const { cells, total } = (await world.must(['cells'])) as CellsView;
  expect(cells).toHaveLength(total);
  for (const { used, budget, promised } of cells) {
    expect(budget).toBeGreaterThan(0);
    expect(used).toBeGreaterThanOrEqual(0);
    expect(promised).toHaveLength(6);
  }
  expect((await world.drover(['cells', '--hot'])).status).toBe(0);
});

it('bad questions end with the status of their kind', async () => {
  expect(await statusOf('forecast', 'nobody')).toEqual([3, 'CAMPAIGN_NOT_FOUND']);
  expect(await statusOf('forecast', CAMPAIGN, '--runs', '1000000')).toEqual([2, 'REQUEST_INVALID']);
  expect(await statusOf('forecast', CAMPAIGN, '--runs', 'many')).toEqual([2, 'USAGE']);
  expect(await statusOf('forecast', CAMPAIGN, '--delta-size', '131072')).toEqual([2, 'DELTA_TOO_LARGE']);
  expect(await statusOf('cells', '--limit', '100000')).toEqual([2, 'REQUEST_INVALID']);
});

async function statusOf(...args: string[]): Promise<[number, string]> {
  const { status, errors } = await world.drover(args);
  return [status, (JSON.parse(errors.trim().split('\n').at(-1)!) as { error: { code: string } }).error.code];
}
