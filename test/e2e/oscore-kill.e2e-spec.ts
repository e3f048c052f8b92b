import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { decodeMessage, encodeMessage } from '@drover/coap';
import type { CampaignView } from '@drover/contracts';
import { seededRandom } from '@drover/kernel';
import { OscoreDevice } from '../support/oscore-device.ts';
import { databaseCopy } from '../support/database-copy.ts';
import { api, startServer, type TestServer } from '../support/server.ts';
import { World } from './world.ts';

// What a power cut may not do to OSCORE contexts: no Partial IV comes twice, nothing is believed twice, nobody is shut out.

jest.setTimeout(180_000);

const ENDPOINT = 'urn:dev:killed';

describe('one device, watched on the wire', () => {
  let data: string;
  let server: TestServer;
  let device: OscoreDevice;
  const secret = { masterSecret: randomBytes(16), senderId: Uint8Array.of(0xd1), recipientId: Uint8Array.of(0x5e) };
  let location: string[];

  beforeAll(async () => {
    data = mkdtempSync(join(tmpdir(), 'drover-oscore-'));
    server = await startServer({ data, isSecured: true, args: ['--oscore', 'on'] });
    const oscore = { senderId: 'd1', recipientId: '5e' };
    const credentials = [{ endpoint: ENDPOINT, kind: 'oscore', key: secret.masterSecret.toString('base64'), oscore }];
    await api(server, 'POST', '/credentials', { credentials });
    device = await OscoreDevice.start(server.coap, secret, () => ({ code: '2.05', payload: Buffer.from('7') }));
    ({ location } = await device.register(ENDPOINT));
  });

  afterAll(async () => {
    device.close();
    await server.stop();
    rmSync(data, { recursive: true, force: true });
  });

  const again = async (meanwhile: () => void = () => undefined): Promise<void> => {
    const port = new URL(server.coap).port;
    await server.kill();
    meanwhile();
    server = { ...(await startServer({ data, isSecured: true, args: ['--oscore', 'on', '--coap-port', port] })), token: server.token };
  };
  /** What an operator asks for goes to the device in a request of the server's own. */
  const asks = (): Promise<unknown> =>
    api(server, 'POST', `/devices/${encodeURIComponent(ENDPOINT)}/inquiries`, { operation: 'read', path: '/3/0/9' });

  /** A copy of the same message is the same datagram; a number in two different ones would be a nonce used twice. */
  const numbersOnce = (): Map<string, Set<string>> => {
    const numbers = new Map<string, Set<string>>();
    for (const [number, bytes] of device.serverNumbers) numbers.set(number, (numbers.get(number) ?? new Set()).add(bytes));
    expect([...numbers].filter(([, datagrams]) => datagrams.size > 1)).toEqual([]);
    return numbers;
  };

  it('where OSCORE alone is spoken, nothing else is answered but by 4.01', async () => {
    const response = await device.unprotected({ method: 'POST', path: ['rd'], query: ['ep=urn:dev:other', 'lt=300', 'lwm2m=1.1'] });
    expect(response.code).toBe(0x81);
    expect((await api(server, 'GET', '/devices/urn%3Adev%3Aother')).status).toBe(404);
  });

  it('killed during traffic again and again, no Partial IV comes twice and the registration goes on', async () => {
    const chance = seededRandom(7);
    for (let kill = 0; kill < 3; kill++) {
      let isKilled = false;
      const traffic = (async () => {
        while (!isKilled) await Promise.allSettled([device.say('POST', location), asks()]);
      })();
      await new Promise((resolve) => setTimeout(resolve, 150 + chance() * 400));
      const restart = again();
      isKilled = true;
      await restart;
      await traffic;
      expect(await device.say('POST', location)).toBe('2.04');
    }
    const numbers = numbersOnce();
    expect(numbers.size).toBeGreaterThan(30);
    // Each life begins behind what the one before had reserved.
    expect(Math.max(...[...numbers.keys()].map((number) => Number.parseInt(number, 16)))).toBeGreaterThanOrEqual(3 * 512);
  });

  it('a backup of the database put back: still no Partial IV comes twice, and the registration goes on', async () => {
    const traffic = async (): Promise<void> => {
      for (let round = 0; round < 3; round++) {
        expect(await device.say('POST', location)).toBe('2.04');
        await asks();
      }
    };
    let putBack = (): void => undefined;
    await traffic();
    await again(() => (putBack = databaseCopy(data)));
    await traffic();
    await again();
    await traffic();
    await again(putBack);
    const before = numbersOnce().size;
    await traffic();
    expect(numbersOnce().size).toBeGreaterThan(before);
  });

  it('replay after a crash: a De-register that somebody held back is challenged, and changes nothing', async () => {
    device.isMute = true;
    device.held.splice(0);
    void device.say('DELETE', location, { confirmable: false, responseTimeoutMs: 100 }).catch(() => undefined);
    const recorded = device.held.find((bytes) => bytes[1] === 0x02);
    device.isMute = false;
    await again();
    const thief = await OscoreDevice.start(server.coap, { ...secret, masterSecret: randomBytes(16) });
    // A server that has just begun hears nobody for a moment; a copy of what it has heard is answered as that was.
    for (let round = 0; round < 50 && thief.wire.length === 0; round++) {
      thief.send(encodeMessage({ ...decodeMessage(recorded!), type: 'CON', messageId: 0x7000 }));
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    expect(new Set(thief.serverNumbers.map(([number]) => number)).size).toBe(1);
    thief.close();
    expect(await device.say('POST', location)).toBe('2.04');
    // From where the device is, and after it has been heard: its number is of before.
    const before = device.wire.length;
    device.send(encodeMessage({ ...decodeMessage(recorded!), type: 'CON', messageId: 0x7001 }));
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(device.wire.slice(before).map(({ bytes }) => bytes[1])).toEqual([0x81]);
    expect(await device.say('POST', location)).toBe('2.04');
  });

  it('asked by the server first after a crash, it answers, and need not come by itself', async () => {
    await again();
    device.asked.splice(0);
    await asks();
    for (let round = 0; round < 100 && !device.asked.includes('GET /3/0/9'); round++)
      await new Promise((resolve) => setTimeout(resolve, 20));
    expect(device.asked).toContain('GET /3/0/9');
    expect(device.contexts.every((context) => context === 'server')).toBe(true);
  });
});

const campaign = (name: string, more = ''): string => `apiVersion: drover/v1
kind: Campaign
metadata: {name: ${name}}
spec:
  firmware: {name: wm-modem, version: 2.4.1}
  targets: {where: 'model == "WM-300"'}
  bandwidth: {maxInFlight: 4}
  stages:
    - {name: fleet, take: 100%, gate: {failure: [{max: 12}]}}
${more}`;

describe('a fleet in the middle of a campaign, with pushes and pulls over OSCORE', () => {
  const KILLS = 3;
  const DEVICES = 12;
  let world: World;

  beforeAll(async () => {
    world = new World(450, '2026-12-01T20:00:00Z', { speaksOscore: true });
    await world.startServer();
    await world.startFleet(DEVICES, { pull: 5, push: 4, 'sleeper-pull': 2, 'sleeper-push': 1 }, { minBatteryLevel: 0, airtime: 0.5 });
    await world.release('2.4.1', 98_304);
  });
  afterAll(() => world.close());

  it(`killed ${KILLS} times, every device gets its image once`, async () => {
    const chance = seededRandom(20_261_128);
    const retry = 'retry: {maxAttempts: 6, backoff: {initial: 5m, max: 20m}}';
    await world.must(['apply', '-f', world.write('campaign.yaml', campaign('killed', `  ${retry}\n`))]);
    const view = async (): Promise<CampaignView> => (await world.api('GET', 'campaigns/killed')) as CampaignView;
    const inFlight: number[] = [];
    for (let kill = 0; kill < KILLS; kill++) {
      await new Promise((resolve) => setTimeout(resolve, 500 + chance() * 1200));
      inFlight.push((await view()).totals.inFlight);
      await world.killServer();
      await world.startServer();
    }
    await world.until(async () => (await view()).phase === 'finished', 'the end of the campaign', 120_000);
    expect(inFlight.filter((count) => count > 0).length).toBeGreaterThanOrEqual(1);
    const { devices, violations } = await world.report();
    expect(devices.filter(({ version }) => version === '2.4.1')).toHaveLength(DEVICES);
    expect(violations).toMatchObject({ twoImages: 0, doubleInstall: 0, blindExecute: 0, wrongImage: 0 });
  });
});

describe('a fleet behind a NAT that forgets each of them as soon as it sleeps', () => {
  const DEVICES = 8;
  let world: World;

  beforeAll(async () => {
    world = new World(900, '2026-12-01T20:00:00Z', { speaksOscore: true });
    await world.startServer();
    const limits = { minBatteryLevel: 0, airtime: 0.5 };
    await world.startFleet(DEVICES, { pull: 2, push: 2, 'sleeper-pull': 2, 'sleeper-push': 2 }, limits, { rebind: 1 });
    await world.release('2.4.1', 32_768);
  });
  afterAll(() => world.close());

  it('blocks and requests follow them to each new address', async () => {
    await world.must(['apply', '-f', world.write('campaign.yaml', campaign('moving'))]);
    const view = async (): Promise<CampaignView> => (await world.api('GET', 'campaigns/moving')) as CampaignView;
    await world.until(async () => (await view()).phase === 'finished', 'the end of the campaign', 100_000);
    expect((await view()).totals).toMatchObject({ succeeded: DEVICES });
  });
});
