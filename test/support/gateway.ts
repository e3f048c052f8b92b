import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { codeText, decodeMessage } from '@drover/coap';
import { Endpoint, type Instant } from '@drover/kernel';
import type { ResourceValue } from '@drover/lwm2m';
import { DirectoryBlobStore } from '@drover/firmware-store/stores';
import { CampaignClock, createLogger } from '@drover/platform';
import { aRelease, LockstepDevice, type Release } from '@drover/testkit';
import { Gateway, type GatewayParts } from '../../apps/server/src/gateway/gateway.ts';
import { ImageCache } from '../../apps/server/src/gateway/image-cache.ts';
import { ServeDoor } from '../../apps/server/src/gateway/serve-door.ts';
import type { ClassSetting } from '../../apps/server/src/link/device-classes.ts';
import type { FromGateway, OfferOrder, UpdateFact } from '../../apps/server/src/link/messages.ts';
import { papersOf, PLAIN_WISHES } from './orders.ts';

export const ENDPOINT = Endpoint('urn:imei:490154203237518');
export const TOKEN = 'token-of-this-device';
export const ATTEMPT = 'default/c/1.1/d';
const OLD: ResourceValue[] = [
  { path: '/3/0/1', value: 'WM-300' },
  { path: '/3/0/3', value: '1.0.0' },
];

/** /5/0 of a device that knows push and pull. */
export const firmwareObject = (state: number, result: number): ResourceValue[] => [
  { path: '/5/0/3', value: state },
  { path: '/5/0/5', value: result },
  { path: '/5/0/9', value: 2 },
];

/** A gateway on a real socket, one device that the test plays, and an image to update it with. */
export class GatewayBench {
  readonly told: FromGateway[] = [];
  /** Codes of what the gateway sent, in order: `2.01`, `0.01`; `0.00` acknowledges or resets. */
  readonly sent: string[] = [];
  wakes = 0;
  gateway!: Gateway;
  device!: LockstepDevice;
  release!: Release;
  /** For another gateway on the same socket. */
  parts!: GatewayParts;
  readonly #socket: Socket = createSocket('udp4');
  #folder = '';

  static async start(change: Partial<GatewayParts> = {}): Promise<GatewayBench> {
    const bench = new GatewayBench();
    await bench.#start(change);
    return bench;
  }

  async #start(change: Partial<GatewayParts>): Promise<void> {
    this.#folder = await mkdtemp(join(tmpdir(), 'drover-gateway-'));
    this.release = aRelease();
    const blobs = await DirectoryBlobStore.start(join(this.#folder, 'blobs'));
    await blobs.put([this.release.image] as unknown as AsyncIterable<Uint8Array>);
    const clock = new CampaignClock();
    this.parts = {
      clock,
      log: createLogger('silent', 'test'),
      door: new ServeDoor(new ImageCache(join(this.#folder, 'cache'), blobs), () => clock.now()),
      awakeMs: 93_000,
      takeover: 'accept',
      sendDatagram: (peer, bytes) => this.#send(peer, bytes),
      writeStream: () => undefined,
      closeStream: () => undefined,
      tell: (message) => this.told.push(message),
      publicUri: (scheme) => `${scheme}://${this.address}`,
      wake: () => void (this.wakes += 1),
      ...change,
    };
    this.gateway = new Gateway(this.parts);
    this.#socket.on('message', (bytes, { address, port }) => this.gateway.wire.receive(`${address}:${port}`, bytes));
    this.#socket.bind(0, '127.0.0.1');
    await once(this.#socket, 'listening');
    this.gateway.command({ type: 'open' });
    this.device = await LockstepDevice.start(this.address);
  }

  get address(): string {
    return `127.0.0.1:${this.#socket.address().port}`;
  }

  async close(): Promise<void> {
    this.gateway.close();
    this.device.close();
    this.#socket.close();
    await rm(this.#folder, { recursive: true });
  }

  /** What the engine says of the device's class. */
  classify(setting: Omit<ClassSetting, 'key'>): void {
    this.gateway.command({ type: 'device-classes', classes: [{ key: 'default/c', ...setting }] });
    this.gateway.command({ type: 'classify', key: 'default/c', endpoints: [ENDPOINT] });
  }

  /** Only the Register; what the gateway reads then is the test's to answer. */
  async register(device = this.device, query: readonly string[] = ['b=U'], links?: string): Promise<string> {
    return codeText((await device.register([`ep=${ENDPOINT}`, 'lt=300', 'lwm2m=1.1', ...query], links)).code);
  }

  /** Answers the reads that follow a Register. */
  async answerReads(values = OLD): Promise<void> {
    (await this.device.expect('GET /3/0')).reply('2.05', values);
    (await this.device.expect('GET /4/0')).reply('4.04');
    (await this.device.expect('GET /5/0')).reply('2.05', firmwareObject(0, 0));
  }

  /** Up to where the gateway knows all that it asks of a newcomer. */
  async registered(): Promise<void> {
    if ((await this.register()) !== '2.01') throw new TypeError('the device was not registered');
    await this.answerReads();
  }

  /** Where the gateway takes the image from. */
  async loseImage(): Promise<void> {
    await rm(join(this.#folder, 'blobs'), { recursive: true });
  }

  offer(change: Partial<OfferOrder> = {}): void {
    this.gateway.command({ type: 'offer', order: { ...this.#order(), ...change } });
  }

  #order(): OfferOrder {
    const { digest, image } = this.release;
    return {
      attempt: ATTEMPT,
      endpoint: ENDPOINT,
      epoch: 1,
      notAfter: undefined,
      method: 'Auto',
      digest,
      size: image.length,
      expectedVersion: '2.0.0',
      offset: 0,
      pullToken: TOKEN,
      blockSize: 512,
      minBlockSize: 64,
      inactivityMs: 2_700_000,
      carrier: '262-1/2A/NB-IoT',
      share: 0.04,
      budget: 0.5,
      isFirm: true,
      blockMs: 1,
      papers: papersOf(this.release),
      device: { model: 'WM-300', version: '1.0.0' },
      ...PLAIN_WISHES,
      phase: 'transfer',
    };
  }

  /** Permission to install. */
  execute(notAfter?: Instant): void {
    this.gateway.command({ type: 'execute', attempt: ATTEMPT, endpoint: ENDPOINT, epoch: 1, notAfter });
  }

  /** Up to the first block of a push, or the URI of a pull. */
  async untilTransfer(observe: readonly string[] = ['GET /5/0 observe', 'GET /5/0/3 observe']): Promise<void> {
    (await this.device.expect('GET /5/0')).reply('2.05', firmwareObject(0, 0));
    (await this.device.expect('GET /3/0/3')).reply('2.05', [{ path: '/3/0/3', value: '1.0.0' }]);
    for (const text of observe) (await this.device.expect(text)).reply('4.05');
  }

  get facts(): UpdateFact[] {
    return this.told.flatMap((message) => (message.type === 'update' ? [message.fact] : []));
  }

  get factTypes(): string[] {
    return this.facts.map(({ type }) => type);
  }

  async until(isSo: () => boolean, ms = 3000): Promise<void> {
    for (const end = performance.now() + ms; !isSo() && performance.now() < end;) await new Promise((resolve) => setTimeout(resolve, 5));
    if (!isSo()) throw new TypeError(`it did not come to that in ${ms} ms`);
  }

  #send(peer: string, bytes: Uint8Array): void {
    this.sent.push(codeText(decodeMessage(bytes).code));
    const colon = peer.lastIndexOf(':');
    this.#socket.send(bytes, Number(peer.slice(colon + 1)), peer.slice(0, colon));
  }
}
