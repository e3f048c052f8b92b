import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { CODE, CoapStreams, codeText, decodeMessage, encodeMessage, writeOptions } from '@drover/coap';
import { Endpoint, Instant } from '@drover/kernel';
import { CONTENT_FORMAT, encodeContent, type ResourceValue } from '@drover/lwm2m';
import { DirectoryBlobStore } from '@drover/firmware-store/stores';
import { CampaignClock, createLogger } from '@drover/platform';
import { aRelease, LockstepDevice, SeededEntropy, type Release } from '@drover/testkit';
import type { FromGateway, OfferOrder, UpdateFact } from '../link/messages.ts';
import { Gateway, type GatewayParts } from './gateway.ts';
import { ImageCache } from './image-cache.ts';
import { ServeDoor } from './serve-door.ts';
import { papersOf, PLAIN_WISHES } from '../../../../test/support/orders.ts';

const ENDPOINT = Endpoint('urn:imei:490154203237518');
const OLD: ResourceValue[] = [
  { path: '/3/0/1', value: 'WM-300' },
  { path: '/3/0/3', value: '1.0.0' },
];
const firmware = (state: number, result: number, more: ResourceValue[] = []): ResourceValue[] => [
  { path: '/5/0/3', value: state },
  { path: '/5/0/5', value: result },
  { path: '/5/0/9', value: 2 },
  ...more,
];

let folder: string;
let socket: Socket;
let gateway: Gateway;
let door: ServeDoor;
let release: Release;
let device: LockstepDevice;
let told: FromGateway[];
let parts: () => GatewayParts;
/** Where a test wants datagrams to go instead of the socket. */
let answers: Uint8Array[] | undefined;
/** The device's end of TCP connections. */
let streams: CoapStreams | undefined;
let closed: string[];

const facts = (): UpdateFact[] => told.flatMap((message) => (message.type === 'update' ? [message.fact] : []));
const factTypes = (): string[] => facts().map(({ type }) => type);
async function until(type: UpdateFact['type']): Promise<void> {
  for (let round = 0; round < 200 && !factTypes().includes(type); round++) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(factTypes()).toContain(type);
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'drover-gateway-'));
  release = aRelease();
  const blobs = await DirectoryBlobStore.start(join(folder, 'blobs'));
  await blobs.put([release.image] as unknown as AsyncIterable<Uint8Array>);
  const clock = new CampaignClock();
  socket = createSocket('udp4');
  told = [];
  door = new ServeDoor(new ImageCache(join(folder, 'cache'), blobs), () => clock.now());
  answers = undefined;
  streams = undefined;
  closed = [];
  parts = () => ({
    clock,
    log: createLogger('silent', 'test'),
    door,
    awakeMs: 93_000,
    takeover: 'accept',
    sendDatagram: (peer, bytes) =>
      answers ? void answers.push(bytes) : socket.send(bytes, Number(peer.split(':')[1]), peer.split(':')[0]),
    writeStream: (peer, bytes) => streams?.receive(peer, bytes, performance.now()),
    closeStream: (peer) => closed.push(peer),
    tell: (message) => told.push(message),
    publicUri: () => `coap://127.0.0.1:${socket.address().port}`,
    wake: () => undefined,
  });
  gateway = new Gateway(parts());
  socket.on('message', (bytes, { address, port }) => gateway.wire.receive(`${address}:${port}`, bytes));
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  gateway.command({ type: 'open' });
  device = await LockstepDevice.start(`127.0.0.1:${socket.address().port}`);
});

afterEach(async () => {
  gateway.close();
  device.close();
  socket.close();
  await rm(folder, { recursive: true });
});

async function register(): Promise<void> {
  const answer = await device.register([`ep=${ENDPOINT}`, 'lt=300', 'lwm2m=1.1', 'b=U']);
  expect(codeText(answer.code)).toBe('2.01');
  (await device.expect('GET /3/0')).reply('2.05', OLD);
  (await device.expect('GET /4/0')).reply('4.04');
  (await device.expect('GET /5/0')).reply('2.05', firmware(0, 0));
}

const order = (change: Partial<OfferOrder> = {}): OfferOrder => ({
  attempt: 'default/c/1.1/d',
  endpoint: ENDPOINT,
  epoch: 1,
  notAfter: undefined,
  method: 'Auto',
  digest: release.digest,
  size: release.image.length,
  expectedVersion: '2.0.0',
  offset: 0,
  pullToken: 'token-of-this-device',
  blockSize: 512,
  minBlockSize: 64,
  inactivityMs: 2_700_000,
  carrier: '262-1/2A/NB-IoT',
  share: 0.04,
  budget: 0.5,
  blockMs: 1,
  isFirm: true,
  papers: papersOf(release),
  device: { model: 'WM-300', version: '1.0.0' },
  ...PLAIN_WISHES,
  phase: 'transfer',
  ...change,
});

const pullUri = (): string => `coap://127.0.0.1:${socket.address().port}/fw/token-of-this-device`;
const getBlock = (num: number, token = 'token-of-this-device') =>
  device.request({ method: 'GET', path: ['fw', token], block2: { num, more: false, szx: 5 } });

/** Up to where the URI has been written. */
async function offerPull(): Promise<void> {
  await register();
  gateway.command({ type: 'offer', order: order() });
  (await device.expect('GET /5/0')).reply('2.05', firmware(0, 0));
  (await device.expect('GET /3/0/3')).reply('2.05', [{ path: '/3/0/3', value: '1.0.0' }]);
  (await device.expect('GET /5/0 observe')).reply('4.05');
  (await device.expect('GET /5/0/3 observe')).reply('4.05');
  (await device.expect(`PUT /5/0/1 ${pullUri()}`)).reply('2.04');
}

it('tells a contact and reads what campaigns need', async () => {
  await register();
  for (let round = 0; round < 100 && told.length < 2; round++) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(told.map(({ type }) => type)).toEqual(['contact', 'facts']);
  expect(told[1]).toMatchObject({ facts: { model: 'WM-300', firmwareVersion: '1.0.0', 'update.delivery': 'Both', queueMode: false } });
});

it('is deaf until everything is restored: no device hears 4.04 for a location that is about to come back', async () => {
  const deaf = new Gateway(parts());
  const sent: Uint8Array[] = [];
  const update = encodeMessage({
    type: 'CON',
    code: 2,
    messageId: 1,
    token: Uint8Array.of(1),
    options: writeOptions({ uriPath: ['rd', 'location'] }),
    payload: new Uint8Array(),
  });
  answers = sent;
  deaf.wire.streamOpened('tcp:192.0.2.1:5', 0, 'server');
  expect(closed).toEqual(['tcp:192.0.2.1:5']);
  deaf.wire.receive('192.0.2.1:5683', update);
  expect(sent).toHaveLength(0);
  deaf.command({
    type: 'restore',
    registrations: [
      {
        endpoint: ENDPOINT,
        location: 'location',
        address: '192.0.2.1:5683',
        lifetimeS: 300,
        lwm2mVersion: '1.1',
        binding: 'U',
        queueMode: false,
        links: '</3/0>',
        refreshedAt: Instant(Date.now()),
      },
    ],
    tokens: [],
  });
  deaf.command({ type: 'open' });
  deaf.wire.receive('192.0.2.1:5683', update);
  expect(sent.map((bytes) => codeText(decodeMessage(bytes).code))).toEqual(['2.04']);
  deaf.close();
});

it('serves a device over TCP: registered, read, updated over another connection, and gone with neither', async () => {
  const [first, second] = ['tcp:192.0.2.1:40000', 'tcp:192.0.2.1:40001'];
  const heard: string[] = [];
  streams = new CoapStreams((output) => {
    if (output.type === 'datagram') gateway.wire.receive(output.peer, output.bytes);
    else if (output.type === 'response')
      heard.push(`${output.handle.peer} ${codeText(output.response.code)} ${output.response.options.locationPath.join('/')}`);
    else if (output.type === 'request') {
      heard.push(`${output.peer} ${output.request.method} /${output.request.options.uriPath.join('/')}`);
      streams?.respond(output.handle, { code: CODE.NOT_FOUND });
    }
  }, new SeededEntropy());
  const connect = (peer: string): void => {
    gateway.wire.streamOpened(peer, 0, 'server');
    streams?.opened(peer, 0, 'client');
  };
  const query = [`ep=${ENDPOINT}`, 'lt=300', 'lwm2m=1.1', 'b=T'];
  connect(first);
  streams.request(first, { method: 'POST', path: ['rd'], query, contentFormat: CONTENT_FORMAT.LINK, payload: Buffer.from('</3/0>') }, 0);
  const location =
    heard
      .find((line) => line.includes('2.01'))
      ?.split(' ')[2]
      ?.split('/') ?? [];
  expect(heard).toEqual([expect.stringMatching(/^tcp:192.0.2.1:40000 2.01 rd\/[\w-]{8}$/), `${first} GET /3/0`]);
  gateway.wire.streamClosed(first);
  streams.closed(first);
  connect(second);
  streams.request(second, { method: 'POST', path: location }, 0);
  expect(heard.at(-1)).toBe(`${second} 2.04 `);
  const contacts = told.flatMap((message) => (message.type === 'contact' ? [message] : []));
  expect(contacts.map(({ kind, registration }) => `${kind} ${registration?.address}`)).toEqual([`register ${first}`, `update ${second}`]);
  expect(closed).toEqual([]);
});

it('takes what a device sends on its own as facts', async () => {
  await register();
  const payload = encodeContent(CONTENT_FORMAT.SENML_CBOR, [{ path: '/3/0/9', value: 55 }], '/');
  const answer = await device.request({ method: 'POST', path: ['dp'], contentFormat: CONTENT_FORMAT.SENML_CBOR, payload });
  expect(codeText(answer.code)).toBe('2.04');
  expect(told.slice(-2)).toMatchObject([
    { type: 'facts', facts: { 'battery.level': 55 } },
    { type: 'contact', kind: 'send' },
  ]);
  const broken = await device.request({
    method: 'POST',
    path: ['dp'],
    contentFormat: CONTENT_FORMAT.SENML_CBOR,
    payload: payload.subarray(0, 5),
  });
  expect(codeText(broken.code)).toBe('4.00');
});

it('answers 4.04 to an Update at a location it does not know', async () => {
  const answer = await device.request({ method: 'POST', path: ['rd', 'gone'] });
  expect(codeText(answer.code)).toBe('4.04');
});

describe('a pull', () => {
  it('is served block by block, installed by permission, and proven by the version read back', async () => {
    await offerPull();
    const blocks: Uint8Array[] = [];
    for (let num = 0; num < 4; num++) {
      const answer = await getBlock(num);
      expect([codeText(answer.code), answer.options.block2?.more]).toEqual(['2.05', num < 3]);
      blocks.push(answer.payload.slice());
    }
    expect(Buffer.concat(blocks).equals(Buffer.from(release.image))).toBe(true);
    await register2(firmware(2, 0, [{ path: '/5/0/1', value: pullUri() }]));
    await until('download-finished');
    gateway.command({ type: 'execute', attempt: order().attempt, endpoint: ENDPOINT, epoch: 1, notAfter: undefined });
    (await device.expect('GET /5/0')).reply('2.05', firmware(2, 0));
    (await device.expect('POST /5/0/2')).reply('2.04');
    await until('install-started');
    await register2(firmware(0, 1));
    (await device.expect('GET /3/0/3')).reply('2.05', [{ path: '/3/0/3', value: '2.0.0' }]);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(facts().at(-1)).toMatchObject({ type: 'version-read', version: '2.0.0', result: 1 });
  });

  it('stops under a Hold and goes on after it', async () => {
    await offerPull();
    expect(codeText((await getBlock(0)).code)).toBe('2.05');
    gateway.command({ type: 'suspend', attempt: order().attempt, endpoint: ENDPOINT, epoch: 1 });
    expect(codeText((await getBlock(1)).code)).toBe('5.03');
    gateway.command({ type: 'resume', attempt: order().attempt, endpoint: ENDPOINT, epoch: 1 });
    expect(codeText((await getBlock(1)).code)).toBe('2.05');
  });

  it('never gets larger blocks than the campaign counted on, and smaller ones on request', async () => {
    await offerPull();
    const ask = (num: number, szx: number) =>
      device.request({ method: 'GET', path: ['fw', 'token-of-this-device'], block2: { num, more: false, szx } });
    expect((await ask(1, 6)).options.block2).toEqual({ num: 2, more: true, szx: 5 });
    expect((await ask(3, 4)).options.block2).toEqual({ num: 3, more: true, szx: 4 });
  });

  it.each([
    ['a token nobody has', 0, 'another', '4.04'],
    ['a block past the end', 9, 'token-of-this-device', '4.00'],
  ])('refuses %s', async (_name, num, token, code) => {
    await offerPull();
    expect(codeText((await getBlock(num, token)).code)).toBe(code);
  });
});

/** Registers again, answers the reads of the registration, and the look of the conversation in between. */
async function register2(state: ResourceValue[]): Promise<void> {
  await device.register([`ep=${ENDPOINT}`, 'lt=300', 'lwm2m=1.1', 'b=U']);
  for (let read = 0; read < 6; read++) {
    const asked = await device.next();
    if (asked.text.endsWith('observe')) asked.reply('4.05');
    else if (asked.text === 'GET /4/0') asked.reply('4.04');
    else if (asked.text === 'GET /3/0') asked.reply('2.05', OLD);
    else asked.reply('2.05', state);
  }
}

describe('a push', () => {
  it('is answered 2.04 for every block and still fails by what /5/0 says', async () => {
    await register();
    gateway.command({ type: 'offer', order: order({ method: 'Push' }) });
    (await device.expect('GET /5/0')).reply('2.05', firmware(0, 0));
    (await device.expect('GET /3/0/3')).reply('2.05', [{ path: '/3/0/3', value: '1.0.0' }]);
    (await device.expect('GET /5/0 observe')).reply('4.05');
    (await device.expect('GET /5/0/3 observe')).reply('4.05');
    const received: Uint8Array[] = [];
    for (let num = 0; num < 4; num++) {
      const block = await device.expect('PUT /5/0/0');
      expect(block.request.options.block1).toEqual({ num, more: num < 3, szx: 5 });
      received.push(block.request.payload.slice());
      block.reply('2.04');
    }
    expect(Buffer.concat(received).equals(Buffer.from(release.image))).toBe(true);
    (await device.expect('GET /5/0')).reply('2.05', firmware(0, 5));
    await until('failed');
    expect(facts().at(-1)).toMatchObject({ type: 'failed', class: 'Integrity' });
    const progress = facts().flatMap((fact) => (fact.type === 'progress' ? [fact] : []));
    expect(
      progress.reduce((sum, { blocks, bytes }) => ({ blocks: sum.blocks + blocks, bytes: sum.bytes + bytes }), { blocks: 0, bytes: 0 }),
    ).toEqual({ blocks: 4, bytes: 2048 });
    expect(progress.at(-1)?.offset).toBe(2048);
  });
});

describe('refuses', () => {
  const refusal = async (change: Partial<OfferOrder>): Promise<FromGateway | undefined> => {
    await register();
    gateway.command({ type: 'offer', order: order(change) });
    expect(await device.isLeftAlone(200)).toBe(true);
    return told.filter(({ type }) => type === 'update' || type === 'refused-command').at(-1);
  };
  it('an offer past its window', async () => {
    expect(await refusal({ notAfter: Instant(1) })).toMatchObject({ type: 'refused-command', command: 'offer' });
  });
  it('a command of an older engine', async () => {
    await register();
    gateway.command({ type: 'cancel', attempt: 'other', endpoint: ENDPOINT, epoch: 7 });
    gateway.command({ type: 'execute', attempt: order().attempt, endpoint: ENDPOINT, epoch: 6, notAfter: undefined });
    expect(told.at(-1)).toMatchObject({ type: 'refused-command', command: 'execute', why: expect.stringContaining('epoch 6') });
  });
  it.each<[string, Partial<OfferOrder>, string]>([
    ['an image for another model', { device: { model: 'WM-100', version: '1.0.0' } }, 'ARTIFACT_INCOMPATIBLE'],
    ['a rollback', { device: { model: 'WM-300', version: '3.0.0' } }, 'ARTIFACT_ROLLBACK'],
  ])('%s at the last door', async (_name, change, code) => {
    expect(await refusal(change)).toMatchObject({ type: 'update', fact: { type: 'refused', why: expect.stringContaining(code) } });
  });
  it('an envelope of somebody else at the last door, however often', async () => {
    const papers = papersOf({ ...aRelease(), policy: release.policy });
    for (let time = 0; time < 2; time++)
      expect(await refusal({ papers })).toMatchObject({ fact: { type: 'refused', why: expect.stringContaining('ARTIFACT_UNSIGNED') } });
  });
  it('nothing when the image cannot be read: the transfer did not come about, and may be tried again', async () => {
    await rm(join(folder, 'blobs'), { recursive: true });
    const told = await refusal({});
    expect(told).toMatchObject({ type: 'update', fact: { type: 'session-lost', offset: 0 } });
  });
  it('not to finish an update that is past its transfer, image or no image', async () => {
    await register();
    await rm(join(folder, 'blobs'), { recursive: true });
    gateway.command({ type: 'offer', order: order({ phase: 'install' }) });
    (await device.expect('GET /5/0')).reply('2.05', firmware(3, 0));
    await until('state');
    expect(factTypes()).not.toContain('refused');
  });
  it('a withdrawn image at the last door, whatever the engine says', async () => {
    door.setWithdrawn([release.digest]);
    expect(await refusal({})).toMatchObject({ fact: { type: 'refused', why: expect.stringContaining('ARTIFACT_WITHDRAWN') } });
  });
});

describe('a Register from a new address for an endpoint that is alive (NoSec)', () => {
  const elsewhere = async (): Promise<LockstepDevice> => {
    const other = await LockstepDevice.start(`127.0.0.1:${socket.address().port}`);
    expect(codeText((await other.register([`ep=${ENDPOINT}`, 'lt=300', 'lwm2m=1.1', 'b=U'])).code)).toBe('2.01');
    return other;
  };

  it('is told with the address it replaced', async () => {
    await register();
    const other = await elsewhere();
    expect(told.findLast(({ type }) => type === 'contact')).toMatchObject({
      replaced: device.address,
      registration: { address: other.address },
    });
    other.close();
  });

  it('gets no Execute before it has answered a read', async () => {
    await register();
    gateway.command({ type: 'offer', order: order({ phase: 'install' }) });
    (await device.expect('GET /5/0')).reply('2.05', firmware(2, 0));
    await until('state');
    const other = await elsewhere();
    gateway.command({ type: 'execute', attempt: order().attempt, endpoint: ENDPOINT, epoch: 1, notAfter: undefined });
    // It answers nothing: it may be anybody. Whatever it is asked, it is never told to install.
    await new Promise((resolve) => setTimeout(resolve, 300));
    const asked: string[] = [];
    while (!(await other.isLeftAlone(0))) asked.push((await other.next()).text);
    expect(asked.length).toBeGreaterThan(0);
    expect(asked).not.toContain('POST /5/0/2');
    other.close();
  });
});

it('sends no Execute once its window has closed while the device was read', async () => {
  await register();
  gateway.command({ type: 'offer', order: order({ phase: 'install' }) });
  (await device.expect('GET /5/0')).reply('2.05', firmware(2, 0));
  await until('state');
  const notAfter = Instant(Date.now() + 100);
  gateway.command({ type: 'execute', attempt: order().attempt, endpoint: ENDPOINT, epoch: 1, notAfter });
  const look = await device.expect('GET /5/0');
  await new Promise((resolve) => setTimeout(resolve, 150));
  look.reply('2.05', firmware(2, 0));
  (await device.expect('GET /5/0')).reply('2.05', firmware(2, 0));
  expect(await device.isLeftAlone(100)).toBe(true);
  expect(told.findLast(({ type }) => type === 'refused-command')).toMatchObject({ command: 'execute', why: 'its window has closed' });
});

it('answers an empty confirmable message with a reset, and a request for nothing with 4.04', async () => {
  const answer = await device.request({ method: 'GET', path: ['nothing'] });
  expect(answer.code).toBe(CODE.NOT_FOUND);
});
