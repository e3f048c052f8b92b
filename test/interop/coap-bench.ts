import { createHash } from 'node:crypto';
import {
  BERT_SZX,
  BlockAssembly,
  CODE,
  MAX_SZX,
  nextBlock,
  onAnswer,
  planBlocks,
  sizeOfSzx,
  startUpload,
  type CoapRequest,
  type IncomingHandle,
  type IncomingRequest,
  type IncomingResponse,
  type RequestHandle,
} from '@drover/coap';
import { TcpWire, UdpWire, type Sink, type Wire } from './bench-wires.ts';
import type { Figure } from './figures.ts';

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** Bytes in which no block is like another. */
export const patterned = (size: number, factor: number): Buffer =>
  Buffer.from(Array.from({ length: size }, (_, at) => (at * factor + (at >> 8) + (at >> 16)) & 255));

const MIB = 1024 * 1024;
export const IMAGE = patterned(MIB, 7);

export type Transport = 'udp' | 'tcp';
export const TRANSPORTS: readonly Transport[] = ['udp', 'tcp'];

const NOTIFY_EVERY_MS = 150;
const now = (): number => performance.now();

interface Waiting {
  readonly answered: (response: IncomingResponse) => void;
  readonly failed: (reason: string) => void;
  readonly notified: (response: IncomingResponse) => void;
}

/**
 * Our CoAP on a real socket, asking and serving: `/image` by Block2, `/counter` to be observed, `/upload` by Block1, `/rd`
 * to register at.
 */
export class CoapBench {
  readonly uploads: Buffer[] = [];
  /** Peers by the `ep` they registered with. */
  readonly registered = new Map<string, string>();
  blocksServed = 0;
  /** Copies of ours that it took beyond the first ones. */
  retransmissions = 0;
  readonly #wire: Wire;
  readonly #bodies = new BlockAssembly({ maxBodyBytes: MIB });
  readonly #watchers = new Map<string, IncomingHandle>();
  readonly #timer = setInterval(() => this.#count(), NOTIFY_EVERY_MS);
  #counter = 0;

  constructor(transport: Transport | ((sink: Sink) => Wire) = 'udp') {
    const sink: Sink = (output) => this.#onOutput(output);
    if (typeof transport === 'function') this.#wire = transport(sink);
    else this.#wire = transport === 'udp' ? new UdpWire(sink) : new TcpWire(sink);
  }

  async start(): Promise<string> {
    return `${this.#wire.scheme}://127.0.0.1:${await this.#wire.start()}`;
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#wire.stop();
  }

  dial(port: number): Promise<string> {
    return this.#wire.dial(port);
  }

  get watchers(): number {
    return this.#watchers.size;
  }

  /** What has crossed the wire so far. */
  get counted(): { readonly sent: number; readonly received: number } {
    return { ...this.#wire.counted };
  }

  /** What `act` cost on the wire. */
  async measure(act: () => Promise<{ bytes: number; blocks: number }>): Promise<Omit<Figure, 'peer' | 'transport' | 'what'>> {
    const start = now();
    const before = this.counted;
    const { bytes, blocks } = await act();
    const seconds = Number(((now() - start) / 1000).toFixed(3));
    const { sent, received } = this.counted;
    return { bytes, blocks, seconds, sent: sent - before.sent, received: received - before.received };
  }

  ask(peer: string, request: CoapRequest): Promise<IncomingResponse> {
    return new Promise((answered, reject) => {
      const correlation: Waiting = { answered, failed: (reason) => reject(new Error(reason)), notified: () => undefined };
      this.#wire.coap.request(peer, { ...request, correlation }, now());
    });
  }

  /** The first `count` texts that an observation tells, with which it ends. */
  observe(peer: string, path: readonly string[], count: number): Promise<string[]> {
    return new Promise((done, reject) => {
      const seen: string[] = [];
      const heard = ({ payload, code }: IncomingResponse): void => {
        if (code !== CODE.CONTENT) return reject(new Error(`code ${code}`));
        seen.push(Buffer.from(payload).toString());
        if (seen.length !== count) return;
        this.#wire.coap.cancelObservation(handle, now());
        done(seen);
      };
      const correlation: Waiting = { answered: heard, failed: (reason) => reject(new Error(reason)), notified: heard };
      const handle: RequestHandle = this.#wire.coap.request(peer, { method: 'GET', path, observe: 0, correlation }, now());
    });
  }

  /** A body that comes by Block2, on streams by BERT where the peer has it. */
  async read(peer: string, path: readonly string[]): Promise<{ body: Uint8Array; blocks: number }> {
    let szx = this.#wire.roomOf(peer) === undefined ? MAX_SZX : BERT_SZX;
    for (let num = 0, blocks = 1; ; blocks += 1) {
      const { code, options, payload } = await this.ask(peer, { method: 'GET', path, block2: { num, more: false, szx } });
      if (code !== CODE.CONTENT) throw new Error(`code ${code} to block ${num}`);
      if (!options.block2) return { body: payload, blocks };
      const { block2: block, contentFormat, etag } = options;
      const outcome = this.#bodies.add({ peer, path: path.join('/') }, { block, payload, contentFormat, etag }, now());
      if (outcome.type === 'complete') return { body: outcome.body, blocks };
      if (outcome.type === 'refused') throw new Error(`block ${num} does not fit`);
      szx = block.szx;
      num = outcome.received / sizeOfSzx(szx);
    }
  }

  /** A body that goes by Block1; answers the code of the last block and how many there were. */
  async write(peer: string, path: readonly string[], body: Uint8Array): Promise<{ code: number; blocks: number }> {
    let upload = startUpload({ size: body.length, room: this.#wire.roomOf(peer) });
    for (let blocks = 1; ; blocks += 1) {
      const { offset, length, block1, size1 } = nextBlock(upload);
      const payload = body.subarray(offset, offset + length);
      const { code, options } = await this.ask(peer, { method: 'PUT', path, contentFormat: 42, block1, size1, payload });
      const outcome = onAnswer(upload, { code, block1: options.block1, size1: options.size1 });
      if (outcome.type === 'done') return { code, blocks };
      if (outcome.type !== 'continue') throw new Error(`${outcome.type} at ${offset}: code ${code}`);
      upload = outcome.upload;
    }
  }

  #onOutput(output: Parameters<Sink>[0]): void {
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
      case 'POST rd':
        return this.#register(handle, request);
      default:
        this.#wire.coap.respond(handle, { code: CODE.NOT_FOUND }, now());
    }
  }

  #serveImage(handle: IncomingHandle, { options, room }: IncomingRequest): void {
    const wish = { block: options.block2, wantsSize: options.size2 !== undefined, room };
    const plan = planBlocks({ size: IMAGE.length, etag: Uint8Array.of(1) }, wish);
    if (plan.type === 'bad') return void this.#wire.coap.respond(handle, { code: CODE.BAD_REQUEST }, now());
    this.blocksServed += 1;
    // In the gateway the token in the path is the proof: without one a stranger gets no more than three times its bytes.
    this.#wire.coap.prove(handle.peer, now());
    const { offset, length, block2, size2, etag } = plan;
    const payload = IMAGE.subarray(offset, offset + length);
    this.#wire.coap.respond(handle, { code: CODE.CONTENT, options: { contentFormat: 42, block2, size2, etag }, payload }, now());
  }

  #serveCounter(handle: IncomingHandle, { options }: IncomingRequest): void {
    const key = `${handle.peer} ${Buffer.from(handle.token).toString('hex')}`;
    if (options.observe === 0) this.#watchers.set(key, handle);
    else this.#watchers.delete(key);
    const observe = options.observe === 0 ? this.#counter : undefined;
    const response = { code: CODE.CONTENT, options: { contentFormat: 0, observe }, payload: Buffer.from(`n${this.#counter}`) };
    this.#wire.coap.respond(handle, response, now());
  }

  #count(): void {
    this.#counter += 1;
    const notification = { observe: this.#counter, payload: Buffer.from(`n${this.#counter}`) };
    for (const watcher of this.#watchers.values()) this.#wire.notify(watcher, notification);
  }

  #takeUpload(handle: IncomingHandle, { options, payload }: IncomingRequest): void {
    const block = options.block1 ?? { num: 0, more: false, szx: MAX_SZX };
    const part = { block, payload, contentFormat: options.contentFormat, announcedSize: options.size1 };
    const outcome = this.#bodies.add({ peer: handle.peer, path: 'upload' }, part, now());
    const code = outcome.type === 'refused' ? outcome.code : outcome.type === 'continue' ? CODE.CONTINUE : CODE.CHANGED;
    if (outcome.type === 'complete') this.uploads.push(Buffer.from(outcome.body));
    this.#wire.coap.respond(handle, { code, options: { block1: options.block1 } }, now());
  }

  #register(handle: IncomingHandle, { options }: IncomingRequest): void {
    const ep = options.uriQuery.find((part) => part.startsWith('ep='))?.slice(3);
    if (ep === undefined) return void this.#wire.coap.respond(handle, { code: CODE.BAD_REQUEST }, now());
    this.registered.set(ep, handle.peer);
    this.#wire.coap.respond(handle, { code: CODE.CREATED, options: { locationPath: ['rd', ep] } }, now());
  }
}
