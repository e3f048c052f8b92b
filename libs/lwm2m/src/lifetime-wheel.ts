/** Something that lapses. One entry is in one wheel at most. */
export interface Lapsing<T> {
  /** Its neighbours in the slot; only `LifetimeWheel` writes them. */
  next: T | undefined;
  previous: T | undefined;
  /** -1 when it is in no slot. */
  slot: number;
}

const SLOTS = 4096;

/**
 * A timer wheel for registration lifetimes: to begin, to refresh and to end one costs the same with ten devices and with a
 * million. A refresh moves nothing: when its slot comes up, the entry is asked when it lapses, and goes to a later slot if
 * that is not yet. So a lifetime may be of any length, and lapses at most one slot late.
 */
export class LifetimeWheel<T extends Lapsing<T>> {
  readonly #slotMs: number;
  readonly #lapsesAt: (entry: T) => number;
  readonly #heads: (T | undefined)[] = Array.from({ length: SLOTS }, () => undefined);
  /** The slot that is due next, counted from time 0. */
  #turn: number;

  /** `slotMs` is the precision; `lapsesAt` must not go backwards while an entry is in the wheel. */
  constructor(options: { readonly slotMs: number; readonly now: number; readonly lapsesAt: (entry: T) => number }) {
    this.#slotMs = options.slotMs;
    this.#lapsesAt = options.lapsesAt;
    this.#turn = Math.floor(options.now / options.slotMs);
  }

  add(entry: T): void {
    this.remove(entry);
    const due = Math.floor(this.#lapsesAt(entry) / this.#slotMs) + 1;
    // What is further away than a turn of the wheel waits in the last slot, and is asked again there.
    const slot = Math.min(Math.max(due, this.#turn), this.#turn + SLOTS - 1) % SLOTS;
    const head = this.#heads[slot];
    entry.slot = slot;
    entry.next = head;
    if (head !== undefined) head.previous = entry;
    this.#heads[slot] = entry;
  }

  remove(entry: T): void {
    if (entry.slot < 0) return;
    if (entry.previous === undefined) this.#heads[entry.slot] = entry.next;
    else entry.previous.next = entry.next;
    if (entry.next !== undefined) entry.next.previous = entry.previous;
    entry.next = entry.previous = undefined;
    entry.slot = -1;
  }

  /** Takes out what has lapsed by `now`, and tells it. */
  advance(now: number, lapsed: (entry: T) => void): void {
    const until = Math.floor(now / this.#slotMs);
    // A clock that jumped far ahead needs each slot once, not once for each turn that it missed.
    if (until - this.#turn > SLOTS) this.#turn = until - SLOTS;
    for (; this.#turn <= until; this.#turn++) {
      let entry = this.#heads[this.#turn % SLOTS];
      this.#heads[this.#turn % SLOTS] = undefined;
      while (entry !== undefined) {
        const { next } = entry;
        entry.next = entry.previous = undefined;
        entry.slot = -1;
        if (this.#lapsesAt(entry) <= now) lapsed(entry);
        else this.#later(entry);
        entry = next;
      }
    }
  }

  /** Not into the slot that is being emptied. */
  #later(entry: T): void {
    this.#turn += 1;
    this.add(entry);
    this.#turn -= 1;
  }
}
