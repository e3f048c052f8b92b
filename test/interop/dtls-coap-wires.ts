import { randomBytes } from 'node:crypto';
import { CODE, CoapEndpoint, encodeMessage, writeOptions, type IncomingHandle } from '@drover/coap';
import type { ClientPorts, ClientSettings, ServerSettings, SessionHandle } from '@drover/dtls';
import { SystemEntropy } from '@drover/platform';
import type { Notification, Sink, Wire } from './bench-wires.ts';
import { ClientSide, ServerSide, type Weather } from './dtls-wire.ts';

const TICK_MS = 20;
const now = (): number => performance.now();

/** CoAP over our own DTLS: what both roles share. */
abstract class DtlsWire implements Wire {
  readonly scheme = 'coaps';
  readonly counted = { sent: 0, received: 0 };
  readonly coap: CoapEndpoint;
  readonly #timer = setInterval(() => this.coap.advance(now()), TICK_MS);

  constructor(sink: Sink) {
    this.coap = new CoapEndpoint(
      (output) => (output.type === 'datagram' ? this.#write(output.peer, output.bytes) : sink(output)),
      new SystemEntropy(),
    );
  }

  abstract start(): Promise<number>;
  abstract dial(port: number): Promise<string>;
  protected abstract send(peer: string, bytes: Uint8Array): void;

  roomOf(): undefined {
    return undefined;
  }

  notify({ peer, token }: Pick<IncomingHandle, 'peer' | 'token'>, { observe, payload }: Notification): void {
    const options = writeOptions({ observe, contentFormat: 0 });
    const messageId = randomBytes(2).readUInt16BE();
    this.#write(peer, encodeMessage({ type: 'NON', code: CODE.CONTENT, messageId, token, options, payload }));
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
  }

  protected heard(peer: string, bytes: Uint8Array): void {
    this.counted.received += 1;
    this.coap.receive(peer, bytes, now());
  }

  #write(peer: string, bytes: Uint8Array): void {
    this.counted.sent += 1;
    this.send(peer, bytes);
  }
}

/** We are the server; a peer is the address of its session. */
export class DtlsServerWire extends DtlsWire {
  readonly side: ServerSide;
  readonly #sessions = new Map<string, SessionHandle>();

  constructor(sink: Sink, settings: Partial<ServerSettings>, weather?: Weather) {
    super(sink);
    this.side = new ServerSide(settings, weather);
    this.side.hear = (session, bytes) => {
      this.#sessions.set(session.address, session);
      this.heard(session.address, bytes);
    };
  }

  async start(): Promise<number> {
    return (await this.side.listen()).port;
  }

  async dial(): Promise<string> {
    throw new TypeError('a server does not dial');
  }

  override async stop(): Promise<void> {
    await super.stop();
    this.side.stop();
  }

  protected send(peer: string, bytes: Uint8Array): void {
    this.side.server.send(this.#sessions.get(peer)!, bytes);
  }
}

/** We are the client. */
export class DtlsClientWire extends DtlsWire {
  side!: ClientSide;
  readonly #settings: Partial<ClientSettings>;
  readonly #more: { weather?: Weather; ports?: Partial<ClientPorts> };

  constructor(sink: Sink, settings: Partial<ClientSettings>, more: { weather?: Weather; ports?: Partial<ClientPorts> }) {
    super(sink);
    this.#settings = settings;
    this.#more = more;
  }

  async start(): Promise<number> {
    return 0;
  }

  async dial(port: number): Promise<string> {
    const peer = `127.0.0.1:${port}`;
    this.side = new ClientSide(port, this.#settings, this.#more);
    this.side.hear = (bytes) => this.heard(peer, bytes);
    await this.side.connect();
    await this.side.until('opened');
    return peer;
  }

  override async stop(): Promise<void> {
    await super.stop();
    this.side?.stop();
  }

  protected send(_peer: string, bytes: Uint8Array): void {
    this.side.client.send(bytes);
  }
}
