import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Instant } from '@drover/kernel';
import { CampaignClock } from '@drover/platform';
import { ModelCampaign } from '../../../../test/support/model-campaign.ts';
import { ScriptedServer } from '../../../../test/support/scripted-server.ts';
import { Fleet } from '../fleet.ts';
import { makeImage } from '../image.ts';
import { NO_LIMITS } from '../watch/limits.ts';
import { APPLICATION, outcomeUnder } from './profile.ts';
import { profileOf, PROFILES, type ProfileName } from './profiles.ts';

jest.setTimeout(90_000);

/** A busy machine is too slow for a hundred lives at once: those that did not come out as they should are played again, by themselves. */
const MAX_PLAYS = 3;

/** Their story is longer than a test may be; `late` and `falls back` are told in `lives.spec.ts`. */
const TOO_LONG: readonly ProfileName[] = ['late-success', 'very-late-success', 'falls-back-days-later'];
const NAMES = (Object.keys(PROFILES) as ProfileName[]).filter((name) => !TOO_LONG.includes(name));
const deservedOf = (name: ProfileName): unknown => outcomeUnder(profileOf(name), NO_LIMITS);
const isSoftware = (name: ProfileName): boolean => profileOf(name).parts[0].object === 9;

describe.each([
  ['firmware', NAMES.filter((name) => !isSoftware(name)), makeImage({ version: '2.4.1', size: 6000, seed: 3 })],
  ['software', NAMES.filter(isSoftware), makeImage({ version: '2.4.1', size: 6000, seed: 3, component: APPLICATION })],
] as const)('every device with %s', (_, names, image) => {
  const server = new ScriptedServer(image);
  const outcomes = new Map<ProfileName, unknown>();
  const reports: ReturnType<Fleet['report']>[] = [];
  let fleet: Fleet | undefined;

  let address: string;
  let uris: Record<number, string>;

  beforeAll(async () => {
    address = await server.open();
    uris = { 0: `coap://${address}/fw/image`, 2: await server.serveByHttp(), 4: await server.serveByTcp() };
    let left: readonly ProfileName[] = names;
    for (let plays = 0; plays < MAX_PLAYS && left.length > 0; plays++) {
      fleet?.stop();
      await play(left);
      left = left.filter((name) => outcomes.get(name) !== deservedOf(name));
    }
  });

  /** All at once: most of their time is waiting. */
  async function play(some: readonly ProfileName[]): Promise<void> {
    const clock = new CampaignClock({ campaignOrigin: Instant(0), wallOrigin: Date.now(), scale: 6000 });
    const mix = Object.fromEntries(some.map((name) => [name, 1]));
    fleet = new Fleet({ server: address, devices: some.length, seed: 5, clock, limits: NO_LIMITS, mix });
    fleet.start();
    await fleet.ready;
    await Promise.all(
      fleet.report().devices.map(async ({ endpoint, profile }) => {
        outcomes.set(profile, await new ModelCampaign(server, endpoint, profileOf(profile), uris).run());
      }),
    );
    reports.push(fleet.report());
  }

  afterAll(() => {
    fleet?.stop();
    server.close();
  });

  it.each(names)('%s ends as it deserves', (name) => {
    expect(outcomes.get(name)).toBe(deservedOf(name));
  });

  it('installs each image once, and never a wrong one', () => {
    for (const { violations, samples } of reports)
      expect({ violations, samples }).toMatchObject({ violations: { doubleInstall: 0, wrongImage: 0 } });
  });
});
