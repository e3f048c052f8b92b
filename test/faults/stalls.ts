const EVERY_MS = 50;

/**
 * How long this machine has kept the process waiting. The clock of a run does not wait with it: half a second in which nothing
 * ran is twenty minutes of a device's life, and says nothing about the server.
 */
export class Stalls {
  readonly #timer: NodeJS.Timeout;
  #expectedAt = performance.now() + EVERY_MS;
  #worstMs = 0;

  constructor() {
    this.#timer = setInterval(() => this.#look(), EVERY_MS);
  }

  /** Ends the watch: the longest wait, ms. */
  end(): number {
    clearInterval(this.#timer);
    this.#look();
    return Math.round(this.#worstMs);
  }

  #look(): void {
    const now = performance.now();
    this.#worstMs = Math.max(this.#worstMs, now - this.#expectedAt);
    this.#expectedAt = now + EVERY_MS;
  }
}
