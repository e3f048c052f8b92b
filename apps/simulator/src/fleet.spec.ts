import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { codeText } from '@drover/coap';
import { Instant } from '@drover/kernel';
import { CONTENT_FORMAT } from '@drover/lwm2m';
import { CampaignClock } from '@drover/platform';
import { ScriptedServer, type Meter } from '../../../test/support/scripted-server.ts';
import { Fleet } from './fleet.ts';
import { makeImage } from './image.ts';
import type { Mix } from './profiles/mix.ts';
import type { ProfileName } from './profiles/profiles.ts';
import { NO_LIMITS } from './watch/limits.ts';

const IMAGE = makeImage({ version: '2.4.1', size: 6000, seed: 3 });

describe('a fleet', () => {
  let server: ScriptedServer;
  let address: string;
  let fleet: Fleet;

  beforeEach(async () => {
    server = new ScriptedServer(IMAGE);
    address = await server.open();
  });
  afterEach(() => {
    fleet.stop();
    server.close();
  });

  /** At six thousand a block takes a fraction of a millisecond, an installation of five minutes fifty. */
  function start(mix: Mix, { devices = 1, scale = 6000 } = {}): void {
    const clock = new CampaignClock({ campaignOrigin: Instant(0), wallOrigin: Date.now(), scale });
    fleet = new Fleet({ server: address, devices, seed: 5, clock, limits: NO_LIMITS, mix });
    fleet.start();
  }
  const uri = (): string => `coap://${address}/fw/image`;
  const violations = (): number => Object.values(fleet.report().violations).reduce((sum, count) => sum + count, 0);

  it('registers three devices, and updates one by pull, one by push and one that speaks TLV alone', async () => {
    start({ pull: 1, push: 1, 'tlv-only': 1 }, { devices: 3 });
    await fleet.ready;
    const profileOf = new Map(fleet.report().devices.map(({ endpoint, profile }) => [endpoint as string, profile]));
    for (const meter of [...server.meters]) {
      expect(meter.objects.map(({ object }) => object)).toEqual([1, 3, 4, 5]);
      if (profileOf.get(meter.endpoint) === 'push') await server.push(meter);
      else expect(await server.offer(meter, uri())).toBe('2.04');
      await server.until(meter, '2/0');
      expect(codeText((await server.ask(meter, 'POST', '/5/0/2')).code)).toBe('2.04');
      expect(await server.stateOf(meter)).toBe('3/0');
    }
    for (const count of [4, 5, 6]) {
      const meter = await server.registration(count);
      expect(await server.stateOf(meter)).toBe('0/1');
      expect((await server.read(meter, '/3/0/3'))['/3/0/3']).toBe('2.4.1');
      expect(server.meters.slice(0, 3).map(({ peer }) => peer)).not.toContain(meter.peer);
    }
    expect(fleet.report().devices).toHaveLength(3);
    for (const { blocks, ...device } of fleet.report().devices) {
      expect(device).toMatchObject({ expected: 'succeeded', version: '2.4.1', installs: 1, state: 0, result: 1 });
      // A machine that is busy with something else makes one of them repeat itself.
      expect(blocks).toBeGreaterThanOrEqual(12);
    }
    expect(violations()).toBe(0);
  });

  it('pulls in order from a port of its own, in the block size of the server', async () => {
    start({ pull: 1 });
    const meter = await server.registration(1);
    await server.offer(meter, uri());
    await server.until(meter, '2/0');
    expect(server.pulled.map(({ num }) => num)).toEqual([undefined, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    expect(new Set(server.pulled.map(({ peer }) => peer)).size).toBe(1);
    expect(server.pulled[0]?.peer).not.toBe(meter.peer);
  });

  it('answers in the format that is asked for', async () => {
    start({ pull: 1 });
    const meter = await server.registration(1);
    const { TEXT, TLV, SENML_CBOR, SENML_JSON } = CONTENT_FORMAT;
    const [cbor, ...others] = await Promise.all([SENML_CBOR, SENML_JSON, TLV].map((format) => server.read(meter, '/3/0', format)));
    for (const values of others) expect(values).toEqual(cbor);
    expect(await server.read(meter, '/3/0/1', TEXT)).toEqual({ '/3/0/1': 'WM-300' });
    expect(codeText((await server.ask(meter, 'GET', '/3/0', { accept: CONTENT_FORMAT.LWM2M_CBOR })).code)).toBe('4.06');
    expect(codeText((await server.ask(meter, 'GET', '/5/0/7')).code)).toBe('4.04');
    expect(codeText((await server.ask(meter, 'GET', '/5/0/0')).code)).toBe('4.05');
  });

  it('notifies State, and refuses to be observed where the profile says so', async () => {
    start({ pull: 1, 'no-observe': 1 }, { devices: 2 });
    await fleet.ready;
    const [pull, other] = fleet.report().devices.map(({ endpoint }) => server.meters.find((meter) => meter.endpoint === endpoint)!);
    const isPull = fleet.report().devices[0]?.profile === 'pull';
    const [observed, refusing] = isPull ? [pull!, other!] : [other!, pull!];
    expect(codeText((await server.ask(refusing, 'GET', '/5/0/3', { observe: 0 })).code)).toBe('4.05');
    expect(codeText((await server.ask(observed, 'GET', '/5/0/3', { observe: 0 })).code)).toBe('2.05');
    await server.offer(observed, uri());
    await server.until(observed, '2/0');
    expect(server.notified).toEqual(['1', '2']);
  });

  it('goes on with a pull after a power loss, at the right block, before it registers again', async () => {
    start({ 'power-loss-mid-pull': 1 });
    const meter = await server.registration(1);
    await server.offer(meter, uri());
    const again = await server.registration(2);
    await server.until(again, '2/0');
    expect(server.pulled.map(({ num = 0 }) => num)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    expect(new Set(server.pulled.map(({ peer }) => peer)).size).toBe(2);
    const blocksBefore = server.log
      .slice(0, server.log.lastIndexOf(`register ${meter.endpoint}`))
      .filter((line) => line.startsWith('block'));
    const ports = server.pulled.slice(0, blocksBefore.length).map(({ peer }) => peer);
    expect(new Set(ports).size).toBe(2);
  });

  it.each([
    ['integrity-failure', '0/5'],
    ['out-of-memory', '0/3'],
  ] as const)('%s ends in %s', async (profile, wanted) => {
    start({ [profile]: 1 });
    const meter = await server.registration(1);
    await server.offer(meter, uri());
    await server.until(meter, wanted);
    expect(fleet.report().devices[0]).toMatchObject({ version: '2.4.0', installs: 0 });
  });

  async function executed(profile: ProfileName): Promise<Meter> {
    start({ [profile]: 1 });
    const meter = await server.registration(1);
    await server.offer(meter, uri());
    await server.until(meter, '2/0');
    expect(codeText((await server.ask(meter, 'POST', '/5/0/2')).code)).toBe('2.04');
    return meter;
  }
  const INSTALLED_LONG_AGO_MS = 100;
  const pass = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

  it('comes back with the old version and claims success', async () => {
    await executed('comes-back-old');
    const again = await server.registration(2);
    expect(await server.stateOf(again)).toBe('0/1');
    expect((await server.read(again, '/3/0/3'))['/3/0/3']).toBe('2.4.0');
    expect(fleet.report().devices[0]).toMatchObject({ expected: 'VersionMismatch', installs: 0 });
  });

  it('hangs in Updating, and refuses to be executed, reset or cancelled there', async () => {
    const meter = await executed('hangs-in-updating');
    await pass(INSTALLED_LONG_AGO_MS);
    expect(await server.stateOf(meter)).toBe('3/0');
    for (const path of ['/5/0/2', '/5/0/10']) expect(codeText((await server.ask(meter, 'POST', path)).code)).toMatch(/^4\.0[45]$/);
    expect(await server.offer(meter, '')).toBe('4.05');
    expect(server.meters).toHaveLength(1);
  });

  it('is silent for ever after Execute', async () => {
    const meter = await executed('silent-after-execute');
    await pass(INSTALLED_LONG_AGO_MS);
    const asked = server.stateOf(meter).catch(() => 'forgotten');
    expect(await Promise.race([asked, pass(200).then(() => 'silence')])).toBe('silence');
    server.forget(meter);
    await asked;
    expect(server.meters).toHaveLength(1);
  });

  it('answers 2.04 to a push it refuses afterwards', async () => {
    start({ 'refuses-package': 1 });
    const meter = await server.registration(1);
    await server.push(meter);
    expect(await server.stateOf(meter)).toBe('0/6');
  });

  it('waits when it is put off, and gives a URI up that is unknown', async () => {
    start({ pull: 1 });
    const meter = await server.registration(1);
    server.isServing = false;
    await server.offer(meter, uri());
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(await server.stateOf(meter)).toBe('1/0');
    expect(await server.offer(meter, `${uri()}s`)).toBe('4.00');
    expect(fleet.report().violations.twoImages).toBe(1);
    server.isServing = true;
    await server.until(meter, '2/0');
    expect(await server.offer(meter, '')).toBe('2.04');
    await server.offer(meter, `${uri()}s`);
    await server.until(meter, '0/7');
  });

  it('survives the loss of datagrams', async () => {
    start({ lossy: 1 });
    const meter = await server.registration(1);
    await server.offer(meter, uri());
    await server.until(meter, '2/0');
    expect(fleet.report().devices[0]?.blocks).toBe(12);
  }, 30_000);

  it('sleeps a while after its last exchange, and wakes by itself', async () => {
    start({ 'sleeper-pull': 1 }, { scale: 2000 });
    const meter = await server.registration(1);
    expect(meter.queueMode).toBe(true);
    expect(await server.stateOf(meter)).toBe('0/0');
    await new Promise((resolve) => setTimeout(resolve, 100));
    const asked = server.stateOf(meter).catch(() => 'forgotten');
    expect(await Promise.race([asked, new Promise((resolve) => setTimeout(resolve, 200, 'silence'))])).toBe('silence');
    server.forget(meter);
    expect(await asked).toBe('forgotten');
    await server.update();
    expect(await server.stateOf(meter)).toBe('0/0');
  });

  it('takes no other lifetime where it has none to give, and is silent while it is disabled', async () => {
    start({ 'sleeper-disabled': 1 }, { scale: 2000 });
    const meter = await server.registration(1);
    expect(await server.code(meter, 'PUT', '/1/0/1', '3600')).toBe('4.05');
    expect(await server.read(meter, '/1/0/5')).toEqual({ '/1/0/5': 86_400 });
    expect(await server.code(meter, 'PUT', '/1/0/5', '600')).toBe('2.04');
    expect(await server.code(meter, 'POST', '/1/0/4')).toBe('2.04');
    await server.registration(2);
    expect(server.log.map((line) => line.split(' ')[0])).toEqual(['register', 'deregister', 'register']);
    expect(await server.read(server.meters[1]!, '/1/0/5')).toEqual({ '/1/0/5': 600 });
  });
});
