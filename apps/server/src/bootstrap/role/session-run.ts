import { type BlockAssembly, codeText } from '@drover/coap';
import {
  beginBootstrap,
  nextBootstrap,
  type BootstrapAnswer,
  type BootstrapConfiguration,
  type BootstrapSession,
  type BootstrapStep,
  type BootstrapTurn,
} from '@drover/lwm2m';
import { Exchange, type ExchangeEnd, type Requester } from '../../gateway/operations/exchange.ts';
import { forgetKeys } from './configuration.ts';

/** How it ended; without a failure the device has everything. */
export type SessionEnd = { readonly failure?: { readonly at: string; readonly why: string } };

export interface SessionRunParts {
  readonly coap: Requester;
  readonly now: () => number;
  readonly bodies: BlockAssembly;
  readonly peer: string;
  readonly configuration: BootstrapConfiguration;
  readonly preferredFormat: number | undefined;
  readonly ended: (end: SessionEnd) => void;
}

const NOTHING = new Uint8Array(0);
/** Longest session, wall ms: a device gives up after EXCHANGE_LIFETIME of silence, and each step may take that long. */
export const SESSION_MS = 900_000;

/** One device that is being written: the turns of the pure session as requests, one after the other. */
export class SessionRun {
  readonly #parts: SessionRunParts;
  #session: BootstrapSession;
  readonly #first: BootstrapTurn;
  #exchange: Exchange | undefined;
  #isOver = false;
  readonly #limit: NodeJS.Timeout;

  constructor(parts: SessionRunParts) {
    this.#parts = parts;
    this.#limit = setTimeout(() => this.abort(`it took longer than ${SESSION_MS / 60_000} minutes`), SESSION_MS);
    this.#limit.unref();
    const { session, turn } = beginBootstrap(parts.configuration, parts.preferredFormat);
    this.#session = session;
    this.#first = turn;
  }

  get peer(): string {
    return this.#parts.peer;
  }

  start(): void {
    this.#take(this.#first);
  }

  /** What is written by then is in the device: it asks again. */
  abort(why: string): void {
    this.#exchange?.cancel();
    this.#end({ failure: { at: this.#session.phase, why } });
  }

  #take(turn: BootstrapTurn): void {
    if (this.#isOver) return;
    switch (turn.type) {
      case 'send':
        return this.#send(turn.step);
      case 'finished':
        return this.#end({});
      case 'failed':
        return this.#end({ failure: { at: turn.at, why: turn.why } });
    }
  }

  #send({ path, ...step }: BootstrapStep): void {
    const { coap, now, bodies, peer } = this.#parts;
    const segments = path.split('/').filter((segment) => segment !== '');
    this.#exchange = new Exchange({ coap, now, bodies }, peer, { ...step, path: segments }, { ended: (end) => this.#answered(end) });
    this.#exchange.start();
  }

  #answered(end: ExchangeEnd): void {
    if (this.#isOver) return;
    const { session, turn } = nextBootstrap(this.#session, answerOf(end));
    this.#session = session;
    this.#take(turn);
  }

  #end(end: SessionEnd): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#limit);
    forgetKeys(this.#parts.configuration);
    this.#parts.ended(end);
  }
}

function answerOf(end: ExchangeEnd): BootstrapAnswer {
  switch (end.type) {
    case 'no-answer':
      return { type: 'no-answer' };
    case 'broken':
      return { type: 'answer', code: '5.00', payload: NOTHING };
    case 'answer':
      return { type: 'answer', code: codeText(end.response.code), payload: end.response.payload };
  }
}
