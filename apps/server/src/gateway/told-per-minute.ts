/** Told in a minute; the rest are counted, and told with the next. */
const TOLD_PER_MINUTE = 30;
const MINUTE_MS = 60_000;

/** Something that a stranger can bring about as often as he likes, for the audit log: a flood of it is a few events with a count. */
export class ToldPerMinute {
  readonly #now: () => number;
  #since = Number.NEGATIVE_INFINITY;
  #told = 0;
  #untold = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  note(tell: (count: number) => void): void {
    const now = this.#now();
    if (now - this.#since >= MINUTE_MS) [this.#since, this.#told] = [now, 0];
    this.#untold += 1;
    if (this.#told >= TOLD_PER_MINUTE) return;
    this.#told += 1;
    tell(this.#untold);
    this.#untold = 0;
  }
}
