import type { MessagePort, Worker } from 'node:worker_threads';
import type { FromGateway, ToGateway } from './messages.ts';

/** One end of the link between engine and gateway. */
export abstract class Link<Out, In> {
  abstract send(message: Out): void;
  abstract onMessage(listener: (message: In) => void): void;
}

export type EngineLink = Link<ToGateway, FromGateway>;

/** The default: both ends in one process, the gateway in a thread of its own. Messages keep their order. */
export class MessagePortLink<Out, In> extends Link<Out, In> {
  readonly #port: MessagePort | Worker;

  constructor(port: MessagePort | Worker) {
    super();
    this.#port = port;
  }

  send(message: Out): void {
    this.#port.postMessage(message);
  }

  onMessage(listener: (message: In) => void): void {
    // Both ends have this event; their declarations agree on nothing else.
    (this.#port as Worker).on('message', listener);
  }
}
