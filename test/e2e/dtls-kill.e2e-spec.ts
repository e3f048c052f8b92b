import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { CampaignView } from '@drover/contracts';
import { seededRandom } from '@drover/kernel';
import { readRecords } from '@drover/dtls';
import { SecuredDevice } from '../support/secured-device.ts';
import { databaseCopy } from '../support/database-copy.ts';
import { api, startServer, type TestServer } from '../support/server.ts';
import { World } from './world.ts';

// What a power cut may not do to sessions: no number of a record comes twice, nothing is believed twice, nobody begins anew.

jest.setTimeout(180_000);

const ENDPOINT = 'urn:dev:killed';

describe('one device, watched on the wire', () => {
  let data: string;
  let server: TestServer;
  let device: SecuredDevice;
  const psk = { identity: 'killed', key: randomBytes(16) };
  let location: string[];

  beforeAll(async () => {
    data = mkdtempSync(join(tmpdir(), 'drover-dtls-'));
    server = await startServer({ data, isSecured: true });
    const credentials = [{ endpoint: ENDPOINT, kind: 'psk', identity: psk.identity, key: psk.key.toString('base64') }];
    await api(server, 'POST', '/credentials', { credentials });
    device = await SecuredDevice.start(server.coaps, { psk }, (text) =>
      text === 'GET /3/0/16' ? { code: '2.05', payload: Buffer.from('U') } : { code: '4.04' },
    );
    await device.connect();
    ({ location } = await device.register(ENDPOINT));
  });

  afterAll(async () => {
    device.close();
    await server.stop();
    rmSync(data, { recursive: true, force: true });
  });

  const again = async (meanwhile: () => void = () => undefined): Promise<void> => {
    const port = server.coaps.slice(server.coaps.lastIndexOf(':') + 1);
    await server.kill();
    meanwhile();
    server = { ...(await startServer({ data, isSecured: true, args: ['--coaps-port', port] })), token: server.token };
  };

  const sentByServer = (): number[] =>
    device.wire
      .filter(({ from }) => from === 'server')
      .flatMap(({ bytes }) => readRecords(bytes, 0))
      .flatMap(({ epoch, sequence }) => (epoch === 1 ? [sequence] : []));

  it('killed during traffic again and again, no number comes twice and the session goes on', async () => {
    const chance = seededRandom(7);
    for (let kill = 0; kill < 3; kill++) {
      let isKilled = false;
      const traffic = (async () => {
        // Requests of the server's own are on their way too: it reads what an operator asks for.
        while (!isKilled) await device.say('POST', location).catch(() => undefined);
      })();
      await new Promise((resolve) => setTimeout(resolve, 100 + chance() * 400));
      const restart = again();
      isKilled = true;
      await restart;
      await traffic;
      expect(await device.say('POST', location)).toBe('2.04');
    }
    const numbers = sentByServer();
    expect(numbers.length).toBeGreaterThan(100);
    expect(new Set(numbers).size).toBe(numbers.length);
    expect(device.handshakes).toBe(1);
    // Before it was believed again, it was asked.
    expect(device.asked.filter((text) => text === 'GET /3/0/16').length).toBeGreaterThanOrEqual(1);
  });

  it('a backup of the database put back: still no number comes twice, and the session goes on', async () => {
    const say = async (times: number): Promise<void> => {
      for (let index = 0; index < times; index++) expect(await device.say('POST', location)).toBe('2.04');
    };
    let putBack = (): void => undefined;
    await say(3);
    await again(() => (putBack = databaseCopy(data)));
    await say(20);
    await again();
    await say(20);
    await again(putBack);
    await say(20);
    const numbers = sentByServer();
    expect(new Set(numbers).size).toBe(numbers.length);
    expect(device.handshakes).toBe(1);
  });

  it('replay after a crash: a De-register that somebody held back changes nothing', async () => {
    const before = device.wire.length;
    // Taken off the wire, and kept.
    device.isMute = true;
    void device.say('DELETE', location, { confirmable: false, responseTimeoutMs: 100 }).catch(() => undefined);
    device.isMute = false;
    const [recorded] = device.wire.slice(before).filter(({ from }) => from === 'device');
    await again();
    const asked = device.asked.length;
    // Whoever has the recording cannot answer what is asked for it.
    device.isDeaf = true;
    const answered = device.wire.length;
    device.replay(recorded!.bytes);
    await new Promise((resolve) => setTimeout(resolve, 500));
    device.isDeaf = false;
    expect(device.wire.slice(answered).filter(({ from }) => from === 'device')).toHaveLength(1);
    expect(await device.say('POST', location)).toBe('2.04');
    expect(device.handshakes).toBe(1);
    expect(device.asked.length).toBeGreaterThan(asked);
  });

  it('a session that the server has lost is answered by an alert, so many times a second and no more', async () => {
    await server.kill();
    const port = server.coaps.slice(server.coaps.lastIndexOf(':') + 1);
    const other = mkdtempSync(join(tmpdir(), 'drover-dtls-'));
    const fresh = await startServer({ data: other, isSecured: true, args: ['--coaps-port', port] });
    try {
      const heard = (): number => device.wire.filter(({ from }) => from === 'server').length;
      const before = heard();
      for (let index = 0; index < 500; index++) device.replay(strange(index));
      await new Promise((resolve) => setTimeout(resolve, 500));
      const alerts = device.wire.filter(({ from }) => from === 'server').slice(before);
      expect(new Set(alerts.map(({ bytes }) => bytes[0]))).toEqual(new Set([21]));
      expect(alerts.length).toBeLessThan(200);
    } finally {
      await fresh.stop();
      rmSync(other, { recursive: true, force: true });
      await again();
    }
  });
});

/** A record of a session that nobody has, with a Connection ID of ours by its length. */
function strange(number: number): Buffer {
  const record = Buffer.alloc(13 + 8 + 40, 7);
  record.set([25, 0xfe, 0xfd, 0, 1]);
  record.writeUIntBE(number, 5, 6);
  record.writeUInt16BE(40, 19);
  return record;
}

describe('a fleet in the middle of a campaign', () => {
  const KILLS = 4;
  const DEVICES = 12;
  const CAMPAIGN = `apiVersion: drover/v1
kind: Campaign
metadata: {name: killed}
spec:
  firmware: {name: wm-modem, version: 2.4.1}
  targets: {where: 'model == "WM-300"'}
  bandwidth: {maxInFlight: 4}
  stages:
    - {name: fleet, take: 100%, gate: {failure: [{max: 12}]}}
  retry: {maxAttempts: 6, backoff: {initial: 5m, max: 20m}}
`;
  let world: World;

  beforeAll(async () => {
    world = new World(450, '2026-12-01T20:00:00Z', { isSecured: true });
    await world.startServer();
    await world.startFleet(DEVICES, { pull: 5, push: 4, 'sleeper-pull': 2, 'sleeper-push': 1 }, { minBatteryLevel: 0, airtime: 0.5 });
    await world.release('2.4.1', 98_304);
  });
  afterAll(() => world.close());

  it(`killed ${KILLS} times, every device gets its image once, in the sessions that it has`, async () => {
    const chance = seededRandom(20_261_128);
    await world.must(['apply', '-f', world.write('campaign.yaml', CAMPAIGN)]);
    const inFlight: number[] = [];
    for (let kill = 0; kill < KILLS; kill++) {
      await new Promise((resolve) => setTimeout(resolve, 500 + chance() * 1200));
      inFlight.push(((await world.api('GET', 'campaigns/killed')) as CampaignView).totals.inFlight);
      await world.killServer();
      await world.startServer();
    }
    await world.until(
      async () => ((await world.api('GET', 'campaigns/killed')) as CampaignView).phase === 'finished',
      'the end of the campaign',
      120_000,
    );
    expect(inFlight.filter((count) => count > 0).length).toBeGreaterThanOrEqual(KILLS / 2);
    const { devices, violations } = await world.report();
    expect(devices.filter(({ version }) => version === '2.4.1')).toHaveLength(DEVICES);
    expect(violations).toMatchObject({ twoImages: 0, doubleInstall: 0, blindExecute: 0, wrongImage: 0 });
    // A kill costs nobody his session but whom it hits in the quarter of a second before a new one is written. Who has given
    // up waiting for an answer begins anew by himself.
    const total = (of: (device: (typeof devices)[number]) => number): number => devices.reduce((sum, device) => sum + of(device), 0);
    expect(total(({ handshakes }) => handshakes)).toBeGreaterThanOrEqual(2 * DEVICES);
    expect(total(({ sessionsLost }) => sessionsLost)).toBeLessThanOrEqual(1);
  });
});

describe('a fleet behind a NAT that forgets each of them as soon as it sleeps', () => {
  const DEVICES = 8;
  const CAMPAIGN = `apiVersion: drover/v1
kind: Campaign
metadata: {name: moving}
spec:
  firmware: {name: wm-modem, version: 2.4.1}
  targets: {where: 'model == "WM-300"'}
  stages:
    - {name: fleet, take: 100%}
`;
  let world: World;

  beforeAll(async () => {
    world = new World(900, '2026-12-01T20:00:00Z', { isSecured: true });
    await world.startServer();
    const limits = { minBatteryLevel: 0, airtime: 0.5 };
    await world.startFleet(DEVICES, { pull: 2, push: 2, 'sleeper-pull': 2, 'sleeper-push': 2 }, limits, { rebind: 1 });
    await world.release('2.4.1', 32_768);
  });
  afterAll(() => world.close());

  it('blocks and requests follow them to each new address, in the session that they have', async () => {
    await world.must(['apply', '-f', world.write('campaign.yaml', CAMPAIGN)]);
    const view = async (): Promise<CampaignView> => (await world.api('GET', 'campaigns/moving')) as CampaignView;
    await world.until(async () => (await view()).phase === 'finished', 'the end of the campaign', 100_000);
    expect((await view()).totals).toMatchObject({ succeeded: DEVICES });
    const { devices } = await world.report();
    // One when they were switched on and one after they have installed; none for an address.
    expect(devices.map(({ handshakes }) => handshakes)).toEqual(devices.map(() => 2));
  });
});
