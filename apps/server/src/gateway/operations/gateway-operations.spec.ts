import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { Endpoint, plus } from '@drover/kernel';
import type { OperationOrder } from '@drover/lwm2m';
import { DirectoryBlobStore } from '@drover/firmware-store/stores';
import { CampaignClock, createLogger } from '@drover/platform';
import { LockstepDevice } from '@drover/testkit';
import type { FromGateway } from '../../link/messages.ts';
import { Gateway } from '../gateway.ts';
import { ImageCache } from '../image-cache.ts';
import { ServeDoor } from '../serve-door.ts';

const ENDPOINT = Endpoint('d');
const clock = new CampaignClock();

let socket: Socket;
let gateway: Gateway;
let device: LockstepDevice;
let told: FromGateway[];

beforeEach(async () => {
  socket = createSocket('udp4');
  told = [];
  gateway = new Gateway({
    clock,
    log: createLogger('silent', 'test'),
    door: new ServeDoor(new ImageCache(tmpdir(), DirectoryBlobStore.reading(tmpdir())), () => clock.now()),
    awakeMs: 93_000,
    takeover: 'accept',
    sendDatagram: (peer, bytes) => socket.send(bytes, Number(peer.split(':')[1]), peer.split(':')[0]),
    writeStream: () => undefined,
    closeStream: () => undefined,
    tell: (message) => told.push(message),
    publicUri: () => 'coap://127.0.0.1',
    wake: () => undefined,
  });
  gateway.command({ type: 'open' });
  socket.on('message', (bytes, { address, port }) => gateway.wire.receive(`${address}:${port}`, bytes));
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  device = await LockstepDevice.start(`127.0.0.1:${socket.address().port}`);
  await device.register([`ep=${ENDPOINT}`, 'lt=300', 'lwm2m=1.1', 'b=U'], '</3/0>');
  (await device.expect('GET /3/0')).reply('4.04');
});
afterEach(() => {
  gateway.close();
  device.close();
  socket.close();
});

function operate(order: OperationOrder): void {
  gateway.command({ type: 'operate', id: 'a', endpoint: ENDPOINT, order, notAfter: plus(clock.now(), 60_000) });
}
async function reported(): Promise<FromGateway> {
  for (let round = 0; round < 200; round++) {
    const report = told.find(({ type }) => type === 'operated');
    if (report) return report;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new TypeError('nothing was reported');
}

it('asks the device what a person asks, and tells what it answers', async () => {
  operate({ operation: 'read', path: '/3/0/9' });
  (await device.expect('GET /3/0/9')).reply('2.05', [{ path: '/3/0/9', value: 80 }]);
  expect(await reported()).toMatchObject({ id: 'a', result: { type: 'done', values: [{ name: 'Battery Level', value: 80 }] } });
});

it('writes what a person writes', async () => {
  operate({ operation: 'write', path: '/3/0/14', value: '+02:00' });
  (await device.expect('PUT /3/0/14 +02:00')).reply('2.04');
  expect(await reported()).toMatchObject({ result: { type: 'done', code: '2.04' } });
});

it('lets no one but a campaign at the image, whatever the engine says', async () => {
  operate({ operation: 'execute', path: '/5/0/2' });
  expect(await reported()).toMatchObject({ result: { type: 'failed', failure: 'CAMPAIGN_ONLY', kind: 'denied' } });
  expect(await device.isLeftAlone(100)).toBe(true);
});
