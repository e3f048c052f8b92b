import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import type { CalibrationView, DeviceView, ModelView } from '@drover/contracts';
import { World } from './world.ts';

jest.setTimeout(240_000);

const CAMPAIGN = `apiVersion: drover/v1
kind: Campaign
metadata: {name: quick}
spec:
  firmware: {name: wm-modem, version: 2.4.1}
  targets: {where: radio.bearer == "LTE-M" && radio.ce == 0}
  bandwidth: {maxInFlight: 1}   # only a transfer that is alone on its carrier is measured
  stages: [{name: all, take: 100%}]
`;
const RADIO = `apiVersion: drover/v1
kind: RadioModel
metadata: {name: pilot}
spec:
  bearers:
    LTE-M:
      ce0:
        rttS: {value: 0.15, evidence: measured, source: a pilot}
`;
/** 0.2 s and 587 bytes at 250 kbit/s: what the simulated radio takes, by the built-in figures. */
const BLOCK_MS = 219;

let world: World;
const quick = async (): Promise<DeviceView[]> =>
  (await world.api('GET', `devices?limit=1000&where=${encodeURIComponent('radio.bearer == "LTE-M" && radio.ce == 0')}`)) as DeviceView[];
const measured = async (times: number): Promise<DeviceView[]> => (await quick()).filter(({ transfers }) => transfers?.measured === times);

beforeAll(async () => {
  // The clock runs as the wall's: else nothing is measured.
  world = new World(1, '2026-12-01T20:00:00Z');
  await world.startServer();
  await world.startFleet(20, { pull: 20 });
  await world.release('2.4.1', 40_960);
  world.write('campaign.yaml', CAMPAIGN);
  world.write('radio.yaml', RADIO);
});
afterAll(() => world.close());

it('the figures are applied, shown with their sources, and in force after a power cut', async () => {
  expect(await world.api('GET', 'models/radio')).toMatchObject({ isApplied: false });
  await world.must(['apply', '-f', 'radio.yaml']);
  await world.killServer();
  await world.startServer();
  const { isApplied, source } = (await world.api('GET', 'models/radio')) as ModelView;
  expect(isApplied).toBe(true);
  expect(source).toMatchObject({
    metadata: { name: 'pilot' },
    spec: { bearers: { 'LTE-M': { ce0: { rttS: { value: 0.15, source: 'a pilot' }, phyKbps: { value: 250 } } } } },
  });
  expect((await world.drover(['diff', '-f', 'radio.yaml'])).status).toBe(0);
});

it('transfers over real sockets are measured, and what they have shown outlives a power cut', async () => {
  expect((await quick()).length).toBeGreaterThan(1);
  await world.must(['apply', '-f', 'campaign.yaml']);
  // Eighty blocks are two measurements on the way, and one of the rest at the end.
  await world.until(async () => (await measured(3)).length > 0, 'the blocks of one transfer to be measured', 120_000);
  // What is told again may be a quarter of a second late on the disk.
  await new Promise((resolve) => setTimeout(resolve, 1000));
  const [device] = await measured(3);
  const before = (await world.must(['model', 'calibration'])) as CalibrationView;
  const [kind] = before.kinds;
  expect(kind).toMatchObject({
    bearer: 'LTE-M',
    ce: 0,
    blockSize: 512,
    figuresMs: BLOCK_MS - 50,
    plannedMs: BLOCK_MS - 50,
    isUsed: false,
    loss: 0,
  });
  expect(kind!.measuredMs).toBeGreaterThanOrEqual(BLOCK_MS);
  expect(kind!.measuredMs).toBeLessThan(2 * BLOCK_MS);
  // Its own pace is believed in part: it is planned for as slower than the figures say.
  expect(device!.transfers!.roundTripMs).toBeGreaterThan(BLOCK_MS - 50);
  await world.killServer();
  await world.startServer();
  expect(((await world.api('GET', `devices/${device!.endpoint}`)) as DeviceView).transfers).toEqual(device!.transfers);
  expect(((await world.must(['model', 'calibration'])) as CalibrationView).kinds[0]).toMatchObject({ since: kind!.since });
});
