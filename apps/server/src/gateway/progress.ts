import type { UpdateFact } from '../link/messages.ts';

/** Told at most this often, so that a thousand transfers do not become a hundred thousand rows. */
const TELL_EVERY_MS = 500;

/** Gathers blocks into progress facts; what is gathered is told before any fact that follows from it. */
export class Progress {
  readonly #emit: (fact: UpdateFact) => void;
  #offset = 0;
  #blocks = 0;
  #bytes = 0;
  #retransmissions = 0;
  #awakeMs = 0;
  #toldAt = 0;

  constructor(emit: (fact: UpdateFact) => void) {
    this.#emit = emit;
  }

  count({ offset, bytes, retransmissions }: { offset: number; bytes: number; retransmissions: number }): void {
    this.#offset = offset;
    this.#blocks += 1;
    this.#bytes += bytes;
    this.#retransmissions += retransmissions;
    if (performance.now() - this.#toldAt >= TELL_EVERY_MS) this.flush();
  }

  /** Campaign ms that the device was awake on account of the transfer; told with the blocks. */
  awake(ms: number): void {
    this.#awakeMs += ms;
  }

  flush(): void {
    if (this.#blocks === 0) return;
    this.#toldAt = performance.now();
    this.#emit({
      type: 'progress',
      offset: this.#offset,
      blocks: this.#blocks,
      bytes: this.#bytes,
      retransmissions: this.#retransmissions,
      awakeMs: Math.round(this.#awakeMs),
    });
    this.#blocks = 0;
    this.#bytes = 0;
    this.#retransmissions = 0;
    this.#awakeMs = 0;
  }
}
