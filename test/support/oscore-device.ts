import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import {
  CoapEndpoint,
  CODE,
  codeOfText,
  codeText,
  decodeMessage,
  OPTION,
  OscoreContext,
  OscoreContexts,
  oscorePeer,
  OscoreTransport,
  type CoapRequest,
  type CoapResponse,
  type IncomingRequest,
  type IncomingResponse,
  type NamedContext,
  type OscoreOutput,
  type OscoreSecret,
} from '@drover/coap';
import { CONTENT_FORMAT } from '@drover/lwm2m';
import { monotonicMs, SystemEntropy } from '@drover/platform';
import type { Respond } from './secured-device.ts';

const TICK_MS = 20;
const LINKS = '</1/0>,</3/0>,</5/0>';
const SERVER = 'server';

/** The one context of a device. */
class OneContext extends OscoreContexts {
  readonly #named: NamedContext;

  constructor(secret: OscoreSecret) {
    super();
    // Of a device that was never used: its numbers live as long as the test.
    this.#named = { name: SERVER, context: new OscoreContext(secret, { reserve: 0 }) };
  }

  override find(kid: Uint8Array): NamedContext | undefined {
    return Buffer.compare(kid, this.#named.context.keys.recipientId) === 0 ? this.#named : undefined;
  }

  override named(): NamedContext {
    return this.#named;
  }
}

/** A datagram as it was on the wire, and the Partial IV in its OSCORE option. */
export interface Seen {
  readonly from: 'device' | 'server';
  readonly bytes: Buffer;
}

/** A device on a real socket that protects its messages with OSCORE, and can move to another port. */
export class OscoreDevice {
  readonly asked: string[] = [];
  readonly wire: Seen[] = [];
  /** What a request to this device was protected with; undefined: it was not. */
  readonly contexts: (string | undefined)[] = [];
  /** What would go out is held back while it is set. */
  isMute = false;
  readonly held: Buffer[] = [];
  readonly #server: string;
  readonly #respond: Respond;
  readonly #coap: OscoreTransport;
  readonly #ticks: NodeJS.Timeout;
  #socket: Socket | undefined;

  private constructor(coap: string, secret: OscoreSecret, respond: Respond) {
    this.#server = new URL(coap).host;
    this.#respond = respond;
    const entropy = new SystemEntropy();
    this.#coap = new OscoreTransport((sink) => new CoapEndpoint(sink, entropy, { takesOscore: true, maxAmplification: Infinity }), {
      sink: (output) => this.#on(output),
      contexts: new OneContext(secret),
      echoKey: entropy.bytes(32),
    });
    this.#ticks = setInterval(() => this.#coap.advance(monotonicMs()), TICK_MS);
  }

  /** `coap` is `coap://host:port` of the server; `secret` as the device has it. */
  static async start(coap: string, secret: OscoreSecret, respond: Respond = () => ({ code: '4.04' })): Promise<OscoreDevice> {
    const device = new OscoreDevice(coap, secret, respond);
    await device.move();
    return device;
  }

  get port(): number {
    return this.#socket?.address().port ?? 0;
  }

  /** Another port from now on, as behind a NAT that forgot. */
  async move(): Promise<void> {
    const socket = createSocket('udp4');
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    socket.on('message', (bytes) => {
      this.wire.push({ from: 'server', bytes });
      this.#coap.receive(this.#server, bytes, monotonicMs());
    });
    this.#socket?.close();
    this.#socket = socket;
  }

  /** Protected; rejects when nothing comes back. */
  request(request: CoapRequest, peer = oscorePeer(SERVER, this.#server)): Promise<IncomingResponse> {
    return new Promise((resolve, reject) => {
      this.#coap.request(peer, { ...request, correlation: { resolve, reject } }, monotonicMs());
    });
  }

  /** From the same port, and protected by nothing. */
  unprotected(request: CoapRequest): Promise<IncomingResponse> {
    return this.request(request, this.#server);
  }

  async register(endpoint: string | undefined): Promise<{ code: string; why: string; location: string[] }> {
    const response = await this.request(registerAs(endpoint));
    return { code: codeText(response.code), why: Buffer.from(response.payload).toString(), location: [...response.options.locationPath] };
  }

  async say(method: CoapRequest['method'], path: readonly string[], more: Partial<CoapRequest> = {}): Promise<string> {
    return codeText((await this.request({ ...more, method, path })).code);
  }

  /** Sends bytes as they are. */
  send(bytes: Uint8Array): void {
    const { hostname, port } = new URL(`coap://${this.#server}`);
    this.#socket?.send(bytes, Number(port), hostname);
  }

  /** Partial IVs of the server's own that it has sent, and the datagram each was in; both in hex. Requests and challenges have one. */
  get serverNumbers(): [number: string, datagram: string][] {
    return this.wire
      .filter(({ from }) => from === 'server')
      .flatMap(({ bytes }) => numberIn(bytes).map((number): [string, string] => [number, bytes.toString('hex')]));
  }

  close(): void {
    clearInterval(this.#ticks);
    this.#socket?.close();
  }

  #on(output: OscoreOutput): void {
    if (output.type === 'datagram') {
      if (this.isMute) return void this.held.push(Buffer.from(output.bytes));
      this.wire.push({ from: 'device', bytes: Buffer.from(output.bytes) });
      return this.send(output.bytes);
    }
    if (output.type === 'request') {
      this.contexts.push(output.context);
      return void this.#coap.respond(output.handle, this.#answer(output.request), monotonicMs());
    }
    if (output.type !== 'response' && output.type !== 'failed') return;
    const { resolve, reject } = output.handle.correlation as { resolve: (response: IncomingResponse) => void; reject: (e: Error) => void };
    if (output.type === 'response') resolve(output.response);
    else reject(new Error(output.reason));
  }

  #answer(request: IncomingRequest): CoapResponse {
    const text = `${request.method} /${request.options.uriPath.join('/')}`;
    this.asked.push(text);
    const { code, payload } = this.#respond(text, request);
    return {
      code: codeOfText(code) ?? CODE.NOT_FOUND,
      options: payload ? { contentFormat: CONTENT_FORMAT.TEXT } : {},
      ...(payload && { payload: Buffer.from(payload) }),
    };
  }
}

export const registerAs = (endpoint: string | undefined): CoapRequest => ({
  method: 'POST',
  path: ['rd'],
  query: [...(endpoint === undefined ? [] : [`ep=${endpoint}`]), 'lt=3600', 'lwm2m=1.1', 'b=U'],
  contentFormat: CONTENT_FORMAT.LINK,
  payload: Buffer.from(LINKS),
});

/** The Partial IV of a datagram that has one. */
function numberIn(bytes: Uint8Array): string[] {
  const option = decodeMessage(bytes).options.find(({ number }) => number === OPTION.OSCORE)?.value;
  const length = (option?.[0] ?? 0) & 0x07;
  return length === 0 ? [] : [Buffer.from(option!.subarray(1, 1 + length)).toString('hex')];
}
