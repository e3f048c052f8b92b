import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import {
  CoapEndpoint,
  CODE,
  codeOfText,
  codeText,
  encodeMessage,
  writeOptions,
  type CoapOutput,
  type CoapRequest,
  type CoapResponse,
  type IncomingRequest,
  type IncomingResponse,
} from '@drover/coap';
import { CONTENT_FORMAT } from '@drover/lwm2m';
import { DtlsClient, PeerTrust, type DtlsOutput, type OwnCertificate, type Presented, type Verdict } from '@drover/dtls';
import { monotonicMs, SystemEntropy } from '@drover/platform';

/** What a device shows: a pre-shared key, or its own raw key or certificate. */
export interface DeviceCredential {
  readonly psk?: { readonly identity: string; readonly key: Uint8Array };
  readonly own?: OwnCertificate;
  /** What it takes from the server; both without it. */
  readonly serverType?: 'x509' | 'rpk';
  /** What it calls the server in its hello (SNI), and what the certificate of that has to say. */
  readonly serverName?: string;
}

/** What a device answers when it is asked, by `GET /3/0/16`. */
export type Respond = (
  text: string,
  request: IncomingRequest,
) => { readonly code: string; readonly options?: CoapResponse['options']; readonly payload?: Uint8Array };

const TICK_MS = 20;
const LINKS = '</1/0>,</3/0>,</5/0>';

/** Takes any server: what is tested is what servers make of devices. */
class AnyServer extends PeerTrust {
  readonly #seen: (presented: Presented) => void;

  constructor(seen: (presented: Presented) => void) {
    super();
    this.#seen = seen;
  }

  override verifyPeer(presented: Presented): Verdict {
    this.#seen(presented);
    return { name: 'server' };
  }
}

/** A device on a real socket that speaks CoAP over DTLS with Connection ID, and can move to another port. */
export class SecuredDevice {
  readonly asked: string[] = [];
  /** Of what it was asked last, by its text: notifications have to carry them. */
  readonly tokens = new Map<string, Uint8Array>();
  /** Datagrams as they were on the wire, both ways. */
  readonly wire: { readonly from: 'device' | 'server'; readonly bytes: Buffer }[] = [];
  readonly ended: string[] = [];
  handshakes = 0;
  /** What the server has shown, where it was not a pre-shared key. */
  shown: Presented | undefined;
  /** What comes, or goes, is dropped on the way while it is set; what goes is in `wire` all the same. */
  isDeaf = false;
  isMute = false;
  readonly #credential: DeviceCredential;
  readonly #server: { readonly host: string; readonly port: number };
  readonly #respond: Respond;
  readonly #coap: CoapEndpoint;
  readonly #ticks: NodeJS.Timeout;
  #messageId = 0x4000;
  #client: DtlsClient | undefined;
  #socket: Socket | undefined;
  #opened: () => void = () => undefined;
  #refused: (error: Error) => void = () => undefined;

  private constructor(coaps: string, credential: DeviceCredential, respond: Respond) {
    const { hostname, port } = new URL(coaps);
    this.#server = { host: hostname, port: Number(port) };
    this.#credential = credential;
    this.#respond = respond;
    this.#coap = new CoapEndpoint((output) => this.#onCoap(output), new SystemEntropy(), { maxAmplification: Number.POSITIVE_INFINITY });
    this.#ticks = setInterval(() => {
      this.#client?.advance(monotonicMs());
      this.#coap.advance(monotonicMs());
    }, TICK_MS);
  }

  /** `coaps` is `coaps://host:port` of the server. */
  static async start(coaps: string, credential: DeviceCredential, respond: Respond = () => ({ code: '4.04' })): Promise<SecuredDevice> {
    const device = new SecuredDevice(coaps, credential, respond);
    await device.move();
    return device;
  }

  get port(): number {
    return this.#socket?.address().port ?? 0;
  }

  get session(): NonNullable<DtlsClient['session']> | undefined {
    return this.#client?.session;
  }

  /** A handshake, from the beginning. Rejects when it is refused. */
  connect(): Promise<void> {
    const { psk, own } = this.#credential;
    const key = psk && { identity: Buffer.from(psk.identity), key: psk.key };
    const sink = (output: DtlsOutput): void => this.#onDtls(output);
    const ports = {
      sink,
      server: 'server',
      entropy: new SystemEntropy(),
      trust: new AnyServer((shown) => (this.shown = shown)),
      psk: key,
      own,
    };
    const { serverType, serverName } = this.#credential;
    const types = serverType && { serverCertificateTypes: [serverType] };
    const name = serverName !== undefined && { serverName };
    this.#client = new DtlsClient(ports, { cidBytes: 0, handshakeMs: 3000, retransmitMs: 300, ...types, ...name });
    return new Promise((resolve, reject) => {
      this.#opened = resolve;
      this.#refused = reject;
      this.#client?.connect(monotonicMs());
    });
  }

  /** Another port from now on, as behind a NAT that forgot. */
  async move(): Promise<void> {
    const socket = createSocket('udp4');
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    socket.on('message', (bytes) => {
      this.wire.push({ from: 'server', bytes });
      if (!this.isDeaf) this.#client?.receive(bytes, monotonicMs());
    });
    this.#socket?.close();
    this.#socket = socket;
  }

  /** Rejects when nothing comes back. */
  request(request: CoapRequest): Promise<IncomingResponse> {
    return new Promise((resolve, reject) => {
      this.#coap.request('server', { ...request, correlation: { resolve, reject } }, monotonicMs());
    });
  }

  /** Answers the code, and where it registered. */
  async register(
    endpoint: string | undefined,
    query: readonly string[] = ['b=U'],
  ): Promise<{ code: string; why: string; location: string[] }> {
    const ep = endpoint === undefined ? [] : [`ep=${endpoint}`];
    const uriQuery = [...ep, 'lt=3600', 'lwm2m=1.1', ...query];
    const response = await this.request({
      method: 'POST',
      path: ['rd'],
      query: uriQuery,
      contentFormat: CONTENT_FORMAT.LINK,
      payload: Buffer.from(LINKS),
    });
    return { code: codeText(response.code), why: Buffer.from(response.payload).toString(), location: [...response.options.locationPath] };
  }

  async say(method: CoapRequest['method'], path: readonly string[], more: Partial<CoapRequest> = {}): Promise<string> {
    return codeText((await this.request({ ...more, method, path })).code);
  }

  /** 2.05 for what it was asked with this text. */
  notify(text: string, observe: number, { options, payload }: { options: CoapResponse['options']; payload: Uint8Array }): void {
    const head = { type: 'NON', code: CODE.CONTENT, messageId: this.#messageId++, token: this.tokens.get(text)! } as const;
    this.#client?.send(encodeMessage({ ...head, options: writeOptions({ ...options, observe }), payload }));
  }

  /** Sends a recorded datagram once more. */
  replay(bytes: Uint8Array): void {
    this.#write(Buffer.from(bytes));
  }

  close(): void {
    clearInterval(this.#ticks);
    this.#socket?.close();
  }

  #onDtls(output: DtlsOutput): void {
    if (output.type === 'datagram') this.#write(output.bytes);
    else if (output.type === 'data') this.#coap.receive('server', output.bytes, monotonicMs());
    else if (output.type === 'opened') {
      this.handshakes += 1;
      this.#opened();
    } else if (output.type === 'refused') this.#refused(new TypeError(`refused by ${output.by}: ${output.alert ?? ''}`));
    else if (output.type === 'closed') this.ended.push(`${output.reason} ${output.alert ?? ''}`.trim());
  }

  #write(bytes: Buffer): void {
    this.wire.push({ from: 'device', bytes });
    if (!this.isMute) this.#socket?.send(bytes, this.#server.port, this.#server.host);
  }

  #onCoap(output: CoapOutput): void {
    if (output.type === 'datagram') this.#client?.send(output.bytes);
    else if (output.type === 'response') (output.handle.correlation as { resolve: (r: IncomingResponse) => void }).resolve(output.response);
    else if (output.type === 'failed') (output.handle.correlation as { reject: (e: Error) => void }).reject(new TypeError(output.reason));
    else if (output.type === 'request') {
      const text = `${output.request.method} /${output.request.options.uriPath.join('/')}`;
      this.asked.push(text);
      this.tokens.set(text, output.handle.token.slice());
      const { code, options, payload } = this.#respond(text, output.request);
      this.#coap.respond(output.handle, { code: codeOfText(code) ?? CODE.INTERNAL, options, payload }, monotonicMs());
    }
  }
}
