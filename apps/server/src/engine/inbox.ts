import type { FromGateway } from '../link/messages.ts';

type Update = Extract<FromGateway, { type: 'update' }>;
type Progress = Extract<Update['fact'], { type: 'progress' }>;

/**
 * What the gateway told and nobody has looked at yet. A device that makes contact is awake for seconds, and a thousand
 * transfers report their progress meanwhile: progress waits behind everything else, and that of one attempt is added up.
 * Whatever else is told of the device comes after the progress that was told before it.
 */
export class Inbox {
  readonly #urgent: FromGateway[] = [];
  #taken = 0;
  readonly #progress = new Map<string, Update>();

  push(message: FromGateway): void {
    if (message.type === 'update') {
      const pending = this.#progress.get(message.attempt);
      if (message.fact.type === 'progress') {
        this.#progress.set(message.attempt, pending ? { ...message, fact: sumOf(pending.fact as Progress, message.fact) } : message);
        return;
      }
      if (pending) {
        this.#progress.delete(message.attempt);
        this.#urgent.push(pending);
      }
    }
    this.#urgent.push(message);
  }

  take(): FromGateway | undefined {
    const next = this.#urgent[this.#taken];
    if (next !== undefined) {
      this.#taken += 1;
      if (this.#taken === this.#urgent.length) {
        this.#urgent.length = 0;
        this.#taken = 0;
      }
      return next;
    }
    for (const [attempt, message] of this.#progress) {
      this.#progress.delete(attempt);
      return message;
    }
    return undefined;
  }

  get size(): number {
    return this.#urgent.length - this.#taken + this.#progress.size;
  }
}

function sumOf(before: Progress, after: Progress): Progress {
  return {
    type: 'progress',
    offset: after.offset,
    blocks: before.blocks + after.blocks,
    bytes: before.bytes + after.bytes,
    retransmissions: before.retransmissions + after.retransmissions,
    awakeMs: before.awakeMs + after.awakeMs,
  };
}
