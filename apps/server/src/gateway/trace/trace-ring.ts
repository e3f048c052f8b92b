import type { TraceEntry } from '../../link/looks.ts';

/** Entries that are kept of one device. */
export const RING_SIZE = 512;

/** The newest entries; the oldest go. */
export class TraceRing {
  readonly #entries: TraceEntry[] = [];
  #next = 0;
  #dropped = 0;

  add(entry: TraceEntry): void {
    if (this.#entries.length < RING_SIZE) {
      this.#entries.push(entry);
      return;
    }
    this.#entries[this.#next] = entry;
    this.#next = (this.#next + 1) % RING_SIZE;
    this.#dropped += 1;
  }

  get dropped(): number {
    return this.#dropped;
  }

  /** Newest last. */
  get entries(): TraceEntry[] {
    return [...this.#entries.slice(this.#next), ...this.#entries.slice(0, this.#next)];
  }
}
