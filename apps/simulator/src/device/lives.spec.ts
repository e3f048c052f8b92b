import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { CODE, codeText } from '@drover/coap';
import { Instant } from '@drover/kernel';
import { encodePathList, CONTENT_FORMAT, decodeContent } from '@drover/lwm2m';
import { CampaignClock } from '@drover/platform';
import { ScriptedServer, type Meter } from '../../../../test/support/scripted-server.ts';
import { Fleet, type FleetSetting } from '../fleet.ts';
import { makeImage } from '../image.ts';
import type { ProfileName } from '../profiles/profiles.ts';
import { NO_LIMITS } from '../watch/limits.ts';

jest.setTimeout(20_000);

const IMAGE = makeImage({ version: '2.4.1', size: 6000, seed: 3 });
const FAST = 6000;
/** A day is a tenth of a second. */
const VERY_FAST = 864_000;
const pass = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

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

async function start(profile: ProfileName, { scale = FAST, ...more }: Partial<FleetSetting> & { scale?: number } = {}): Promise<Meter> {
  const clock = new CampaignClock({ campaignOrigin: Instant(0), wallOrigin: Date.now(), scale });
  fleet = new Fleet({ server: address, devices: 1, seed: 5, clock, limits: NO_LIMITS, mix: { [profile]: 1 }, ...more });
  fleet.start();
  return server.registration(1);
}

const uri = (): string => `coap://${address}/fw/image`;

async function executed(profile: ProfileName, scale = FAST): Promise<Meter> {
  const meter = await start(profile, { scale });
  await server.offer(meter, uri());
  await server.until(meter, '2/0');
  await server.ask(meter, 'POST', '/5/0/2');
  return meter;
}

describe('a long life', () => {
  const version = async (): Promise<unknown> => (await server.read(server.meter, '/3/0/3'))['/3/0/3'];

  it.each(['late-success', 'very-late-success'] as const)('%s: silent for long, then new', async (profile) => {
    await executed(profile, VERY_FAST);
    const registrations = server.meters.length;
    await server.registration(registrations + 1);
    expect(await version()).toBe('2.4.1');
  });

  it.each(['falls-back-soon', 'falls-back-days-later'] as const)('%s: new, then old by itself', async (profile) => {
    await executed(profile, profile === 'falls-back-soon' ? FAST : VERY_FAST);
    await server.registration(2);
    expect(await version()).toBe('2.4.1');
    await server.registration(3);
    expect(await version()).toBe('2.4.0');
    expect(await server.stateOf(server.meter)).toBe('0/0');
  });

  it('installs when its deferral is over, if nobody executes again', async () => {
    const meter = await executed('defers-while-it-may');
    expect(await server.stateOf(meter)).toBe('2/11');
    await server.registration(2);
    expect(await version()).toBe('2.4.1');
    expect(fleet.report().devices[0]?.memory).toMatchObject({ executes: 1, installs: 1 });
  });

  it('does not defer where it may not', async () => {
    const meter = await start('defers-while-it-may');
    await server.ask(meter, 'PUT', '/5/0/13', { contentFormat: CONTENT_FORMAT.TEXT, payload: Buffer.from('0') });
    await server.offer(meter, uri());
    await server.until(meter, '2/0');
    await server.ask(meter, 'POST', '/5/0/2');
    expect(await server.stateOf(meter)).toBe('3/0');
  });
});

describe('how it registers', () => {
  it('steps down in version until it is taken', async () => {
    await start('steps-down-in-version');
    expect(server.log).toEqual(['refused 4.12', expect.stringMatching(/^register .* by 1\.2$/)]);
  });

  it('sends its list in blocks', async () => {
    const meter = await start('registers-in-blocks');
    expect(server.log).toEqual([expect.stringMatching(/ in blocks by 1\.1$/)]);
    expect(meter.objects.map(({ object }) => object)).toEqual([1, 3, 4, 5]);
  });

  it('wakes with a full Register', async () => {
    const meter = await start('wakes-with-register');
    const again = await server.registration(2);
    expect([again.endpoint, again.queueMode]).toEqual([meter.endpoint, true]);
    expect(server.log.some((line) => line === 'update')).toBe(false);
  });

  it('says good-bye before it installs', async () => {
    await executed('deregisters-to-install');
    await server.registration(2);
    expect(server.log.filter((line) => !line.startsWith('block'))).toEqual([
      expect.stringMatching(/^register/),
      'deregister',
      expect.stringMatching(/^register/),
    ]);
  });

  it('has another address after a contact', async () => {
    const meter = await start('pull', { chaos: { rebind: 1 } });
    const before = meter.peer;
    await server.update();
    expect(meter.peer).not.toBe(before);
    expect(await server.stateOf(meter)).toBe('0/0');
  });

  it('has an address of its own in 127.0.0.0/8', async () => {
    const { peer } = await start('pull');
    expect(peer).toMatch(process.platform === 'linux' ? /^127\.1\.1\.1:/ : /^127\./);
  });
});

describe('how it speaks', () => {
  it('Send instead of Notify', async () => {
    const meter = await start('sends-instead');
    await server.offer(meter, uri());
    await server.until(meter, '2/0');
    expect(server.sent).toEqual(['/5/0/3=1', '/5/0/5=0', '/3/0/3=2.4.0', '/5/0/3=2', '/5/0/5=0', '/3/0/3=2.4.0']);
  });

  it('TLV when it is read, text when it notifies', async () => {
    const meter = await start('reads-tlv-notifies-text');
    const { options } = await server.ask(meter, 'GET', '/5/0/3', { observe: 0 });
    expect(options.contentFormat).toBe(CONTENT_FORMAT.TLV);
    await server.offer(meter, uri());
    await server.until(meter, '2/0');
    expect(server.notified).toEqual(['1', '2']);
  });

  it('composite reads', async () => {
    const meter = await start('answers-composite');
    const format = CONTENT_FORMAT.SENML_CBOR;
    const payload = encodePathList(format, ['/5/0/3', '/3/0/3']);
    const { code, payload: answer } = await server.ask(meter, 'FETCH', '', { contentFormat: format, accept: format, payload });
    expect(code).toBe(CODE.CONTENT);
    expect(decodeContent(format, answer, '/').map(({ path, value }) => `${path}=${String(value)}`)).toEqual(['/5/0/3=0', '/3/0/3=2.4.0']);
  });

  it('5.03 to everything else while it is pushed to', async () => {
    const meter = await start('busy-while-pushed', { scale: 600 });
    const block = { contentFormat: CONTENT_FORMAT.OPAQUE, payload: IMAGE.subarray(0, 512), block1: { num: 0, more: true, szx: 5 } };
    expect(codeText((await server.ask(meter, 'PUT', '/5/0/0', block)).code)).toBe('2.31');
    expect(codeText((await server.ask(meter, 'GET', '/3/0/3')).code)).toBe('5.03');
    expect(codeText((await server.ask(meter, 'PUT', '/5/0/0', block)).code)).toBe('5.03');
    await pass(550); // Five minutes and a bit.
    expect(codeText((await server.ask(meter, 'GET', '/3/0/3')).code)).toBe('2.05');
  });
});

describe('how it pulls', () => {
  it('in blocks of its own, and never larger ones', async () => {
    const meter = await start('prefers-its-own-blocks');
    await server.offer(meter, uri());
    await server.until(meter, '2/0');
    expect(server.pulled[0]).toMatchObject({ num: 0, bytes: 256 });
    expect(Math.max(...server.pulled.map(({ bytes }) => bytes))).toBe(256);
  });

  it('by HTTP, and goes on with a range where it was cut off', async () => {
    const meter = await start('pulls-by-http');
    expect(await server.offer(meter, await server.serveByHttp(2000))).toBe('2.04');
    await server.until(meter, '2/0');
    expect(server.ranges).toHaveLength(2);
    expect(server.ranges[1]).toMatch(/^bytes=\d+-$/);
  });

  it('by TCP', async () => {
    const meter = await start('pulls-by-tcp');
    await server.offer(meter, await server.serveByTcp());
    await server.until(meter, '2/0');
    expect(server.pulled.every(({ peer }) => peer.startsWith('tcp:'))).toBe(true);
  });

  it('all of it in spite of losses, delays, copies, disorder and cuts of the power', async () => {
    await start('pull', {
      chaos: { loss: 0.02, duplicate: 0.2, reorder: 0.2, delay: 0.2, delayMs: 30, powerLossAtBlock: 0.2 },
      memory: 'full',
    });
    await server.offer(server.meter, uri()).catch(() => undefined);
    while (fleet.report().devices[0]?.state !== 2) await pass(20);
    const nums = server.pulled.map(({ num = 0 }) => num);
    expect(new Set(nums).size).toBe(12);
    const [device] = fleet.report().devices;
    expect(device).toMatchObject({ version: '2.4.0', memory: { offered: [{ image: uri() }] } });
    expect(Object.values(fleet.report().violations).every((count) => count === 0)).toBe(true);
  });
});
