import type { Endpoint } from '@drover/kernel';

/** Devices that want to be left alone for a moment after they registered. Real milliseconds. */
export class Pauses {
  readonly #until = new Map<Endpoint, number>();

  begin(endpoint: Endpoint, ms: number, now: number): void {
    if (ms > 0) this.#until.set(endpoint, now + ms);
  }

  /** How long to wait with the next request. */
  left(endpoint: Endpoint, now: number): number {
    const until = this.#until.get(endpoint);
    if (until === undefined) return 0;
    if (until > now) return until - now;
    this.#until.delete(endpoint);
    return 0;
  }
}
