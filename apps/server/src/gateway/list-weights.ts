import type { RegisteredObject } from '@drover/lwm2m';

type List = readonly RegisteredObject[];

/** How many bytes of different object lists the registrations hold between them: devices of one make share theirs. */
export class ListWeights {
  readonly #held = new Map<List, { bytes: number; registrations: number }>();
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  knows(list: List): boolean {
    return this.#held.has(list);
  }

  add(list: List, bytes: number): void {
    const known = this.#held.get(list);
    if (known !== undefined) {
      known.registrations += 1;
      return;
    }
    this.#held.set(list, { bytes, registrations: 1 });
    this.#bytes += bytes;
  }

  remove(list: List): void {
    const known = this.#held.get(list);
    if (known === undefined) return;
    known.registrations -= 1;
    if (known.registrations > 0) return;
    this.#held.delete(list);
    this.#bytes -= known.bytes;
  }
}
