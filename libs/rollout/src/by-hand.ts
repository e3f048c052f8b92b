import type { Instant } from '@drover/kernel';
import { isSettled, type DeviceUpdate } from './device-update.ts';
import { moved } from './moves.ts';

/** Whether a person may send this update round again: what is under way, succeeded, or waits for something else goes on by itself. */
export function mayRetry(update: DeviceUpdate): boolean {
  if (isSettled(update)) return update.state !== 'succeeded';
  return update.state === 'waiting' && update.backoffUntil !== undefined;
}

/** Back to waiting with a fresh budget. Attempts keep their numbers: a fact of an old one can never be taken for one of this. */
export function retried(update: DeviceUpdate, why: string, now: Instant): DeviceUpdate | undefined {
  if (!mayRetry(update)) return undefined;
  return moved(update, 'waiting', now, {
    budgetFrom: update.attempt,
    retriedAt: now,
    failures: {},
    failure: undefined,
    detail: why,
    offset: 0,
    offeredAt: undefined,
    looks: undefined,
    lookedAt: undefined,
    // An instant that has passed: the next offer begins a new attempt, at once.
    backoffUntil: update.attempt > 0 ? now : undefined,
  });
}
