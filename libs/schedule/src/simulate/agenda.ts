/** What happens when: a bucket per tick, filled and emptied in constant time. Entries of one tick come in the order they were put. */
export class Agenda {
  readonly #first: Int32Array;
  readonly #last: Int32Array;
  #next = new Int32Array(1024);
  #what = new Int32Array(1024);
  #used = 0;
  #free = -1;

  constructor(ticks: number) {
    this.#first = new Int32Array(ticks).fill(-1);
    this.#last = new Int32Array(ticks).fill(-1);
  }

  /** Nothing beyond the last tick is kept. */
  put(tick: number, what: number): void {
    if (tick >= this.#first.length) return;
    const node = this.#node();
    this.#what[node] = what;
    this.#next[node] = -1;
    const last = this.#last[tick]!;
    if (last < 0) this.#first[tick] = node;
    else this.#next[last] = node;
    this.#last[tick] = node;
  }

  /** Takes what is due at this tick, including what is put there meanwhile. */
  take(tick: number, each: (what: number) => void): void {
    for (let node = this.#first[tick]!; node >= 0; node = this.#first[tick]!) {
      this.#first[tick] = this.#next[node]!;
      if (this.#first[tick]! < 0) this.#last[tick] = -1;
      const what = this.#what[node]!;
      this.#next[node] = this.#free;
      this.#free = node;
      each(what);
    }
  }

  #node(): number {
    const node = this.#free;
    if (node >= 0) {
      this.#free = this.#next[node]!;
      return node;
    }
    if (this.#used === this.#what.length) {
      this.#next = grown(this.#next);
      this.#what = grown(this.#what);
    }
    return this.#used++;
  }
}

function grown(column: Int32Array): Int32Array<ArrayBuffer> {
  const twice = new Int32Array(2 * column.length);
  twice.set(column);
  return twice;
}
