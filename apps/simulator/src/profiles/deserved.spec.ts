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

/** Their story is longer than a test may be; `late` and `falls back` are told in `lives.spec.ts`. */
const TOO_LONG: readonly ProfileName[] = ['late-success', 'very-late-success', 'falls-back-days-later'];
const NAMES = (Object.keys(PROFILES) as ProfileName[]).filter((name) => !TOO_LONG.includes(name));
const isSoftware = (name: ProfileName): boolean => profileOf(name).parts[0].object === 9;

describe.each([
  ['firmware', NAMES.filter((name) => !isSoftware(name)), makeImage({ version: '2.4.1', size: 6000, seed: 3 })],
  ['software', NAMES.filter(isSoftware), makeImage({ version: '2.4.1', size: 6000, seed: 3, component: APPLICATION })],
] as const)('every device with %s', (_, names, image) => {
  const server = new ScriptedServer(image);
  const outcomes = new Map<ProfileName, unknown>();
  let fleet: Fleet;

  /** All at once: most of their time is waiting. */
  beforeAll(async () => {
    const address = await server.open();
    const uris = { 0: `coap://${address}/fw/image`, 2: await server.serveByHttp(), 4: await server.serveByTcp() };
    // A device is given up after 45 minutes of silence: that must be longer than a busy machine stands still.
    const clock = new CampaignClock({ campaignOrigin: Instant(0), wallOrigin: Date.now(), scale: 3000 });
    const mix = Object.fromEntries(names.map((name) => [name, 1]));
    fleet = new Fleet({ server: address, devices: names.length, seed: 5, clock, limits: NO_LIMITS, mix });
    fleet.start();
    await fleet.ready;
    await Promise.all(
      fleet.report().devices.map(async ({ endpoint, profile }) => {
        outcomes.set(profile, await new ModelCampaign(server, endpoint, profileOf(profile), uris).run());
      }),
    );
  });
  afterAll(() => {
    fleet.stop();
    server.close();
  });

  it.each(names)('%s ends as it deserves', (name) => {
    expect(outcomes.get(name)).toBe(outcomeUnder(profileOf(name), NO_LIMITS));
  });

  it('installs each image once, and never a wrong one', () => {
    const { violations, samples } = fleet.report();
    expect({ violations, samples }).toMatchObject({ violations: { doubleInstall: 0, wrongImage: 0 } });
  });
});
