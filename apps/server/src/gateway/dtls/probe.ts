import type { CoapTransport } from '@drover/coap';
import type { Correlated } from '../operations/exchange.ts';

/** Supported binding and modes: every device has it, and it is a letter or two. Any answer will do, an error too. */
const PATH = ['3', '0', '16'];

/** Asks a peer whether it is there, now: the answer carries a token that nobody could know before. */
export class Probe {
  readonly #coap: Pick<CoapTransport, 'request'>;
  readonly #now: () => number;

  constructor(coap: Pick<CoapTransport, 'request'>, now: () => number) {
    this.#coap = coap;
    this.#now = now;
  }

  ask(peer: string, done: (isAnswered: boolean) => void): void {
    const correlation: Correlated = { onResponse: () => done(true), onFailed: () => done(false) };
    this.#coap.request(peer, { method: 'GET', path: PATH, correlation }, this.#now());
  }
}
