import { once } from 'node:events';
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { CoapStreams, codeText, type CoapRequest, type IncomingRequest, type IncomingResponse, type StreamOutput } from '@drover/coap';
import { CONTENT_FORMAT } from '@drover/lwm2m';
import { monotonicMs, SystemEntropy } from '@drover/platform';

const PEER = 'tcp:server:0';

/** A device over TLS (`coaps+tcp`): Node's own client, with what a test gives it. */
export class TlsDevice {
  readonly asked: string[] = [];
  location: readonly string[] = [];
  readonly #socket: TLSSocket;
  readonly #streams: CoapStreams;

  private constructor(socket: TLSSocket) {
    this.#socket = socket;
    this.#streams = new CoapStreams((output) => this.#onOutput(output), new SystemEntropy());
    socket.on('error', () => undefined);
    socket.on('data', (bytes) => this.#streams.receive(PEER, bytes, monotonicMs()));
    socket.on('close', () => this.#streams.closed(PEER));
    this.#streams.opened(PEER, monotonicMs(), 'client');
  }

  /** `uri` is `coaps+tcp://host:port` of the server. Rejects when the handshake fails. */
  static async start(uri: string, options: ConnectionOptions): Promise<TlsDevice> {
    const { hostname, port } = new URL(uri);
    const socket = connect({ host: hostname, port: Number(port), maxVersion: 'TLSv1.2', checkServerIdentity: () => undefined, ...options });
    // An error while it connects rejects.
    await once(socket, 'secureConnect');
    return new TlsDevice(socket);
  }

  static withKey(uri: string, identity: string, key: Uint8Array, ciphers = 'PSK-AES128-GCM-SHA256'): Promise<TlsDevice> {
    return TlsDevice.start(uri, { ciphers, pskCallback: () => ({ identity, psk: key }) });
  }

  get cipher(): string {
    return this.#socket.getCipher().name;
  }

  /** Resolves when the other side has hung up. */
  get ended(): Promise<unknown> {
    return this.#socket.closed ? Promise.resolve() : once(this.#socket, 'close');
  }

  close(): void {
    this.#socket.destroy();
  }

  async register(endpoint: string, links = '</1/0>,</3/0>,</5/0>'): Promise<string> {
    const query = [`ep=${endpoint}`, 'lt=300', 'lwm2m=1.1', 'b=T'];
    const answer = await this.#request({
      method: 'POST',
      path: ['rd'],
      query,
      contentFormat: CONTENT_FORMAT.LINK,
      payload: Buffer.from(links),
    });
    this.location = answer?.options.locationPath ?? [];
    return answer ? codeText(answer.code) : 'closed';
  }

  async say(method: CoapRequest['method'], path: readonly string[]): Promise<string> {
    const answer = await this.#request({ method, path });
    return answer ? codeText(answer.code) : 'closed';
  }

  #request(request: CoapRequest): Promise<IncomingResponse | undefined> {
    return new Promise((resolve) => this.#streams.request(PEER, { ...request, correlation: resolve }, monotonicMs()));
  }

  /** Nothing is there: what matters is that it was asked. */
  #answer({ method, options }: IncomingRequest): string {
    this.asked.push(`${method} /${options.uriPath.join('/')}`);
    return '4.04';
  }

  #onOutput(output: StreamOutput): void {
    const told =
      'handle' in output && 'correlation' in output.handle ? (output.handle.correlation as (answer?: IncomingResponse) => void) : undefined;
    if (output.type === 'datagram') this.#socket.write(output.bytes);
    else if (output.type === 'close') this.#socket.end();
    else if (output.type === 'response') told?.(output.response);
    else if (output.type === 'failed') told?.();
    else if (output.type === 'request') {
      this.#answer(output.request);
      this.#streams.respond(output.handle, { code: 0x84 });
    }
  }
}
