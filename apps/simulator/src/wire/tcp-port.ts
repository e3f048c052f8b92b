import { connect, type Socket } from 'node:net';
import { CoapStreams, type CoapRequest, type IncomingResponse, type StreamOutput } from '@drover/coap';
import { monotonicMs } from '@drover/platform';
import type { Answer } from './exchanges.ts';
import type { Requester } from './coap-pull.ts';
import { SeededEntropy } from './seeded-entropy.ts';

type Listener = (answer: Answer | undefined) => void;

/** Wall ms between looks at the timers of the stream. */
const TICK_MS = 500;

/** CoAP over TCP to one server, for a pull: connected when something is asked, and again after the connection was lost. */
export class TcpPort implements Requester {
  readonly #streams: CoapStreams;
  readonly #waiting: (() => void)[] = [];
  #socket: Socket | undefined;
  #ticker: NodeJS.Timeout | undefined;
  #peer = '';
  #connections = 0;
  #isClosed = false;

  readonly #closed: () => void;

  constructor(seed: number, closed: () => void) {
    this.#closed = closed;
    this.#streams = new CoapStreams((output) => this.#onOutput(output), new SeededEntropy(seed));
  }

  request(host: string, request: CoapRequest, listener: Listener): void {
    if (this.#isClosed) return;
    const ask = (): void => void this.#streams.request(this.#peer, { ...request, correlation: listener }, monotonicMs());
    if (this.#socket === undefined) this.#connect(host);
    if (this.#socket?.connecting) this.#waiting.push(ask);
    else ask();
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#closed();
    clearInterval(this.#ticker);
    this.#socket?.destroy();
  }

  #connect(host: string): void {
    const colon = host.lastIndexOf(':');
    const socket = connect(Number(host.slice(colon + 1)), host.slice(0, colon));
    this.#socket = socket;
    this.#connections += 1;
    this.#peer = `tcp:${host}#${this.#connections}`;
    this.#ticker ??= setInterval(() => this.#streams.advance(monotonicMs()), TICK_MS);
    socket.once('connect', () => {
      this.#streams.opened(this.#peer, monotonicMs(), 'client');
      for (const ask of this.#waiting.splice(0)) ask();
    });
    socket.on('data', (bytes) => this.#streams.receive(this.#peer, bytes, monotonicMs()));
    socket.on('error', () => undefined);
    socket.once('close', () => this.#lost());
  }

  /** What was asked meanwhile fails: the pull waits, and asks again on a new connection. */
  #lost(): void {
    this.#socket = undefined;
    this.#streams.closed(this.#peer);
    for (const ask of this.#waiting.splice(0)) ask();
  }

  #onOutput(output: StreamOutput): void {
    switch (output.type) {
      case 'datagram':
        return void this.#socket?.write(output.bytes);
      case 'close':
        return void this.#socket?.end();
      case 'response':
        return this.#answer(output.handle.correlation, output.response);
      case 'failed':
        return this.#answer(output.handle.correlation, undefined);
      default:
        return; // A device that pulls serves nobody on this connection.
    }
  }

  #answer(correlation: unknown, response: IncomingResponse | undefined): void {
    if (!this.#isClosed) (correlation as Listener)(response && { response, retransmissions: 0 });
  }
}
