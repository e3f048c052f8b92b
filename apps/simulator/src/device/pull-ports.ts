import type { Dice } from '../chance.ts';
import type { CoapPort, DeviceSecret } from '../wire/coap-port.ts';
import type { Requester } from '../wire/coap-pull.ts';
import { DeviceContext } from '../wire/oscore-link.ts';
import { TcpPort } from '../wire/tcp-port.ts';

/** The device that pulls. */
export interface Puller {
  readonly dice: Dice;
  /** `address:port` of the one it is registered with, and the port it has towards that. */
  readonly server: string;
  readonly port: CoapPort;
  /** Absent without security. */
  readonly key: DeviceSecret | undefined;
  openUdp(key?: DeviceSecret): CoapPort;
}

/** What a device has open beside the port that it registered from: a pull comes from another, and so does a bootstrap. */
export class PullPorts {
  readonly #device: Puller;
  readonly #open = new Set<Requester>();

  constructor(device: Puller) {
    this.#device = device;
  }

  get isEmpty(): boolean {
    return this.#open.size === 0;
  }

  /** From the server that it has a session with already it fetches in that session: a handshake costs more than a block. */
  open(scheme: 'coap' | 'coaps' | 'coap+tcp', host: string): Requester {
    const { server, key, dice } = this.#device;
    if (scheme === 'coaps' && host === server) return this.#shareSession();
    if (scheme !== 'coap+tcp') return this.openUdp(scheme === 'coaps' || key instanceof DeviceContext ? key : undefined);
    const port = new TcpPort(dice.below(2 ** 32), () => this.closed(port));
    this.#open.add(port);
    return port;
  }

  openUdp(key: DeviceSecret | undefined): CoapPort {
    const port = this.#device.openUdp(key);
    this.#open.add(port);
    return port;
  }

  closed(port: Requester): void {
    this.#open.delete(port);
  }

  closeAll(): void {
    for (const port of [...this.#open]) port.close();
  }

  #shareSession(): Requester {
    const shared: Requester = {
      request: (peer, request, listener) => this.#device.port.request(peer, request, listener),
      close: () => this.closed(shared),
    };
    this.#open.add(shared);
    return shared;
  }
}
