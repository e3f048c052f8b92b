import { monotonicMs } from '@drover/platform';

/**
 * One timer for a whole endpoint. It is moved only when something is due earlier: most exchanges are over long before
 * they are due, and a look for nothing costs less than a new timer for each.
 */
export class DueTimer {
  readonly #of: { nextTimerAt(): number | undefined; advance(): void };
  #timer: NodeJS.Timeout | undefined;
  #armedAt = Number.POSITIVE_INFINITY;

  /** Times are real monotonic ms. */
  constructor(of: { nextTimerAt(): number | undefined; advance(): void }) {
    this.#of = of;
  }

  arm(): void {
    const at = this.#of.nextTimerAt();
    if (at === undefined || at >= this.#armedAt) return;
    clearTimeout(this.#timer);
    this.#armedAt = at;
    this.#timer = setTimeout(() => this.#due(), Math.max(1, at - monotonicMs()));
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #due(): void {
    this.#armedAt = Number.POSITIVE_INFINITY;
    this.#of.advance();
    this.arm();
  }
}
