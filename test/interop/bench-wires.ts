import { randomBytes } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';
import {
  CODE,
  CoapEndpoint,
  CoapStreams,
  encodeFrame,
  encodeMessage,
  writeOptions,
  type CoapTransport,
  type IncomingHandle,
  type StreamOutput,
} from '@drover/coap';
import { createLogger, SystemEntropy } from '@drover/platform';
import { StreamListener } from '../../apps/server/src/gateway/stream-listener.ts';

const HOST = '127.0.0.1';
const TICK_MS = 20;
const now = (): number => performance.now();

export type Sink = (output: Exclude<StreamOutput, { type: 'datagram' | 'close' }>) => void;

export interface Notification {
  readonly observe: number;
  readonly payload: Uint8Array;
}

/** CoAP on a real socket of either kind, with counters of what crosses it: datagrams on UDP, writes and reads on TCP. */
export interface Wire {
  readonly coap: CoapTransport;
  readonly scheme: 'coap' | 'coap+tcp' | 'coaps';
  readonly counted: { sent: number; received: number };
  /** Its port. */
  start(): Promise<number>;
  /** The name of the peer at this port, connected where that is needed. */
  dial(port: number): Promise<string>;
  /** BERT room towards it, if any. */
  roomOf(peer: string): number | undefined;
  notify(watcher: Pick<IncomingHandle, 'peer' | 'token'>, notification: Notification): void;
  stop(): Promise<void>;
}

/** One UDP socket with a `CoapEndpoint`. */
export class UdpWire implements Wire {
  readonly scheme = 'coap';
  readonly counted = { sent: 0, received: 0 };
  readonly coap: CoapEndpoint;
  readonly #socket: Socket = createSocket('udp4');
  readonly #timer = setInterval(() => this.coap.advance(now()), TICK_MS);

  constructor(sink: Sink) {
    this.coap = new CoapEndpoint(
      (output) => (output.type === 'datagram' ? this.#send(output.peer, output.bytes) : sink(output)),
      new SystemEntropy(),
    );
  }

  async start(): Promise<number> {
    this.#socket.on('message', (bytes, { address, port }) => {
      this.counted.received += 1;
      this.coap.receive(`${address}:${port}`, bytes, now());
    });
    this.#socket.bind(0, HOST);
    await once(this.#socket, 'listening');
    return this.#socket.address().port;
  }

  async dial(port: number): Promise<string> {
    return `${HOST}:${port}`;
  }

  roomOf(): undefined {
    return undefined;
  }

  notify({ peer, token }: Pick<IncomingHandle, 'peer' | 'token'>, { observe, payload }: Notification): void {
    const options = writeOptions({ observe, contentFormat: 0 });
    const messageId = randomBytes(2).readUInt16BE();
    this.#send(peer, encodeMessage({ type: 'NON', code: CODE.CONTENT, messageId, token, options, payload }));
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#socket.close();
  }

  #send(peer: string, bytes: Uint8Array): void {
    this.counted.sent += 1;
    const [address, port] = peer.split(':');
    this.#socket.send(bytes, Number(port), address);
  }
}

/** The gateway's own TCP listener with `CoapStreams`. */
export class TcpWire implements Wire {
  readonly scheme = 'coap+tcp';
  readonly counted = { sent: 0, received: 0 };
  readonly coap: CoapStreams;
  readonly #listener: StreamListener;
  readonly #timer = setInterval(() => this.coap.advance(now()), TICK_MS);

  constructor(sink: Sink) {
    this.coap = new CoapStreams((output) => {
      if (output.type === 'datagram') this.#send(output.peer, output.bytes);
      else if (output.type === 'close') this.#listener.close(output.peer);
      else sink(output);
    }, new SystemEntropy());
    const streams = {
      opened: this.coap.opened.bind(this.coap),
      closed: this.coap.closed.bind(this.coap),
      receive: (peer: string, bytes: Uint8Array, at: number): void => {
        this.counted.received += 1;
        this.coap.receive(peer, bytes, at);
      },
    };
    this.#listener = new StreamListener({ streams, now, wake: () => undefined, log: createLogger('error', 'interop') });
  }

  async start(): Promise<number> {
    return (await this.#listener.listen(0, HOST)).port;
  }

  async dial(port: number): Promise<string> {
    const socket = connect(port, HOST);
    await once(socket, 'connect');
    const peer = this.#listener.adopt(socket, 'client')!;
    // Its CSM says whether it takes BERT; a device that has registered has said so long before it is asked anything.
    await once(socket, 'data');
    return peer;
  }

  roomOf(peer: string): number | undefined {
    return this.coap.roomOf(peer);
  }

  notify({ peer, token }: Pick<IncomingHandle, 'peer' | 'token'>, { observe, payload }: Notification): void {
    this.#send(peer, encodeFrame({ code: CODE.CONTENT, token, options: writeOptions({ observe, contentFormat: 0 }), payload }));
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#listener.stop();
  }

  #send(peer: string, bytes: Uint8Array): void {
    this.counted.sent += 1;
    this.#listener.write(peer, bytes);
  }
}
