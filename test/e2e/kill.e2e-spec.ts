import { readdirSync, rmSync } from 'node:fs';
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { seededRandom } from '@drover/kernel';
import type { CampaignView, DeviceView } from '@drover/contracts';
import { startServer } from '../support/server.ts';
import { World } from './world.ts';

jest.setTimeout(180_000);

const KILLS = 10;
const DEVICES = 24;
const CAMPAIGN = `apiVersion: drover/v1
kind: Campaign
metadata: {name: killed}
spec:
  firmware: {name: wm-modem, version: 2.4.1}
  targets: {where: 'model == "WM-300"'}
  bandwidth: {maxInFlight: 4}
  stages:
    - {name: canary, take: 4, gate: {success: {min: "50%", minSample: 3}, failure: [{max: 4}]}}
    - {name: fleet, take: 100%, gate: {failure: [{max: 24}]}}
  retry: {maxAttempts: 6, backoff: {initial: 5m, max: 20m}}
`;

let world: World;

beforeAll(async () => {
  world = new World(450, '2026-12-01T20:00:00Z');
  await world.startServer();
  await world.startFleet(
    DEVICES,
    { pull: 9, push: 7, 'sleeper-pull': 4, 'sleeper-push': 2, lossy: 1, 'power-loss-mid-pull': 1 },
    { minBatteryLevel: 0, airtime: 0.5 },
  );
  await world.release('2.4.1', 196_608);
});
afterAll(() => world.close());

it(`killed at ${KILLS} seeded moments, a campaign loses nothing acknowledged and executes nothing twice`, async () => {
  const chance = seededRandom(20_261_124);
  await world.must(['apply', '-f', world.write('campaign.yaml', CAMPAIGN)]);
  const acknowledged: string[] = [];
  const inFlight: number[] = [];
  for (let kill = 0; kill < KILLS; kill++) {
    await new Promise((resolve) => setTimeout(resolve, 300 + chance() * 1300));
    // Whatever the server has said yes to must be there after the kill that follows at once.
    const endpoint = `acknowledged-${kill}`;
    await world.api('POST', 'devices/import', { devices: [{ endpoint, labels: { kill: String(kill) } }] });
    acknowledged.push(endpoint);
    inFlight.push(((await world.api('GET', 'campaigns/killed')) as CampaignView).totals.inFlight);
    await world.killServer();
    await world.startServer();
  }
  await world.until(
    async () => ((await world.api('GET', 'campaigns/killed')) as CampaignView).phase === 'finished',
    'the end of the campaign',
    120_000,
  );

  // Killed in the middle of it, not beside it.
  expect(inFlight.filter((count) => count > 0).length).toBeGreaterThanOrEqual(KILLS / 2);
  for (const [kill, endpoint] of acknowledged.entries())
    expect(((await world.api('GET', `devices/${endpoint}`)) as DeviceView).labels).toEqual({ kill: String(kill) });
  const { totals } = (await world.api('GET', 'campaigns/killed')) as CampaignView;
  const { devices, violations } = await world.report();
  expect(devices.filter(({ version }) => version === '2.4.1')).toHaveLength(DEVICES);
  expect(totals).toMatchObject({ devices: DEVICES, succeeded: DEVICES, inFlight: 0, waiting: 0 });
  // The devices' own memory: one image at a time, one installation each, no Execute without a look before it.
  expect(violations).toMatchObject({ twoImages: 0, doubleInstall: 0, blindExecute: 0, wrongImage: 0, budget: 0 });
});

it('and its evidence still verifies', async () => {
  await world.must(['evidence', 'export', '--campaign', 'killed', '-o', 'evidence.jsonl']);
  const verdict = (await world.must(['evidence', 'verify', 'evidence.jsonl', '--key', world.path('data/keys/audit-ed25519.pub.pem')])) as {
    verified: boolean;
    records: number;
  };
  expect(verdict.verified).toBe(true);
  const starts = ((await world.api('GET', 'audit?limit=1000')) as { type: string }[]).filter(({ type }) => type === 'server-started');
  expect(starts.length).toBeGreaterThan(0);
});

it('a server whose starter is gone stops in order', async () => {
  const server = await startServer();
  await expect(server.orphan()).resolves.toBe(0);
  // Whoever closed last has taken the log into the file.
  expect(readdirSync(server.data).filter((name) => name.startsWith('drover.sqlite'))).toEqual(['drover.sqlite']);
  rmSync(server.data, { recursive: true, force: true });
});
