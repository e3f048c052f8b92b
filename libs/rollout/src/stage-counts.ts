import type { FailureClass } from '@drover/campaign';
import { isInFlight, isOver, isSettled, type DeviceUpdate } from './device-update.ts';
import type { Tally } from './gate.ts';

/** What counts of one device of a stage. */
export interface Counted {
  readonly state: string;
  readonly isAttempted: boolean;
  /** Settled, or past what is waited for. */
  readonly isOver: boolean;
  readonly isInFlight: boolean;
  readonly isSettled: boolean;
  readonly failure?: FailureClass | undefined;
  /** Code of the reason for which it waits. */
  readonly waits?: string | undefined;
  /** Bytes over the air. */
  readonly volume?: number | undefined;
}

export function countedUpdate(update: DeviceUpdate): Counted {
  const { state, attempt, failure, reason, volume } = update;
  return {
    state,
    isAttempted: attempt > 0,
    isOver: isOver(update),
    isInFlight: isInFlight(update),
    isSettled: isSettled(update),
    failure,
    waits: reason?.code,
    volume,
  };
}

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
  readonly #states = new Map<string, number>();
  readonly #failed = new Map<FailureClass, number>();
  readonly #waiting = new Map<string, number>();

  /** So many devices to which nothing has happened yet. */
  addPending(count: number): void {
    this.#size += count;
    add(this.#states, 'pending', count);
    add(this.#waiting, 'pending', count);
  }

  change(before: Counted | undefined, after: Counted | undefined): void {
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

  inState(state: string): number {
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

  #count(
    { state, isAttempted, isOver, isInFlight, isSettled, failure = 'Unknown', waits = state, volume = 0 }: Counted,
    sign: 1 | -1,
  ): void {
    this.#size += sign;
    this.#volume += sign * volume;
    if (isAttempted) this.#attempted += sign;
    if (isOver) this.#over += sign;
    if (isOver && !isAttempted) this.#overUnattempted += sign;
    add(this.#states, state, sign);
    if (state === 'failed') add(this.#failed, failure, sign);
    if (isInFlight) this.#inFlight += sign;
    else if (!isSettled) add(this.#waiting, waits, sign);
  }
}

function add<Key>(counts: Map<Key, number>, key: Key, amount: number): void {
  const count = (counts.get(key) ?? 0) + amount;
  if (count === 0) counts.delete(key);
  else counts.set(key, count);
}
