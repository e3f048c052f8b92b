import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { randomBytes } from 'node:crypto';
import {
  CoapEndpoint,
  CODE,
  codeOfText,
  encodeMessage,
  writeOptions,
  type CoapOptions,
  type CoapOutput,
  type CoapRequest,
  type IncomingHandle,
  type IncomingRequest,
  type IncomingResponse,
} from '@drover/coap';
import { Entropy } from '@drover/kernel';
import { CONTENT_FORMAT, encodeContent, type ResourceValue } from '@drover/lwm2m';

class TestEntropy extends Entropy {
  bytes(count: number): Uint8Array {
    return randomBytes(count);
  }
}

/** A request of the server, waiting for the test to say what the device answers. */
export interface Asked {
  readonly text: string;
  readonly request: IncomingRequest;
  reply(code: string, content?: readonly ResourceValue[], base?: string): void;
  /** Says yes to an observation, with the values now. */
  observed(content: readonly ResourceValue[]): void;
  /** Tells them anew, without being asked. */
  notify(content: readonly ResourceValue[]): void;
}

/** A request that stays unanswered for this long fails the test, ms. */
const PATIENCE_MS = 5000;

/** A device that speaks real CoAP over loopback and is told by the test what to expect next and what to answer. */
export class LockstepDevice {
  readonly #server: string;
  #socket: Socket;
  readonly #coap: CoapEndpoint;
  readonly #asked: Asked[] = [];
  readonly #waiting: ((asked: Asked) => void)[] = [];
  readonly #answers = new Map<object, (response: IncomingResponse) => void>();
  readonly #timer: NodeJS.Timeout;
  /** Of notifications: Observe values and message ids that go up. */
  #sequence = 0;

  private constructor(server: string, socket: Socket) {
    this.#server = server;
    this.#socket = socket;
    this.#coap = new CoapEndpoint((output) => this.#onOutput(output), new TestEntropy());
    this.#listen();
    this.#timer = setInterval(() => this.#coap.advance(performance.now()), 50);
  }

  /** `server` is `address:port`. */
  static async start(server: string): Promise<LockstepDevice> {
    return new LockstepDevice(server, await openSocket());
  }

  /** From now on at another port; whatever comes to the old one is lost. */
  async rebind(): Promise<void> {
    this.#socket.close();
    this.#socket = await openSocket();
    this.#listen();
  }

  #listen(): void {
    this.#socket.on('message', (bytes, { address, port }) => this.#coap.receive(`${address}:${port}`, bytes, performance.now()));
  }

  /** Its own `address:port`. */
  get address(): string {
    return `127.0.0.1:${this.#socket.address().port}`;
  }

  close(): void {
    clearInterval(this.#timer);
    this.#socket.close();
  }

  async register(query: readonly string[], links = '</1/0>,</3/0>,</4/0>,</5/0>'): Promise<IncomingResponse> {
    return this.request({ method: 'POST', path: ['rd'], query, contentFormat: CONTENT_FORMAT.LINK, payload: Buffer.from(links) });
  }

  request(request: CoapRequest): Promise<IncomingResponse> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new TypeError(`no answer to ${request.method} /${request.path.join('/')}`)), PATIENCE_MS);
      const key = {};
      this.#answers.set(key, (response) => {
        clearTimeout(timer);
        resolve(response);
      });
      this.#coap.request(this.#server, { ...request, correlation: key }, performance.now());
    });
  }

  /** The next request must be this one, e.g. `GET /5/0` or `PUT /5/0/1 coap://…`. */
  async expect(text: string): Promise<Asked> {
    const asked = await this.next();
    if (!asked.text.startsWith(text)) throw new TypeError(`expected "${text}", the server asked "${asked.text}"`);
    return asked;
  }

  next(): Promise<Asked> {
    const first = this.#asked.shift();
    if (first) return Promise.resolve(first);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new TypeError('the server asked nothing')), PATIENCE_MS);
      this.#waiting.push((asked) => {
        clearTimeout(timer);
        resolve(asked);
      });
    });
  }

  /** Whether the server asks anything within `ms`. */
  async isLeftAlone(ms: number): Promise<boolean> {
    await new Promise((resolve) => setTimeout(resolve, ms));
    return this.#asked.length === 0;
  }

  #onOutput(output: CoapOutput): void {
    if (output.type === 'datagram') {
      const colon = output.peer.lastIndexOf(':');
      this.#socket.send(output.bytes, Number(output.peer.slice(colon + 1)), output.peer.slice(0, colon));
    } else if (output.type === 'request') this.#take(output.handle, output.request);
    else if (output.type === 'response') this.#answers.get(output.handle.correlation as object)?.(output.response);
  }

  #take(handle: IncomingHandle, request: IncomingRequest): void {
    const path = `/${request.options.uriPath.join('/')}`;
    const payload = request.options.contentFormat === CONTENT_FORMAT.TEXT ? ` ${Buffer.from(request.payload).toString()}` : '';
    const observe = request.options.observe === 0 ? ' observe' : '';
    const asked: Asked = {
      text: `${request.method} ${path}${observe}${payload}`,
      request,
      reply: (code, content, base = path) => this.#reply(handle, code, content, base),
      observed: (content) => this.#coap.respond(handle, { code: CODE.CONTENT, ...this.#notification(content, path) }, performance.now()),
      notify: (content) => this.#notify(handle.token, this.#notification(content, path)),
    };
    const waiting = this.#waiting.shift();
    if (waiting) waiting(asked);
    else this.#asked.push(asked);
  }

  #notification(content: readonly ResourceValue[], base: string): { options: Partial<CoapOptions>; payload: Uint8Array } {
    return {
      options: { observe: ++this.#sequence, contentFormat: CONTENT_FORMAT.SENML_CBOR },
      payload: encodeContent(CONTENT_FORMAT.SENML_CBOR, content, base),
    };
  }

  #notify(token: Uint8Array, { options, payload }: { options: Partial<CoapOptions>; payload: Uint8Array }): void {
    const message = { type: 'NON', code: CODE.CONTENT, messageId: ++this.#sequence, token } as const;
    const [host = '', port] = this.#server.split(':');
    this.#socket.send(encodeMessage({ ...message, options: writeOptions(options), payload }), Number(port), host);
  }

  #reply(handle: IncomingHandle, code: string, content: readonly ResourceValue[] | undefined, base: string): void {
    const body = content && {
      options: { contentFormat: CONTENT_FORMAT.SENML_CBOR },
      payload: encodeContent(CONTENT_FORMAT.SENML_CBOR, content, base),
    };
    this.#coap.respond(handle, { code: codeOfText(code) ?? CODE.INTERNAL, ...body }, performance.now());
  }
}

async function openSocket(): Promise<Socket> {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return socket;
}
