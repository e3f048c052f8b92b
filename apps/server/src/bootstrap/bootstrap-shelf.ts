import type { Endpoint } from '@drover/kernel';
import type { BootstrapRecord } from '@drover/persistence';
import { RecordStore } from '../engine/record-store.ts';

/** What no two devices have in common. */
const OWN_TEXTS = ['endpoint', 'identity', 'fingerprint', 'by', 'context'];

/** What devices were given by bootstrap: one record each, outside of the heap, for every device of a fleet comes once. */
export class BootstrapShelf {
  readonly #store = new RecordStore<BootstrapRecord>(OWN_TEXTS);
  readonly #slots = new Map<Endpoint, number>();
  /** Those that somebody wants to come: looked at with every contact. */
  readonly #wished = new Set<Endpoint>();

  get size(): number {
    return this.#slots.size;
  }

  get(endpoint: Endpoint): BootstrapRecord | undefined {
    const slot = this.#slots.get(endpoint);
    return slot === undefined ? undefined : this.#store.get(slot);
  }

  put(record: BootstrapRecord): void {
    const { endpoint } = record;
    this.#slots.set(endpoint, this.#store.put(record, this.#slots.get(endpoint)));
    if (record.wish) this.#wished.add(endpoint);
    else this.#wished.delete(endpoint);
  }

  isWished(endpoint: Endpoint): boolean {
    return this.#wished.has(endpoint);
  }

  wished(): ReadonlySet<Endpoint> {
    return this.#wished;
  }

  /** In the order in which they came first. */
  *values(): Generator<BootstrapRecord> {
    for (const slot of this.#slots.values()) yield this.#store.get(slot);
  }
}
