import type { FailureClass } from '@drover/campaign';
import { isInFlight, isOver, isSettled, type DeviceUpdate, type UpdateState } from './device-update.ts';
import type { Tally } from './gate.ts';

/**
 * A stage in numbers, counted as it goes: a change costs the same in a stage of ten devices and in one of a million. What
 * goes in as `before` must have gone in as `after` earlier.
 */
export class StageCounts {
  #size = 0;
  #attempted = 0;
  #over = 0;
  #overUnattempted = 0;
  #inFlight = 0;
  #volume = 0;
  readonly #states = new Map<UpdateState, number>();
  readonly #failed = new Map<FailureClass, number>();
  readonly #waiting = new Map<string, number>();

  /** So many devices to which nothing has happened yet. */
  addPending(count: number): void {
    this.#size += count;
    add(this.#states, 'pending', count);
    add(this.#waiting, 'pending', count);
  }

  change(before: DeviceUpdate | undefined, after: DeviceUpdate | undefined): void {
    if (before) this.#count(before, -1);
    if (after) this.#count(after, 1);
  }

  /** What gates are judged by. */
  get tally(): Tally {
    const suspected = this.inState('suspect');
    return {
      size: this.#size,
      attempted: this.#attempted,
      succeeded: this.inState('succeeded'),
      failed: suspected === 0 ? this.failed : { ...this.failed, SuspectedBrick: (this.#failed.get('SuspectedBrick') ?? 0) + suspected },
      over: this.#over,
      overUnattempted: this.#overUnattempted,
    };
  }

  inState(state: UpdateState): number {
    return this.#states.get(state) ?? 0;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /** Bytes that all attempts have moved over the air. */
  get volume(): number {
    return this.#volume;
  }

  /** Settled as failed, by class. */
  get failed(): Readonly<Partial<Record<FailureClass, number>>> {
    return Object.fromEntries(this.#failed);
  }

  get isAnyWaiting(): boolean {
    return this.#waiting.size > 0;
  }

  /** Neither settled nor in flight, by the code of the reason; `pending` without one. */
  get waiting(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#waiting);
  }

  #count(update: DeviceUpdate, sign: 1 | -1): void {
    const { state } = update;
    const isAttempted = update.attempt > 0;
    const isDone = isOver(update);
    this.#size += sign;
    this.#volume += sign * (update.volume ?? 0);
    if (isAttempted) this.#attempted += sign;
    if (isDone) this.#over += sign;
    if (isDone && !isAttempted) this.#overUnattempted += sign;
    add(this.#states, state, sign);
    if (state === 'failed') add(this.#failed, update.failure ?? 'Unknown', sign);
    if (isInFlight(update)) this.#inFlight += sign;
    else if (!isSettled(update)) add(this.#waiting, update.reason?.code ?? state, sign);
  }
}

function add<Key>(counts: Map<Key, number>, key: Key, amount: number): void {
  const count = (counts.get(key) ?? 0) + amount;
  if (count === 0) counts.delete(key);
  else counts.set(key, count);
}
