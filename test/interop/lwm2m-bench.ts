import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { CODE, CoapEndpoint, codeText, type CoapOutput, type IncomingHandle, type IncomingRequest } from '@drover/coap';
import { Instant, type Endpoint } from '@drover/kernel';
import { decodeContent, type DeviceOperation, type ObjectModels, type OperationOutcome, type ResourceValue } from '@drover/lwm2m';
import { SystemEntropy } from '@drover/platform';
import { NO_CLASS } from '../../apps/server/src/gateway/device-classes.ts';
import { Operations, type Correlated, type Running } from '../../apps/server/src/gateway/operations.ts';
import type { Performed } from '../../apps/server/src/gateway/operations/performance.ts';
import { RegistrationHandler } from '../../apps/server/src/gateway/registration-handler.ts';
import { Registry, type Registered } from '../../apps/server/src/gateway/registry.ts';

const TICK_MS = 20;
const now = (): number => performance.now();

export interface Observed {
  readonly first: Performed;
  readonly notifications: OperationOutcome[];
  readonly end: Running['endObservation'];
}

/** The gateway's registration and operations on a real socket, with the content format in the hand of the test. */
export class Lwm2mBench {
  /** Content formats to speak, best first; empty: what the gateway chooses by itself. */
  formats: readonly number[] = [];
  /** What came by Send, and the codes of everything that came. */
  readonly sent: ResourceValue[][] = [];
  readonly contacts: string[] = [];
  /** Content formats of the answers, in order. */
  readonly answeredIn: (number | undefined)[] = [];
  readonly #socket: Socket = createSocket('udp4');
  readonly #coap = new CoapEndpoint((output) => this.#onOutput(output), new SystemEntropy());
  readonly #registry = new Registry(Instant(Date.now()));
  readonly #registrations = new RegistrationHandler(this.#registry, new SystemEntropy());
  readonly #operations: Operations;
  readonly #timer = setInterval(() => this.#coap.advance(now()), TICK_MS);

  constructor(models: ObjectModels) {
    this.#operations = new Operations(this.#coap, now, { models, classOf: () => ({ ...NO_CLASS, formats: this.formats }) });
  }

  async start(): Promise<string> {
    this.#socket.on('message', (bytes, { address, port }) => this.#coap.receive(`${address}:${port}`, bytes, now()));
    this.#socket.bind(0, '127.0.0.1');
    await once(this.#socket, 'listening');
    return `coap://127.0.0.1:${this.#socket.address().port}`;
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#socket.close();
  }

  device(endpoint: Endpoint): Registered | undefined {
    return this.#registry.of(endpoint, Instant(Date.now()));
  }

  run(endpoint: Endpoint, operation: DeviceOperation): Promise<Performed> {
    return new Promise((ended) => this.#operations.run(this.#known(endpoint), operation, { ended }));
  }

  observe(endpoint: Endpoint, operation: DeviceOperation): Promise<Observed> {
    const notifications: OperationOutcome[] = [];
    return new Promise((resolve) => {
      const running: Running = this.#operations.run(this.#known(endpoint), operation, {
        ended: (first) => resolve({ first, notifications, end: () => running.endObservation() }),
        notified: (notification) => notifications.push(notification),
      });
    });
  }

  #known(endpoint: Endpoint): Registered {
    const device = this.device(endpoint);
    if (!device) throw new TypeError(`${endpoint} is not registered`);
    return device;
  }

  #onOutput(output: CoapOutput): void {
    if (output.type === 'datagram') {
      const [address, port] = output.peer.split(':');
      this.#socket.send(output.bytes, Number(port), address);
      return;
    }
    if (output.type === 'request') return this.#serve(output.peer, output.handle, output.request);
    const correlated = output.handle.correlation as Correlated;
    if (output.type === 'failed') correlated.onFailed();
    else if (output.type === 'response') {
      this.answeredIn.push(output.response.options.contentFormat);
      correlated.onResponse(output.response, output.retransmissions);
    } else correlated.onNotification?.(output.response);
  }

  #serve(peer: string, handle: IncomingHandle, request: IncomingRequest): void {
    if (request.options.uriPath[0] === 'dp') {
      this.sent.push([...decodeContent(request.options.contentFormat ?? 0, request.payload, '/')]);
      this.#coap.respond(handle, { code: CODE.CHANGED }, now());
      return;
    }
    const { response, contact } = this.#registrations.handle(peer, request, { now: now(), clock: Instant(Date.now()) });
    this.contacts.push(contact?.kind ?? codeText(response.code));
    this.#coap.respond(handle, response, now());
  }
}
