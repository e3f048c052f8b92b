import type { Endpoint, Instant, Namespace } from '@drover/kernel';
import type { OperationOrder, PlainValue } from '@drover/lwm2m';
import type { OperationResult } from '../link/operations.ts';
import type { Actor } from './audit-drafts.ts';

export type OperationState = 'waiting' | 'sent' | 'observing' | 'done' | 'failed' | 'cancelled';

/** Why an operation has not been sent yet. */
export interface OperationWait {
  readonly code: 'ASLEEP' | 'BEHIND_ANOTHER';
  readonly evidence: string;
  readonly since: Instant;
  readonly nextAt: Instant | undefined;
}

export interface Notification {
  /** Revision of the ticket with which it came. */
  readonly revision: number;
  readonly at: Instant;
  readonly values: readonly PlainValue[];
}

export interface OperationAsked {
  readonly id: string;
  readonly namespace: Namespace;
  readonly endpoint: Endpoint;
  readonly order: OperationOrder;
  readonly by: Actor;
  readonly changes: boolean;
  readonly isRepeatable: boolean;
  readonly askedAt: Instant;
  /** Past this it is not sent any more. */
  readonly until: Instant;
}

/** Notifications that wait to be fetched; older ones are counted and dropped. */
const MAX_NOTIFICATIONS = 64;

/** One operation that a person has asked for, from the question to its end. Lives as long as the process, and no longer. */
export class OperationTicket {
  readonly asked: OperationAsked;
  #state: OperationState = 'waiting';
  #revision = 0;
  #missed = 0;
  #notifications: readonly Notification[] = [];
  readonly #waiters = new Set<() => void>();
  wait: OperationWait | undefined;
  result: OperationResult | undefined;
  /** Why an observation has ended. */
  ended: string | undefined;

  constructor(asked: OperationAsked) {
    this.asked = asked;
  }

  get state(): OperationState {
    return this.#state;
  }

  /** Goes up with every change, so that one can ask for what is new. */
  get revision(): number {
    return this.#revision;
  }

  /** Notifications that nobody fetched in time. */
  get missed(): number {
    return this.#missed;
  }

  get isSettled(): boolean {
    return this.#state === 'done' || this.#state === 'failed' || this.#state === 'cancelled';
  }

  /** Somebody is waiting for news of it. */
  get isWatched(): boolean {
    return this.#waiters.size > 0;
  }

  waits(wait: OperationWait): void {
    this.wait = wait;
    this.#become('waiting');
  }

  sent(): void {
    this.wait = undefined;
    this.#become('sent');
  }

  settle(state: 'observing' | 'done' | 'failed', result: OperationResult): void {
    this.wait = undefined;
    this.result = result;
    this.#become(state);
  }

  cancel(): void {
    this.wait = undefined;
    this.#become('cancelled');
  }

  /** An observation is over, by whoever's wish. */
  end(why: string): void {
    this.ended = why;
    this.#become('done');
  }

  notify(at: Instant, values: readonly PlainValue[]): void {
    const all = [...this.#notifications, { revision: this.#revision + 1, at, values }];
    this.#missed += Math.max(0, all.length - MAX_NOTIFICATIONS);
    this.#notifications = all.slice(-MAX_NOTIFICATIONS);
    this.#become(this.#state);
  }

  /** What has come after a revision; what came before it was seen, and goes. */
  notificationsAfter(revision: number): readonly Notification[] {
    this.#notifications = this.#notifications.filter((notification) => notification.revision > revision);
    return this.#notifications;
  }

  /** Resolves when something is newer than `revision`, or after `ms`. */
  newerThan(revision: number, ms: number): Promise<void> {
    if (this.#revision > revision || ms <= 0) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#waiters.delete(done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      this.#waiters.add(done);
    });
  }

  #become(state: OperationState): void {
    this.#state = state;
    this.#revision += 1;
    for (const done of [...this.#waiters]) done();
  }
}
