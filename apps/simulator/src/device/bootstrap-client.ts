import { CODE, type IncomingRequest } from '@drover/coap';
import { CONTENT_FORMAT } from '@drover/lwm2m';
import type { Dice } from '../chance.ts';
import type { Due } from '../wheel.ts';
import type { CoapPort } from '../wire/coap-port.ts';
import type { Reply } from '../wire/serving.ts';
import { Accounts, type Account } from './accounts.ts';

/** The device that is to bootstrap. */
export interface Newcomer {
  readonly endpoint: string;
  readonly dice: Dice;
  /** From the session before, if there was one. */
  readonly known: Account | undefined;
  /** Share of the server's requests at which the power goes. */
  readonly breaksAt: number;
  /** To the bootstrap server, with the factory key. */
  openPort(): CoapPort;
  /** Campaign ms; ends with the power. */
  after(campaignMs: number, run: Due): void;
  losePower(): void;
  /** It has all of it, and the last answer is on its way. */
  bootstrapped(account: Account): void;
}

/** After silence or a refusal, campaign ms. */
const RETRY_MS = 60_000;
/** Copies of the last request may still come, campaign ms. */
const LINGER_MS = 2000;

/** The bootstrap interface of one device: asks for its accounts, takes them, and goes. */
export class BootstrapClient {
  readonly #device: Newcomer;
  readonly #server: string;
  readonly #port: CoapPort;
  readonly #accounts: Accounts;

  /** @param server `address:port` */
  constructor(device: Newcomer, server: string) {
    this.#device = device;
    this.#server = server;
    this.#accounts = new Accounts(device.known);
    this.#port = device.openPort();
  }

  start(): void {
    const { endpoint } = this.#device;
    const query = [`ep=${endpoint}`, `pct=${CONTENT_FORMAT.TLV}`];
    this.#port.request(this.#server, { method: 'POST', path: ['bs'], query }, (answer) => {
      if (answer?.response.code !== CODE.CHANGED) this.#device.after(RETRY_MS, () => this.start());
    });
  }

  isFrom(peer: string): boolean {
    return peer === this.#server;
  }

  serve(request: IncomingRequest): Reply {
    const { dice, breaksAt } = this.#device;
    if (dice.hits(breaksAt)) {
      this.#device.losePower();
      return { response: { code: CODE.INTERNAL }, instead: 'silent' };
    }
    const response = this.#accounts.serve(request);
    if (request.method === 'POST' && response.code === CODE.CHANGED) this.#device.after(LINGER_MS, () => this.#done());
    return { response };
  }

  #done(): void {
    this.#port.close();
    const { account } = this.#accounts;
    if (account) this.#device.bootstrapped(account);
  }
}
