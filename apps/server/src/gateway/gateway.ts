import type { Endpoint } from '@drover/kernel';
import type { CoapOutput, IncomingHandle, IncomingRequest, RequestHandle } from '@drover/coap';
import { SystemEntropy } from '@drover/platform';
import { isOfBootstrap } from '../link/bootstrap.ts';
import type { ToGateway } from '../link/messages.ts';
import { isOfSecurity } from '../link/security.ts';
import { Desks } from './desks.ts';
import { DeviceClasses } from './device-classes.ts';
import type { GatewayParts } from './gateway-parts.ts';
import type { Correlated } from './operations.ts';
import { PULL_PATH } from './pull-server.ts';
import { Registry } from './registry.ts';
import { TraceDesk } from './trace/trace-desk.ts';
import { Wire } from './wire.ts';

export type { GatewayParts } from './gateway-parts.ts';

/**
 * Where the standards meet: datagrams become registrations, answers and facts; commands become conversations. Sockets have to
 * do with its wire, the engine with `command`; in between each thing goes to the desk that it is for.
 */
export class Gateway {
  readonly wire: Wire;
  readonly #parts: GatewayParts;
  readonly #registry: Registry;
  readonly #classes = new DeviceClasses();
  readonly #desks: Desks;

  constructor(parts: GatewayParts) {
    this.#parts = parts;
    const { clock } = parts;
    const entropy = new SystemEntropy();
    const registry = new Registry(clock.now());
    const trace = new TraceDesk({
      clock: () => clock.now(),
      endpointsAt: (peer) => registry.endpointsAt(peer),
      ownerOf: (token) => this.#desks.commands.ownerOf(token),
    });
    const shared = { ...parts, entropy, registry, classes: this.#classes, trace };
    this.wire = new Wire({
      ...shared,
      sink: (output) => this.#onOutput(output),
      barred: (endpoint) => this.#desks.registrations.bar(endpoint),
    });
    this.#registry = registry;
    this.#desks = new Desks({ ...shared, wire: this.wire });
  }

  command(message: ToGateway): void {
    const { registrations, commands, carriers, looks, operators } = this.#desks;
    if (message.type === 'restore') {
      for (const registration of message.registrations) registrations.restore(registration);
      commands.restoreTokens(message.tokens);
    } else if (message.type === 'open') this.wire.open();
    else if (message.type === 'carrier-shares') carriers.handle(message);
    else if (message.type === 'read-facts') this.#readFacts(message.endpoint);
    else if (message.type === 'device-classes' || message.type === 'classify') this.#classes.handle(message);
    else if (message.type === 'look' || message.type === 'trace') looks.handle(message);
    else if (message.type === 'operate' || message.type === 'end-operation') operators.handle(message);
    else if (isOfSecurity(message)) this.wire.secured?.handle(message);
    else if (!isOfBootstrap(message)) commands.handle(message);
    this.#parts.wake();
  }

  close(): void {
    const { registrations, carriers, commands } = this.#desks;
    registrations.close();
    carriers.close();
    commands.close();
  }

  #readFacts(endpoint: Endpoint): void {
    const device = this.#registry.of(endpoint, this.#parts.clock.now());
    if (device) this.#desks.reader.read(device);
  }

  #onOutput(output: CoapOutput): void {
    switch (output.type) {
      case 'datagram':
        return; // Has gone its way on the wire.
      case 'request':
        return this.#onRequest(output.peer, output.handle, output.request);
      case 'response':
        this.#registry.answered(output.handle.peer);
        return correlated(output.handle)?.onResponse(output.response, output.retransmissions);
      case 'notification':
        return correlated(output.handle)?.onNotification?.(output.response);
      case 'failed':
        return correlated(output.handle)?.onFailed();
    }
  }

  #onRequest(peer: string, handle: IncomingHandle, request: IncomingRequest): void {
    const { pulls, contacts } = this.#desks;
    const [first, token = ''] = request.options.uriPath;
    if (first === PULL_PATH) return pulls.onRequest(handle, request, token);
    if (first === 'dp') return contacts.onSend(peer, handle, request);
    contacts.onRegistration(peer, handle, request);
  }
}

function correlated(handle: RequestHandle): Correlated | undefined {
  return handle.correlation as Correlated | undefined;
}
