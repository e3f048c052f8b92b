import type { MessagePort, Worker } from 'node:worker_threads';
import type { FromGateway, ToGateway } from './messages.ts';

/** One end of the link between engine and gateway. */
export abstract class Link<Out, In> {
  abstract send(message: Out): void;
  abstract onMessage(listener: (message: In) => void): void;
}

export type EngineLink = Link<ToGateway, FromGateway>;

/** Messages that cross together; more would hold up this end for longer than a device waits. */
const MAX_AT_ONCE = 256;

/**
 * The default: both ends in one process, the gateway in a thread of its own. Messages keep their order; those of one turn
 * of the event loop cross together, as JSON: that costs both ends less than cloning their objects.
 */
export class MessagePortLink<Out, In> extends Link<Out, In> {
  readonly #port: MessagePort | Worker;
  #batch: Out[] = [];

  constructor(port: MessagePort | Worker) {
    super();
    this.#port = port;
  }

  send(message: Out): void {
    if (this.#batch.push(message) === 1) setImmediate(() => this.#flush());
  }

  onMessage(listener: (message: In) => void): void {
    // Both ends have this event; their declarations agree on nothing else.
    (this.#port as Worker).on('message', (batch: string) => {
      for (const message of JSON.parse(batch) as In[]) listener(message);
    });
  }

  #flush(): void {
    const batch = this.#batch.splice(0, MAX_AT_ONCE);
    if (this.#batch.length > 0) setImmediate(() => this.#flush());
    this.#port.postMessage(JSON.stringify(batch));
  }
}
