import { SECOND, type Endpoint, type Instant } from '@drover/kernel';

/** Never early, at most this late: campaign ms. */
const GRAIN_MS = SECOND;

/**
 * When to look at the updates of a campaign without being asked: one time for each device, and sweeps over whole stages
 * after something has changed for all of them. Everything is taken in small numbers, so that a million take many turns.
 */
export class ReviewQueue {
  /** Endpoint → grain at which it is due. */
  readonly #due = new Map<Endpoint, number>();
  /** Grain → endpoints; those that have been planned anew since are left where they were. */
  readonly #grains = new Map<number, Endpoint[]>();
  readonly #order = new Heap();
  /** Stage → its endpoints that are still to be looked at. */
  readonly #sweeps = new Map<number, Iterator<Endpoint>>();

  /** Instead of what was planned before. */
  plan(endpoint: Endpoint, at: Instant): void {
    const grain = Math.ceil(at / GRAIN_MS);
    if (this.#due.get(endpoint) === grain) return;
    this.#due.set(endpoint, grain);
    const list = this.#grains.get(grain);
    if (list) {
      list.push(endpoint);
      return;
    }
    this.#grains.set(grain, [endpoint]);
    this.#order.push(grain);
  }

  isPlanned(endpoint: Endpoint): boolean {
    return this.#due.has(endpoint);
  }

  cancel(endpoint: Endpoint): void {
    this.#due.delete(endpoint);
  }

  /** Each of these soon; one that is under way for this stage begins anew. */
  sweep(stage: number, endpoints: Iterable<Endpoint>): void {
    this.#sweeps.set(stage, endpoints[Symbol.iterator]());
  }

  /** At most `limit` that are due; none is left when there are none. */
  take(now: Instant, limit: number): Endpoint[] {
    const taken: Endpoint[] = [];
    for (const [stage, rest] of this.#sweeps) {
      while (taken.length < limit) {
        const { value, done } = rest.next();
        if (done === true) {
          this.#sweeps.delete(stage);
          break;
        }
        this.#due.delete(value);
        taken.push(value);
      }
    }
    this.#takeDue(Math.floor(now / GRAIN_MS), taken, limit);
    return taken;
  }

  #takeDue(present: number, taken: Endpoint[], limit: number): void {
    for (let grain = this.#order.first; grain !== undefined && grain <= present && taken.length < limit; grain = this.#order.first) {
      const list = this.#grains.get(grain) ?? [];
      for (let endpoint = list.pop(); endpoint !== undefined; endpoint = taken.length < limit ? list.pop() : undefined) {
        if (this.#due.get(endpoint) !== grain) continue;
        this.#due.delete(endpoint);
        taken.push(endpoint);
      }
      if (list.length > 0) return;
      this.#grains.delete(grain);
      this.#order.pop();
    }
  }
}

/** Numbers, the smallest first. */
class Heap {
  readonly #values: number[] = [];

  get first(): number | undefined {
    return this.#values[0];
  }

  push(value: number): void {
    const values = this.#values;
    let at = values.length;
    for (let up = (at - 1) >> 1; at > 0 && values[up]! > value; at = up, up = (at - 1) >> 1) values[at] = values[up]!;
    values[at] = value;
  }

  pop(): void {
    const values = this.#values;
    const last = values.pop();
    if (last === undefined || values.length === 0) return;
    let at = 0;
    for (let child = 1; child < values.length; child = 2 * at + 1) {
      if (child + 1 < values.length && values[child + 1]! < values[child]!) child += 1;
      if (values[child]! >= last) break;
      values[at] = values[child]!;
      at = child;
    }
    values[at] = last;
  }
}
