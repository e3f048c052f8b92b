import type { Endpoint } from '@drover/kernel';

/** Devices whose block size is remembered; past it the one noted longest ago goes. */
const MAX_DEVICES = 20_000;

/** Block sizes that devices asked for where a larger one was offered: for showing, and for whoever writes a class. */
export class LearnedBlocks {
  readonly #sizes = new Map<Endpoint, number>();

  note(endpoint: Endpoint, bytes: number): void {
    if (this.#sizes.get(endpoint) === bytes) return;
    this.#sizes.delete(endpoint);
    if (this.#sizes.size >= MAX_DEVICES) for (const oldest of this.#sizes.keys()) if (this.#sizes.delete(oldest)) break;
    this.#sizes.set(endpoint, bytes);
  }

  of(endpoint: Endpoint): number | undefined {
    return this.#sizes.get(endpoint);
  }
}
