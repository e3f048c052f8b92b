/** Something that can be due. One timer is in one heap at most once. */
export interface Timer {
  /** When it fires; only `TimerHeap` writes it. */
  at: number;
  /** Place in the heap, -1 when not armed; only `TimerHeap` writes it. */
  place: number;
}

/** Binary heap with removal, so that what has ended leaves nothing behind and the next due time is one look. */
export class TimerHeap<T extends Timer> {
  readonly #heap: T[] = [];

  nextAt(): number | undefined {
    return this.#heap[0]?.at;
  }

  arm(timer: T, at: number): void {
    this.clear(timer);
    timer.at = at;
    timer.place = this.#heap.length;
    this.#heap.push(timer);
    this.#rise(timer);
  }

  clear(timer: T): void {
    if (timer.place < 0) return;
    const last = this.#heap.pop()!;
    if (last !== timer) {
      this.#put(last, timer.place);
      this.#rise(last);
      this.#sink(last);
    }
    timer.place = -1;
  }

  popDue(now: number): T | undefined {
    const first = this.#heap[0];
    if (first === undefined || first.at > now) return undefined;
    this.clear(first);
    return first;
  }

  #put(timer: T, place: number): void {
    this.#heap[place] = timer;
    timer.place = place;
  }

  #rise(timer: T): void {
    while (timer.place > 0) {
      const parent = this.#heap[(timer.place - 1) >> 1]!;
      if (parent.at <= timer.at) return;
      this.#swap(parent, timer);
    }
  }

  #sink(timer: T): void {
    for (;;) {
      const left = this.#heap[timer.place * 2 + 1];
      const right = this.#heap[timer.place * 2 + 2];
      const child = right !== undefined && right.at < left!.at ? right : left;
      if (child === undefined || child.at >= timer.at) return;
      this.#swap(timer, child);
    }
  }

  #swap(upper: T, lower: T): void {
    const place = upper.place;
    this.#put(upper, lower.place);
    this.#put(lower, place);
  }
}
