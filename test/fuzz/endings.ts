import { demand } from './target.ts';

/** Whether each request of ours ends, and ends once: a handle that ends twice has been given to two requests. */
export class Endings {
  readonly #open = new Map<object, string>();
  readonly #known = new WeakSet<object>();
  /** Ends reported from within `request`, before its handle was returned. */
  readonly #early = new WeakSet<object>();

  begun(handle: { readonly peer: string } | undefined): void {
    if (handle === undefined) return;
    this.#known.add(handle);
    if (!this.#early.has(handle)) this.#open.set(handle, handle.peer);
  }

  ended(handle: object): void {
    if (this.#open.delete(handle)) return;
    demand(!this.#known.has(handle) && !this.#early.has(handle), 'a request ended twice');
    this.#early.add(handle);
  }

  /** A cancelled one ends without a word, or has ended already. */
  cancelled(handle: object): void {
    this.#open.delete(handle);
  }

  openAt(peer: string): number {
    let count = 0;
    for (const at of this.#open.values()) if (at === peer) count += 1;
    return count;
  }

  get open(): number {
    return this.#open.size;
  }
}
