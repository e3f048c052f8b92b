import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer as createHttpServer, type Server as HttpServer } from 'node:http';
import { createServer as createTcpServer, type AddressInfo, type Server as TcpServer, type Socket } from 'node:net';
import {
  BlockAssembly,
  CODE,
  CoapEndpoint,
  codeOfText,
  CoapStreams,
  codeText,
  nextBlock,
  onAnswer,
  planBlock,
  startUpload,
  szxOfSize,
  type CoapOutput,
  type CoapRequest,
  type CoapResponse,
  type IncomingRequest,
  type IncomingResponse,
  type StreamOutput,
} from '@drover/coap';
import { CONTENT_FORMAT, decodeContent, parseRegister, type Registration } from '@drover/lwm2m';
import { monotonicMs } from '@drover/platform';
import { SeededEntropy } from '@drover/testkit';

const ETAG = Uint8Array.of(1, 2, 3);
const NO_ANSWER = 'not answered';

export interface Meter extends Registration {
  /** Where it spoke from last. */
  peer: string;
}

/** The smallest LwM2M server that can update a device, on real sockets: it does what a test tells it, and keeps a log. */
export class ScriptedServer {
  readonly #socket = createSocket('udp4');
  readonly #coap = new CoapEndpoint((output) => this.#onOutput(output), new SeededEntropy(), {
    maxAmplification: Number.POSITIVE_INFINITY,
  });
  readonly #bodies = new BlockAssembly();
  readonly #ticker = setInterval(() => this.#coap.advance(monotonicMs()), 20);
  #tcp: TcpServer | undefined;
  #http: HttpServer | undefined;
  readonly #tcpSockets = new Set<Socket>();
  readonly meters: Meter[] = [];
  /** In order: block numbers asked for, with the port they were asked from. */
  readonly pulled: { num: number | undefined; peer: string; bytes: number }[] = [];
  readonly notified: string[] = [];
  /** What came by Send, as `path=value`. */
  readonly sent: string[] = [];
  /** Registers, refusals, updates, deregisters and blocks, in order. */
  readonly log: string[] = [];
  readonly ranges: (string | undefined)[] = [];
  isServing = true;
  #registered: (() => void)[] = [];
  #updated: () => void = () => undefined;
  readonly #contacts = new Map<string, (() => void)[]>();

  constructor(readonly image: Buffer) {}

  async open(): Promise<string> {
    this.#socket.on('message', (bytes, { address, port }) => this.#coap.receive(`${address}:${port}`, bytes, monotonicMs()));
    this.#socket.bind(0, '127.0.0.1');
    await once(this.#socket, 'listening');
    return `127.0.0.1:${this.#socket.address().port}`;
  }

  close(): void {
    clearInterval(this.#ticker);
    this.#socket.close();
    this.#tcp?.close();
    this.#http?.closeAllConnections();
    this.#http?.close();
    for (const socket of this.#tcpSockets) socket.destroy();
  }

  /** The image by coap+tcp; answers its URI. */
  async serveByTcp(): Promise<string> {
    const streams = new CoapStreams((output) => this.#onStreamOutput(streams, output), new SeededEntropy());
    const peers = new Map<string, Socket>();
    this.#peers = peers;
    this.#tcp = createTcpServer((socket) => {
      const peer = `tcp:${socket.remoteAddress}:${socket.remotePort}`;
      peers.set(peer, socket);
      this.#tcpSockets.add(socket);
      socket.on('data', (bytes) => streams.receive(peer, bytes, monotonicMs()));
      socket.on('error', () => undefined);
      socket.on('close', () => (streams.closed(peer), peers.delete(peer)));
      streams.opened(peer, monotonicMs(), 'server');
    }).listen(0, '127.0.0.1');
    await once(this.#tcp, 'listening');
    return `coap+tcp://127.0.0.1:${(this.#tcp.address() as AddressInfo).port}/fw/image`;
  }
  #peers = new Map<string, Socket>();

  /** The image by HTTP with ranges; `cutAfter` bytes the first answer breaks off. */
  async serveByHttp(cutAfter = Infinity): Promise<string> {
    this.#http = createHttpServer((request, response) => {
      const { range } = request.headers;
      this.ranges.push(range);
      const from = Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? 0);
      const body = this.image.subarray(from);
      response.writeHead(from > 0 ? 206 : 200, { etag: '"one"', 'content-length': body.length });
      if (this.ranges.length > 1 || cutAfter >= body.length) return void response.end(body);
      response.write(body.subarray(0, cutAfter), () => setTimeout(() => response.destroy(), 30));
    }).listen(0, '127.0.0.1');
    await once(this.#http, 'listening');
    return `http://127.0.0.1:${(this.#http.address() as AddressInfo).port}/fw/image`;
  }

  /** The `count`-th registration, as soon as it is there. */
  async registration(count: number): Promise<Meter> {
    while (this.meters.length < count) await new Promise<void>((resolve) => this.#registered.push(resolve));
    return this.meters[count - 1]!;
  }

  /** The newest registration. */
  get meter(): Meter {
    return this.meters.at(-1)!;
  }

  /** The next Update. */
  update(): Promise<void> {
    return new Promise((resolve) => (this.#updated = resolve));
  }

  /** The next Register or Update of this device. */
  contact(endpoint: string): Promise<void> {
    return new Promise((resolve) => this.#contacts.set(endpoint, [...(this.#contacts.get(endpoint) ?? []), resolve]));
  }

  forget({ peer }: Meter): void {
    this.#coap.forgetPeer(peer);
  }

  ask({ peer, rootPath }: Meter, method: CoapRequest['method'], path: string, more: Partial<CoapRequest> = {}): Promise<IncomingResponse> {
    const prefix = rootPath === '/' ? '' : rootPath;
    return new Promise((resolve, reject) => {
      const correlation = (response: IncomingResponse | undefined): void =>
        response ? resolve(response) : reject(new Error(`${path} was ${NO_ANSWER}`));
      this.#coap.request(peer, { method, path: `${prefix}${path}`.split('/').slice(1), correlation, ...more }, monotonicMs());
    });
  }

  async read(meter: Meter, path: string, accept?: number): Promise<Record<string, unknown>> {
    const { code, options, payload } = await this.ask(meter, 'GET', path, { accept });
    if (codeText(code) !== '2.05') throw new Error(`${path} was answered ${codeText(code)}`);
    const values = decodeContent(options.contentFormat ?? 0, payload, path);
    return Object.fromEntries(values.map((row) => [row.path, row.value]));
  }

  async code(meter: Meter, method: CoapRequest['method'], path: string, payload = ''): Promise<string> {
    const more = payload === '' ? {} : { contentFormat: CONTENT_FORMAT.TEXT, payload: Buffer.from(payload) };
    return codeText((await this.ask(meter, method, path, more)).code);
  }

  /** State and Result, `2/0`; of Object 9 by its own numbers. */
  async stateOf(meter: Meter, at = '/5/0'): Promise<string> {
    const values = await this.read(meter, at);
    const [state, result] = at.startsWith('/9/') ? [7, 9] : [3, 5];
    return `${String(values[`${at}/${state}`])}/${String(values[`${at}/${result}`])}`;
  }

  async until(meter: Meter, wanted: string, at = '/5/0'): Promise<void> {
    while ((await this.stateOf(meter, at)) !== wanted) await new Promise((resolve) => setTimeout(resolve, 10));
  }

  async offer(meter: Meter, uri: string, path = '/5/0/1'): Promise<string> {
    const { code } = await this.ask(meter, 'PUT', path, { contentFormat: CONTENT_FORMAT.TEXT, payload: Buffer.from(uri) });
    return codeText(code);
  }

  /** All blocks of the image, from `bytes` on each; answers the code of the last answer. */
  async push(meter: Meter, path = '/5/0/0', bytes = 512): Promise<string> {
    for (let upload = startUpload({ size: this.image.length, szx: szxOfSize(bytes) }); ;) {
      const { offset, length, block1, size1 } = nextBlock(upload);
      const payload = this.image.subarray(offset, offset + length);
      const { code, options } = await this.ask(meter, 'PUT', path, { contentFormat: CONTENT_FORMAT.OPAQUE, payload, block1, size1 });
      const outcome = onAnswer(upload, { code, block1: options.block1, size1: options.size1 });
      if (outcome.type !== 'continue' && outcome.type !== 'restart') return codeText(code);
      upload = outcome.upload;
    }
  }

  #onOutput(output: CoapOutput): void {
    switch (output.type) {
      case 'datagram': {
        const [host, port] = output.peer.split(':');
        return this.#socket.send(output.bytes, Number(port), host);
      }
      case 'request':
        return void this.#coap.respond(output.handle, this.#answer(output.peer, output.request), monotonicMs());
      case 'response':
        return (output.handle.correlation as (response: IncomingResponse) => void)(output.response);
      case 'failed':
        return (output.handle.correlation as (response: undefined) => void)(undefined);
      case 'notification':
        return void this.notified.push(Buffer.from(output.response.payload).toString());
    }
  }

  #onStreamOutput(streams: CoapStreams, output: StreamOutput): void {
    if (output.type === 'datagram') this.#peers.get(output.peer)?.write(output.bytes);
    else if (output.type === 'request') streams.respond(output.handle, this.#serve(output.peer, output.request));
  }

  #answer(peer: string, request: IncomingRequest): CoapResponse {
    const [first, second] = request.options.uriPath;
    if (first === 'fw') return second === 'image' ? this.#serve(peer, request) : { code: CODE.NOT_FOUND };
    if (first === 'dp') return this.#take(request);
    if (second !== undefined) {
      this.log.push(request.method === 'DELETE' ? 'deregister' : 'update');
      const meter = this.meters[Number(second) - 1];
      if (meter) this.#spoke(meter, peer);
      this.#updated();
      return { code: request.method === 'DELETE' ? CODE.DELETED : CODE.CHANGED };
    }
    return this.#register(peer, request);
  }

  #take({ options, payload }: IncomingRequest): CoapResponse {
    for (const { path, value } of decodeContent(options.contentFormat ?? 0, payload, '/')) this.sent.push(`${path}=${String(value)}`);
    return { code: CODE.CHANGED };
  }

  #register(peer: string, { options, payload }: IncomingRequest): CoapResponse {
    const { uriQuery, contentFormat, block1, size1 } = options;
    const part = block1 && { block: block1, payload, contentFormat, announcedSize: size1 };
    const body = part && this.#bodies.add({ peer, path: 'rd' }, part, monotonicMs());
    if (body?.type === 'continue') return { code: CODE.CONTINUE, options: { block1 } };
    if (body?.type === 'refused') return { code: body.code };
    const outcome = parseRegister({ query: uriQuery, contentFormat, payload: body?.body ?? payload });
    if (outcome.type === 'refused') {
      this.log.push(`refused ${outcome.code}`);
      return { code: codeOfText(outcome.code) ?? CODE.BAD_REQUEST };
    }
    const { registration } = outcome;
    this.log.push(`register ${registration.endpoint}${body ? ' in blocks' : ''} by ${registration.lwm2mVersion}`);
    const meter = { ...registration, peer };
    this.meters.push(meter);
    setImmediate(() => this.#spoke(meter, peer)); // It hears nothing before its Register is answered.
    for (const resolve of this.#registered.splice(0)) resolve();
    return { code: CODE.CREATED, options: { locationPath: ['rd', String(this.meters.length)], block1 } };
  }

  #spoke(meter: Meter, peer: string): void {
    meter.peer = peer;
    const waiting = this.#contacts.get(meter.endpoint) ?? [];
    this.#contacts.delete(meter.endpoint);
    for (const resolve of waiting) resolve();
  }

  #serve(peer: string, { options: { block2 } }: IncomingRequest): CoapResponse {
    if (!this.isServing) return { code: CODE.SERVICE_UNAVAILABLE, options: { maxAge: 60 } };
    const plan = planBlock({ size: this.image.length, etag: ETAG, preferredSzx: 5 }, block2);
    if (plan.type === 'bad') return { code: CODE.BAD_REQUEST };
    this.pulled.push({ num: block2?.num, peer, bytes: plan.length });
    this.log.push(`block ${plan.block2.num}`);
    const { block2: served, size2, etag } = plan;
    return {
      code: CODE.CONTENT,
      options: { block2: served, size2, etag },
      payload: this.image.subarray(plan.offset, plan.offset + plan.length),
    };
  }
}
