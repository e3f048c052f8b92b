const SEGMENT = 4096;

/**
 * Message ids of one peer: a random start, then counting. An id is not used again within EXCHANGE_LIFETIME: each
 * sixteenth of the range remembers when it was last drawn from, and is closed until that is long enough ago.
 */
export class MessageIds {
  #next: number;
  readonly #lastUse = new Float64Array(65_536 / SEGMENT).fill(Number.NEGATIVE_INFINITY);

  constructor(start: number) {
    this.#next = start & 0xffff;
  }

  /** `undefined` when the peer has used up the range faster than ids become free. */
  draw(now: number, lifetimeMs: number): number | undefined {
    const segment = Math.floor(this.#next / SEGMENT);
    if (this.#next % SEGMENT === 0 && now - this.#lastUse[segment]! < lifetimeMs) return undefined;
    this.#lastUse[segment] = now;
    const id = this.#next;
    this.#next = (id + 1) & 0xffff;
    return id;
  }
}
