import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import type { CampaignView, DeviceView, SuspectView, WhyView } from '@drover/contracts';
import { World } from './world.ts';

jest.setTimeout(180_000);

/** A campaign that goes wrong, and what a person does about it: with the command line alone. */
const MIX = { pull: 3, push: 1, 'silent-after-execute': 1, 'integrity-failure': 1 };
const DEVICES = Object.values(MIX).reduce((sum, count) => sum + count, 0);
const CAMPAIGN = `apiVersion: drover/v1
kind: Campaign
metadata: {name: spring}
spec:
  firmware: {name: wm-modem, version: 2.4.1}
  targets: {where: "true"}
  bandwidth: {perCell: {airtime: "100%"}}
  retry: {maxAttempts: 1, quarantineAfter: 1, classes: {Integrity: {attempts: 0}}}
  deadlines: {contact: {missed: 100, atLeast: 60d}, install: {contacts: 1, atLeast: 30m}, confirm: {contacts: 100, atLeast: 60d}}
  stages:
    - {name: all, take: 100%, gate: {success: {min: "0%"}, failure: [{max: 99}]}}
`;

let world: World;
const one = async (name: string): Promise<CampaignView> => (await world.api('GET', `campaigns/${name}`)) as CampaignView;
const suspects = async (): Promise<SuspectView[]> => (await world.must(['device', 'suspects'])) as SuspectView[];
const of = (list: SuspectView[], what: string): SuspectView | undefined => list.find((each) => each.what === what);
const running = async (version: string): Promise<number> =>
  ((await world.api('GET', `devices?where=${encodeURIComponent(`firmwareVersion == "${version}"`)}`)) as DeviceView[]).length;

beforeAll(async () => {
  world = new World(600, '2026-12-01T20:00:00Z');
  await world.startServer();
  await world.startFleet(DEVICES, MIX);
  await world.release('2.4.1', 16_384);
  await world.must(['apply', '-f', world.write('spring.yaml', CAMPAIGN)]);
  await world.until(async () => {
    const { totals } = await one('spring');
    return totals.succeeded === 4 && Object.keys(totals.failed).length === 1;
  }, 'who can to succeed');
});
afterAll(() => world.close());

it('suspects: the silent one and the quarantined one, with what a technician needs, as text and as CSV', async () => {
  await world.until(async () => of(await suspects(), 'suspect') !== undefined, 'suspicion');
  const all = await suspects();
  expect(all).toHaveLength(2);
  expect(of(all, 'suspect')).toMatchObject({ campaign: 'spring', versionBefore: '2.4.0', size: expect.any(Number), heardSince: false });
  expect(of(all, 'quarantined')).toMatchObject({
    failures: { Integrity: 1 },
    attempts: [{ attempt: 1, outcome: 'Integrity', bytes: expect.any(Number), secondsAwake: expect.any(Number) }],
  });
  await world.must(['device', 'suspects', '--campaign', 'spring', '--csv', 'trucks.csv']);
  const lines = readFileSync(world.path('trucks.csv'), 'utf8').split('\r\n');
  expect(lines).toHaveLength(4);
  expect(lines[0]).toMatch(/^endpoint,site,/);
  expect((await world.drover(['device', 'suspects', '--campaign', 'none'])).status).toBe(3);
});

it('a quarantined device is released, and tried again', async () => {
  const device = of(await suspects(), 'quarantined')?.endpoint ?? '';
  const retry = ['device', 'retry', device, '--campaign', 'spring', '--reason', 'new antenna'];
  expect((await world.drover(retry)).status).toBe(4);
  await world.must(['device', 'release', device, '--reason', 'looked at it']);
  const why = (await world.must(retry)) as WhyView;
  expect(why).toMatchObject({ campaign: 'spring', attempts: [{ attempt: 1 }] });
  await world.until(async () => ((await world.must(['why', device])) as WhyView[])[0]?.attempts.length === 2, 'its second attempt to end');
});

it('the suspect is left out by a person', async () => {
  const device = of(await suspects(), 'suspect')?.endpoint ?? '';
  const skip = ['device', 'skip', device, '--campaign', 'spring', '--reason', 'a truck is on its way'];
  expect(await world.must(skip)).toMatchObject({ state: 'cancelling' });
  expect((await world.drover(skip)).status).toBe(4);
});

it('a rollback is refused while the campaign runs, and while the policy forbids it', async () => {
  await world.release('2.4.0', 12_288);
  const rollback = ['rollback', 'spring', '--to', '2.4.0', '--reason', 'meters lose their clock'];
  expect((await world.drover(rollback)).status).toBe(4);
  await world.must(['pause', 'spring', '--reason', 'meters lose their clock']);
  expect(await world.drover(rollback)).toMatchObject({ status: 5, errors: expect.stringContaining('ARTIFACT_ROLLBACK') });
  const policy = readFileSync(world.path('release-policy.yaml'), 'utf8').trimEnd();
  world.write('release-policy.yaml', `${policy}\n  downgrade: AllowListed\n  downgradeTo: [2.4.0]\n`);
  await world.must(['apply', '-f', world.path('release-policy.yaml')]);
});

it('takes back the devices that have the new version, and nobody else', async () => {
  expect(await running('2.4.1')).toBe(4);
  const emitted = (await world.must(['rollback', 'spring', '--to', '2.4.0', '--reason', 'meters lose their clock'])) as CampaignView;
  expect(emitted).toMatchObject({ name: 'spring-rollback', purpose: 'Rollback', owners: ['spring'] });
  await world.until(async () => (await running('2.4.1')) === 0, 'nobody to run 2.4.1', 120_000);
  await world.until(async () => (await one('spring-rollback')).totals.succeeded === 4, 'four to be taken back');
  expect((await one('spring')).rollback).toMatchObject({ campaign: 'spring-rollback' });
});
