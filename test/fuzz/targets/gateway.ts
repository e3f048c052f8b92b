import { BERT_SZX, CoapEndpoint, CODE, decodeFrame, decodeMessage, encodeFrame, offsetOf, readOptions, SIGNAL } from '@drover/coap';
import type { CoapMessage, CoapOutput, CoapRequest, IncomingResponse } from '@drover/coap';
import { Digest, Endpoint, plus } from '@drover/kernel';
import type { Duration } from '@drover/kernel';
import { CONTENT_FORMAT, encodeContent } from '@drover/lwm2m';
import type { ResourceValue } from '@drover/lwm2m';
import { CampaignClock, createLogger } from '@drover/platform';
import { Gateway } from '../../../apps/server/src/gateway/gateway.ts';
import type { ServeDoor } from '../../../apps/server/src/gateway/serve-door.ts';
import type { OfferOrder, ToGateway } from '../../../apps/server/src/link/messages.ts';
import { Script } from '../script.ts';
import { demand, fromHex, utf8 } from '../target.ts';
import type { Target } from '../target.ts';
import { datagramFrom, FixedEntropy, frameFrom } from './coap-talk.ts';
import { PLAIN_WISHES } from '../../support/orders.ts';

const ENDPOINT = Endpoint('good');
const HOME = '192.0.2.1:5683';
const STRANGERS = ['198.51.100.1:1', '198.51.100.2:2', '203.0.113.3:3'];
/** One of them comes by TCP. */
const STREAM = 'tcp:203.0.113.4:4';
const TOKEN = 'a-token-that-nobody-guesses';
const IMAGE_BYTES = 4096;
const MAX_STEPS = 60;
/** A block of 1024 bytes with the options around it. */
const LARGEST = 1152;
const OWN_INITIATIVE = 8192;
const SERVER = 'gateway';

const image: object = {
  size: IMAGE_BYTES,
  read: (offset: number, length: number) => new Uint8Array(Math.max(0, Math.min(length, IMAGE_BYTES - offset))).fill(7),
  use: () => image,
  done: () => undefined,
};
/** What the door verifies has a target of its own; here it is about what goes through it once it is open. */
const door = {
  setWithdrawn: () => undefined,
  open: () => Promise.resolve({ type: 'open', image }),
  image: () => Promise.resolve({ type: 'open', image }),
} as unknown as ServeDoor;
const clock = new CampaignClock();
const log = createLogger('silent', 'fuzz');

const ORDER: OfferOrder = {
  attempt: 'a',
  endpoint: ENDPOINT,
  epoch: 1,
  notAfter: undefined,
  method: 'Auto',
  digest: Digest(`sha256:${'07'.repeat(32)}`),
  size: IMAGE_BYTES,
  expectedVersion: '2.0.0',
  offset: 0,
  pullToken: TOKEN,
  blockSize: 512,
  minBlockSize: 64,
  inactivityMs: 2_700_000,
  carrier: 'c',
  share: 0,
  budget: 1,
  isFirm: true,
  blockMs: 0,
  papers: { envelope: '', policy: '{}' },
  device: { model: 'WM-300', version: '1.0.0' },
  ...PLAIN_WISHES,
  phase: 'transfer',
};

/** A gateway, one honest device, and three strangers who send what the script says. */
class Play {
  readonly #script: Script;
  readonly #gateway: Gateway;
  readonly #device: CoapEndpoint;
  /** Not sent from within: both sides are machines that must not be entered twice. */
  #wires: (() => void)[] = [];
  readonly #answers = new Map<unknown, IncomingResponse>();
  readonly #received = new Map<string, number>();
  readonly #sent = new Map<string, number>();
  readonly #before = new Map<string, CoapMessage>();
  readonly #asked = new Set<string>();
  #isHeld = false;
  #isConnected = false;
  #streamToken: Uint8Array | undefined;
  #state = 0;

  constructor(script: Script) {
    this.#script = script;
    const maxAmplification = Number.POSITIVE_INFINITY;
    this.#device = new CoapEndpoint((output) => this.#onDevice(output), new FixedEntropy(), { maxAmplification });
    this.#gateway = new Gateway({
      clock,
      log,
      door,
      awakeMs: 93_000,
      takeover: 'refuse-while-alive',
      sendDatagram: (peer, bytes) => this.#leaves(peer, bytes),
      writeStream: (_peer, bytes) => this.#streams(bytes),
      closeStream: () => (this.#isConnected = false),
      tell: () => undefined,
      publicUri: () => 'coap://192.0.2.254:5683',
      wake: () => undefined,
    });
  }

  async run(): Promise<void> {
    try {
      this.#gateway.command({ type: 'open' });
      const location = await this.#register();
      for (let step = 0; step < MAX_STEPS && !this.#script.isOver; step++) await this.#step();
      const update = await this.#ask({ method: 'POST', path: ['rd', location], query: ['lt=300'] });
      demand(update?.code === CODE.CHANGED, `the good device hears ${update === undefined ? 'nothing' : update.code} to its Update`);
      const pulled = await this.#ask({ method: 'GET', path: ['fw', TOKEN], block2: { num: 1, more: false, szx: 5 } });
      demand(pulled !== undefined && pulled.code !== CODE.TOO_MANY_REQUESTS, 'the good device cannot pull');
      if (pulled.code === CODE.CONTENT)
        demand(
          pulled.payload.every((byte) => byte === 7),
          'the block is not the image',
        );
    } finally {
      this.#gateway.close();
    }
  }

  async #register(): Promise<string> {
    const answer = await this.#ask({
      method: 'POST',
      path: ['rd'],
      query: [`ep=${ENDPOINT}`, 'lt=300', 'lwm2m=1.1'],
      payload: utf8('</1/0>,</3/0>,</5/0>'),
    });
    demand(answer?.code === CODE.CREATED, 'the good device cannot register');
    return answer.options.locationPath[1]!;
  }

  /** Until nobody has anything more to say; the door opens a few microtasks later. */
  async #settle(): Promise<void> {
    for (let quiet = 0, rounds = 0; quiet < 8 && rounds < 3000; rounds++) {
      const wire = this.#wires.shift();
      if (wire === undefined) {
        quiet += 1;
        await Promise.resolve();
      } else {
        quiet = 0;
        wire();
      }
    }
  }

  async #ask(request: CoapRequest): Promise<IncomingResponse | undefined> {
    const correlation = {};
    this.#device.request(SERVER, { ...request, correlation }, performance.now());
    await this.#settle();
    return this.#answers.get(correlation);
  }

  #leaves(peer: string, bytes: Uint8Array): void {
    const message = decodeMessage(bytes);
    const { options } = readOptions(message);
    demand(bytes.length <= LARGEST, `a datagram of ${bytes.length} bytes`);
    const isPushed = message.code === 3 && options.uriPath.join('/') === '5/0/0' && options.block1 !== undefined;
    const isBlock = (message.code === CODE.CONTENT && options.etag !== undefined) || isPushed;
    demand(
      !isBlock || (peer === HOME && !this.#isHeld),
      peer === HOME ? 'a block of the image during a Hold' : 'a block of the image for a stranger',
    );
    if (options.block2 && isBlock) demand(offsetOf(options.block2) < IMAGE_BYTES, 'a block beyond the image');
    if (peer === HOME) return void this.#wires.push(() => this.#device.receive(SERVER, bytes, performance.now()));
    if (message.code > 0 && message.code < 32) this.#asked.add(peer);
    this.#before.set(peer, message);
    this.#sent.set(peer, (this.#sent.get(peer) ?? 0) + bytes.length);
    const allowed = 3 * (this.#received.get(peer) ?? 0) + (this.#asked.has(peer) ? OWN_INITIATIVE : 0);
    // A stranger who answers what we ask at its address has shown that it is there.
    demand(
      this.#sent.get(peer)! <= allowed || this.#asked.has(peer),
      () => `${this.#sent.get(peer)} bytes to a stranger that sent ${this.#received.get(peer) ?? 0}`,
    );
  }

  #onDevice(output: CoapOutput): void {
    if (output.type === 'datagram') this.#wires.push(() => this.#gateway.wire.receive(HOME, output.bytes));
    else if (output.type === 'response') this.#answers.set(output.handle.correlation, output.response);
    else if (output.type === 'request') this.#answer(output);
  }

  #answer({ handle, request }: Extract<CoapOutput, { type: 'request' }>): void {
    const path = `/${request.options.uriPath.join('/')}`;
    const now = performance.now();
    const mood = this.#script.below(8);
    if (mood === 7) return;
    if (mood === 6)
      return void this.#device.respond(
        handle,
        { code: this.#script.pick([CODE.BAD_REQUEST, CODE.NOT_FOUND, CODE.SERVICE_UNAVAILABLE, CODE.CONTINUE]) },
        now,
      );
    if (request.method !== 'GET')
      return void this.#device.respond(
        handle,
        { code: request.options.block1?.more ? CODE.CONTINUE : CODE.CHANGED, options: { block1: request.options.block1 } },
        now,
      );
    const values = this.#values().filter((value) => value.path.startsWith(`${path}/`) || value.path === path);
    if (values.length === 0 || request.options.observe !== undefined)
      return void this.#device.respond(handle, { code: CODE.METHOD_NOT_ALLOWED }, now);
    const payload = mood === 5 ? this.#script.bytes(20) : encodeContent(CONTENT_FORMAT.SENML_CBOR, values, path);
    this.#device.respond(handle, { code: CODE.CONTENT, options: { contentFormat: CONTENT_FORMAT.SENML_CBOR }, payload }, now);
  }

  #values(): ResourceValue[] {
    return [
      { path: '/3/0/1', value: 'WM-300' },
      { path: '/3/0/3', value: this.#script.pick(['1.0.0', '2.0.0']) },
      { path: '/5/0/3', value: this.#state },
      { path: '/5/0/5', value: this.#script.pick([0, 0, 0, 5]) },
      { path: '/5/0/9', value: this.#script.below(3) },
    ];
  }

  async #step(): Promise<void> {
    const script = this.#script;
    const kind = script.below(16);
    if (kind < 3) this.#stranger(script.bytes(script.byte()));
    else if (kind < 7) this.#stranger();
    else if (kind === 7) this.#streamStranger();
    else if (kind < 12) this.#command(script.pick(this.#commands()));
    else if (kind === 12) this.#state = script.below(4);
    else if (kind === 13)
      await this.#ask({ method: 'GET', path: ['fw', TOKEN], block2: { num: script.byte(), more: false, szx: script.below(7) } });
    else if (kind === 14) this.#gateway.wire.advance();
    else
      await this.#ask({
        method: 'POST',
        path: ['dp'],
        contentFormat: CONTENT_FORMAT.SENML_CBOR,
        payload: script.flag() ? script.bytes(30) : encodeContent(CONTENT_FORMAT.SENML_CBOR, this.#values(), '/'),
      });
    await this.#settle();
  }

  #stranger(raw?: Uint8Array): void {
    const peer = this.#script.pick(STRANGERS);
    const bytes = raw ?? datagramFrom(this.#script, this.#before.get(peer));
    this.#received.set(peer, (this.#received.get(peer) ?? 0) + bytes.length);
    this.#gateway.wire.receive(peer, bytes);
  }

  /** Greets like any client, and goes on from there. */
  #streamStranger(): void {
    if (!this.#isConnected) {
      this.#isConnected = true;
      this.#gateway.wire.streamOpened(STREAM, performance.now(), 'server');
      this.#gateway.wire.receive(
        STREAM,
        encodeFrame({ code: SIGNAL.CSM, token: new Uint8Array(0), options: [], payload: new Uint8Array(0) }),
      );
    }
    if (this.#script.below(8) !== 7) return this.#gateway.wire.receive(STREAM, frameFrom(this.#script, this.#streamToken));
    this.#isConnected = false;
    return this.#gateway.wire.streamClosed(STREAM);
  }

  #streams(bytes: Uint8Array): void {
    const { code, token, options } = decodeFrame(bytes);
    demand(this.#isConnected, 'bytes for a connection that was closed');
    demand(
      code !== CODE.CONTENT || readOptions({ options }, { maxSzx: BERT_SZX }).options.etag === undefined,
      'a block of the image for a stranger',
    );
    this.#streamToken = token.slice();
  }

  #command(command: ToGateway): void {
    this.#gateway.command(command);
    if (command.type === 'suspend') this.#isHeld = true;
    if (command.type === 'resume' || command.type === 'drop') this.#isHeld = false;
  }

  #commands(): ToGateway[] {
    const about = { attempt: ORDER.attempt, endpoint: ENDPOINT, epoch: 1 };
    const notAfter = plus(clock.now(), 60_000 as Duration);
    const methods = ['Auto', 'Pull', 'Push'] as const;
    return [
      ...methods.map((method): ToGateway => ({ type: 'offer', order: { ...ORDER, method } })),
      { type: 'execute', ...about, notAfter },
      { type: 'suspend', ...about },
      { type: 'suspend', ...about },
      { type: 'resume', ...about },
      { type: 'cancel', ...about },
      { type: 'drop', ...about },
      { type: 'read-facts', endpoint: ENDPOINT },
      { type: 'operate', id: 'o', endpoint: ENDPOINT, order: { operation: 'read', path: '/3/0' }, notAfter },
      { type: 'operate', id: 'p', endpoint: ENDPOINT, order: { operation: 'discover', path: '/5' }, notAfter },
      { type: 'end-operation', id: 'o', endpoint: ENDPOINT },
    ];
  }
}

export const GATEWAY: Target = {
  name: 'gateway',
  kind: 'conversation',
  quick: 300,
  maxBytes: 500,
  guide: ['/apps/server/dist/gateway/', '/libs/coap/dist/', '/libs/lwm2m/dist/'],
  seeds: () => ['', '000000000800', '0000000000000801000000000d00050d010508040d02050806', '030009020000000000'].map(fromHex),
  generate: (random) => random.bytes(random.below(400)),
  async run(input) {
    await new Play(new Script(input)).run();
  },
};
