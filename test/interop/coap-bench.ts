import { createHash, randomBytes } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import {
  BlockAssembly,
  CODE,
  CoapEndpoint,
  decodeMessage,
  encodeMessage,
  nextBlock,
  onAnswer,
  planBlock,
  startUpload,
  writeOptions,
  type CoapOutput,
  type CoapRequest,
  type IncomingHandle,
  type IncomingRequest,
  type IncomingResponse,
} from '@drover/coap';
import { SystemEntropy } from '@drover/platform';

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** Bytes in which no block is like another. */
export const patterned = (size: number, factor: number): Buffer =>
  Buffer.from(Array.from({ length: size }, (_, at) => (at * factor + (at >> 8) + (at >> 16)) & 255));

export const IMAGE = patterned(256 * 1024, 7);

const NOTIFY_EVERY_MS = 150;
const TICK_MS = 20;

interface Waiting {
  readonly answered: (response: IncomingResponse) => void;
  readonly failed: (reason: string) => void;
  readonly notified: (response: IncomingResponse) => void;
}

interface Watcher {
  readonly peer: string;
  readonly token: Uint8Array;
}

/**
 * One `CoapEndpoint` on a real socket, asking and serving: `/image` by Block2, `/counter` to be observed, `/upload` by Block1.
 */
export class CoapBench {
  readonly uploads: Buffer[] = [];
  blocksServed = 0;
  /** Copies of ours that it took beyond the first ones. */
  retransmissions = 0;
  readonly #socket: Socket = createSocket('udp4');
  readonly #coap = new CoapEndpoint((output) => this.#onOutput(output), new SystemEntropy());
  readonly #bodies = new BlockAssembly({ maxBodyBytes: 1024 * 1024 });
  readonly #watchers = new Map<string, Watcher>();
  readonly #timers = [setInterval(() => this.#coap.advance(performance.now()), TICK_MS), setInterval(() => this.#count(), NOTIFY_EVERY_MS)];
  #counter = 0;
  #token = new Uint8Array(0);

  async start(): Promise<string> {
    this.#socket.on('message', (bytes, { address, port }) => {
      // The token a notification has to carry; handed out with the request that this datagram may be.
      this.#token = decodeMessage(bytes).token.slice();
      this.#coap.receive(`${address}:${port}`, bytes, performance.now());
    });
    this.#socket.bind(0, '127.0.0.1');
    await once(this.#socket, 'listening');
    return `coap://127.0.0.1:${this.#socket.address().port}`;
  }

  stop(): void {
    this.#timers.forEach(clearInterval);
    this.#socket.close();
  }

  get watchers(): number {
    return this.#watchers.size;
  }

  ask(peer: string, request: CoapRequest, notified: Waiting['notified'] = () => undefined): Promise<IncomingResponse> {
    return new Promise((answered, reject) => {
      const correlation: Waiting = { answered, failed: (reason) => reject(new Error(reason)), notified };
      this.#coap.request(peer, { ...request, correlation }, performance.now());
    });
  }

  /** A body that comes by Block2. */
  async read(peer: string, path: readonly string[]): Promise<Uint8Array> {
    for (let num = 0, szx = 6; ; num += 1) {
      const { code, options, payload } = await this.ask(peer, { method: 'GET', path, block2: { num, more: false, szx } });
      if (code !== CODE.CONTENT) throw new Error(`code ${code} to block ${num}`);
      if (!options.block2) return payload;
      const { block2: block, contentFormat, etag } = options;
      const outcome = this.#bodies.add({ peer, path: path.join('/') }, { block, payload, contentFormat, etag }, performance.now());
      if (outcome.type === 'complete') return outcome.body;
      if (outcome.type === 'refused') throw new Error(`block ${num} does not fit`);
      szx = block.szx;
    }
  }

  /** A body that goes by Block1; answers the code of the last block and how many there were. */
  async write(peer: string, path: readonly string[], body: Uint8Array): Promise<{ code: number; blocks: number }> {
    let upload = startUpload({ size: body.length });
    for (let blocks = 1; ; blocks += 1) {
      const { offset, length, block1, size1 } = nextBlock(upload);
      const payload = body.subarray(offset, offset + length);
      const { code, options } = await this.ask(peer, { method: 'PUT', path, contentFormat: 42, block1, size1, payload });
      const outcome = onAnswer(upload, { code, block1: options.block1, size1: options.size1 });
      if (outcome.type === 'done') return { code, blocks };
      if (outcome.type !== 'continue') throw new Error(`${outcome.type} at ${offset}`);
      upload = outcome.upload;
    }
  }

  #onOutput(output: CoapOutput): void {
    if (output.type === 'datagram') {
      const [address, port] = output.peer.split(':');
      this.#socket.send(output.bytes, Number(port), address);
      return;
    }
    if (output.type === 'request') return this.#serve(output.handle, output.request);
    const waiting = output.handle.correlation as Waiting;
    if (output.type === 'failed') waiting.failed(output.reason);
    else if (output.type === 'response') {
      this.retransmissions += output.retransmissions;
      waiting.answered(output.response);
    } else waiting.notified(output.response);
  }

  #serve(handle: IncomingHandle, request: IncomingRequest): void {
    switch (`${request.method} ${request.options.uriPath.join('/')}`) {
      case 'GET image':
        return this.#serveImage(handle, request);
      case 'GET counter':
        return this.#serveCounter(handle, request);
      case 'PUT upload':
        return this.#takeUpload(handle, request);
      default:
        this.#coap.respond(handle, { code: CODE.NOT_FOUND }, performance.now());
    }
  }

  #serveImage(handle: IncomingHandle, { options }: IncomingRequest): void {
    const plan = planBlock({ size: IMAGE.length, etag: Uint8Array.of(1) }, options.block2, options.size2 !== undefined);
    if (plan.type === 'bad') return void this.#coap.respond(handle, { code: CODE.BAD_REQUEST }, performance.now());
    this.blocksServed += 1;
    const { offset, length, block2, size2, etag } = plan;
    const payload = IMAGE.subarray(offset, offset + length);
    this.#coap.respond(handle, { code: CODE.CONTENT, options: { contentFormat: 42, block2, size2, etag }, payload }, performance.now());
  }

  #serveCounter(handle: IncomingHandle, { options }: IncomingRequest): void {
    const key = `${handle.peer} ${Buffer.from(this.#token).toString('hex')}`;
    if (options.observe === 0) this.#watchers.set(key, { peer: handle.peer, token: this.#token });
    else this.#watchers.delete(key);
    const observe = options.observe === 0 ? this.#counter : undefined;
    const response = { code: CODE.CONTENT, options: { contentFormat: 0, observe }, payload: Buffer.from(`n${this.#counter}`) };
    this.#coap.respond(handle, response, performance.now());
  }

  #count(): void {
    this.#counter += 1;
    const options = writeOptions({ observe: this.#counter, contentFormat: 0 });
    for (const { peer, token } of this.#watchers.values()) {
      const messageId = randomBytes(2).readUInt16BE();
      const payload = Buffer.from(`n${this.#counter}`);
      this.#onOutput({
        type: 'datagram',
        peer,
        bytes: encodeMessage({ type: 'NON', code: CODE.CONTENT, messageId, token, options, payload }),
      });
    }
  }

  #takeUpload(handle: IncomingHandle, { options, payload }: IncomingRequest): void {
    const block = options.block1 ?? { num: 0, more: false, szx: 6 };
    const part = { block, payload, contentFormat: options.contentFormat, announcedSize: options.size1 };
    const outcome = this.#bodies.add({ peer: handle.peer, path: 'upload' }, part, performance.now());
    const code = outcome.type === 'refused' ? outcome.code : outcome.type === 'continue' ? CODE.CONTINUE : CODE.CHANGED;
    if (outcome.type === 'complete') this.uploads.push(Buffer.from(outcome.body));
    this.#coap.respond(handle, { code, options: { block1: options.block1 } }, performance.now());
  }
}
