import { parseObjectList } from './object-list.ts';
import type { Lwm2mVersion, ObjectList } from './object-list.ts';

/** Lists kept. A fleet has a few dozen; one who sends ever new ones pushes out his own and others', and costs no more memory. */
const MAX_LISTS = 1024;
/** Longer ones are parsed each time: with the number above this bounds the memory, bytes. */
const MAX_BYTES = 4096;

/**
 * Object lists as devices send them, each parsed once: meters of one make register with the same bytes, and a million
 * registrations share a handful of lists. The oldest goes first.
 */
export class ObjectLists {
  readonly #known = new Map<string, ObjectList>();

  parse(payload: Uint8Array, lwm2m: Lwm2mVersion): ObjectList {
    if (payload.length > MAX_BYTES) return parseObjectList(payload, lwm2m);
    // Latin-1 keeps the bytes apart, whatever they are.
    const key = lwm2m + Buffer.from(payload.buffer, payload.byteOffset, payload.length).toString('latin1');
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const list = parseObjectList(payload, lwm2m);
    if (this.#known.size >= MAX_LISTS) for (const oldest of this.#known.keys()) if (this.#known.delete(oldest)) break;
    this.#known.set(key, list);
    return list;
  }

  get size(): number {
    return this.#known.size;
  }
}
