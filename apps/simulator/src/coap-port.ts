import { createSocket, type Socket } from 'node:dgram';
import {
  CODE,
  CoapEndpoint,
  encodeMessage,
  peekHeader,
  writeOptions,
  type CoapOptions,
  type CoapOutput,
  type CoapRequest,
  type CoapResponse,
  type IncomingRequest,
  type IncomingResponse,
} from '@drover/coap';
import { monotonicMs } from '@drover/platform';
import { SeededEntropy } from './seeded-entropy.ts';

const HOST = '127.0.0.1';
/** An answer later than this is acknowledged first, so that the server does not ask again. */
const ACKNOWLEDGE_AFTER_MS = 1000;

export interface Answer {
  readonly response: IncomingResponse;
  readonly retransmissions: number;
}

/** An answer to a server, and how long the radio and the device take for it, wall ms. */
export interface Reply {
  readonly response: CoapResponse;
  readonly delayMs?: number;
}

export interface PortParts {
  readonly seed: number;
  /** Share of datagrams lost, each way, decided by `random`. */
  readonly loss: number;
  readonly random: () => number;
  /** A sleeping device hears nothing. */
  readonly isAwake: () => boolean;
  /** A datagram came or went. */
  readonly active: () => void;
  readonly serve: (request: IncomingRequest, from: { peer: string; token: Uint8Array }) => Reply;
  /** The server wants no more notifications under this token. */
  readonly unobserved: (token: Uint8Array) => void;
  readonly closed: () => void;
}

type Listener = (answer: Answer | undefined) => void;

/** A UDP socket of a device with CoAP on it, on a port that the operating system chooses. */
export class CoapPort {
  readonly #parts: PortParts;
  readonly #coap: CoapEndpoint;
  readonly #socket: Socket;
  readonly #notified = new Map<number, Uint8Array>();
  #receiving: Uint8Array | undefined;
  #notifications: number;
  #timer: NodeJS.Timeout | undefined;
  #timerAt = Infinity;
  #pending = 0;
  #isClosed = false;

  constructor(parts: PortParts) {
    this.#parts = parts;
    this.#notifications = parts.seed & 0xffff;
    this.#coap = new CoapEndpoint((output) => this.#onOutput(output), new SeededEntropy(parts.seed), {
      maxAmplification: Number.POSITIVE_INFINITY,
    });
    this.#socket = createSocket('udp4', (bytes, { address, port }) => this.#onDatagram(`${address}:${port}`, bytes));
    this.#socket.bind(0, HOST);
  }

  /** Requests of ours that wait for their answer. */
  get isBusy(): boolean {
    return this.#pending > 0;
  }

  /** `listener` gets `undefined` when nothing came back. */
  request(peer: string, request: CoapRequest, listener: Listener): void {
    if (this.#isClosed) return;
    this.#pending += 1;
    this.#coap.request(peer, { ...request, correlation: listener }, monotonicMs());
    this.#armTimer();
  }

  /** Non-confirmable, as most stacks notify. */
  notify(peer: string, token: Uint8Array, content: { options: Partial<CoapOptions>; payload: Uint8Array }): void {
    if (this.#isClosed) return;
    this.#notifications = (this.#notifications + 1) & 0xffff;
    this.#notified.set(this.#notifications & 0xf, token);
    const options = writeOptions(content.options);
    this.#send(
      peer,
      encodeMessage({ type: 'NON', code: CODE.CONTENT, messageId: this.#notifications, token, options, payload: content.payload }),
    );
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#socket.close();
    this.#parts.closed();
  }

  #onDatagram(peer: string, bytes: Uint8Array): void {
    if (this.#isClosed || !this.#parts.isAwake() || this.#isLost()) return;
    this.#parts.active();
    if (this.#endsObservation(bytes)) return;
    this.#receiving = bytes;
    this.#coap.receive(peer, bytes, monotonicMs());
    this.#armTimer();
  }

  #endsObservation(bytes: Uint8Array): boolean {
    const header = peekHeader(bytes);
    if (header?.type !== 'RST') return false;
    const age = (this.#notifications - header.messageId) & 0xffff;
    const token = age < 0x10 ? this.#notified.get(header.messageId & 0xf) : undefined;
    if (token === undefined) return false;
    this.#parts.unobserved(token);
    return true;
  }

  #onOutput(output: CoapOutput): void {
    switch (output.type) {
      case 'datagram':
        return this.#send(output.peer, output.bytes);
      case 'request':
        return this.#serve(output);
      case 'response':
        this.#pending -= 1;
        return (output.handle.correlation as Listener)({ response: output.response, retransmissions: output.retransmissions });
      case 'failed':
        this.#pending -= 1;
        return (output.handle.correlation as Listener)(undefined);
      case 'notification':
        return; // A device observes nothing.
    }
  }

  #serve({ peer, handle, request }: Extract<CoapOutput, { type: 'request' }>): void {
    const { response, delayMs = 0 } = this.#parts.serve(request, { peer, token: tokenOf(this.#receiving) });
    if (delayMs > ACKNOWLEDGE_AFTER_MS) this.#coap.acknowledge(handle);
    const answer = (): void => {
      if (this.#isClosed) return;
      this.#coap.respond(handle, response, monotonicMs());
      this.#armTimer();
    };
    if (delayMs <= 0) return answer();
    // Unlike the device's other timers this one may outlive a power loss: the closed port then keeps silent.
    const dueAt = monotonicMs() + delayMs;
    const wait = (): void => (monotonicMs() < dueAt ? void setTimeout(wait, Math.ceil(dueAt - monotonicMs())) : answer());
    wait();
  }

  #send(peer: string, bytes: Uint8Array): void {
    this.#parts.active();
    if (this.#isClosed || this.#isLost()) return;
    const colon = peer.lastIndexOf(':');
    // What cannot be sent is lost, as on any radio; CoAP repeats it.
    this.#socket.send(bytes, Number(peer.slice(colon + 1)), peer.slice(0, colon), () => undefined);
  }

  #isLost(): boolean {
    return this.#parts.loss > 0 && this.#parts.random() < this.#parts.loss;
  }

  /** Set again only when something is due earlier: most timers are overtaken by their answers. */
  #armTimer(): void {
    const at = this.#coap.nextTimerAt() ?? Infinity;
    if (this.#isClosed || at >= this.#timerAt) return;
    clearTimeout(this.#timer);
    this.#timerAt = at;
    this.#timer = setTimeout(
      () => {
        this.#timerAt = Infinity;
        this.#coap.advance(monotonicMs());
        this.#armTimer();
      },
      Math.max(1, Math.ceil(at - monotonicMs())),
    );
  }
}

/** Of the request that is being handed out; the endpoint keeps tokens to itself. */
function tokenOf(datagram: Uint8Array | undefined): Uint8Array {
  return datagram === undefined ? new Uint8Array(0) : datagram.slice(4, 4 + (datagram[0]! & 0x0f));
}
