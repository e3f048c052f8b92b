import { DEFAULT_PERIOD_MS, type ContactPattern } from '@drover/schedule';
import { earliest, plus, type Instant } from '@drover/kernel';
import type { DeadlinesSpec } from '@drover/campaign';
import { isTransferring, type DeviceFact, type DeviceUpdate } from './device-update.ts';

/** The later of so many expected contacts and the wall clock, from `since`. */
function limit(pattern: ContactPattern | undefined, since: Instant, contacts: number, atLeast: number): Instant {
  return plus(since, Math.max(contacts * (pattern?.periodMs ?? DEFAULT_PERIOD_MS), atLeast));
}

/** Deadline facts with the time at which each becomes true, for the state the update is in. */
function pendingDeadlines(
  update: DeviceUpdate,
  deadlines: DeadlinesSpec,
  pattern: ContactPattern | undefined,
  openedAt: Instant,
): { fact: DeviceFact; at: Instant }[] {
  const { contact, download, install, confirm } = deadlines;
  const due: { fact: DeviceFact; at: Instant }[] = [];
  if (update.state === 'pending' || update.state === 'waiting' || update.state === 'cancelling' || isTransferring(update)) {
    const heardAt = Math.max(pattern?.lastAt ?? 0, openedAt) as Instant;
    due.push({ fact: { type: 'contact-deadline-passed' }, at: limit(pattern, heardAt, contact.missed, contact.atLeast) });
  }
  if (update.offeredAt !== undefined && (isTransferring(update) || (update.state === 'waiting' && update.attempt > 0))) {
    due.push({ fact: { type: 'download-deadline-passed' }, at: limit(pattern, update.offeredAt, download.contacts, download.atLeast) });
  }
  if (update.executedAt !== undefined) {
    const installBy = limit(pattern, update.executedAt, install.contacts, install.atLeast);
    if (update.state === 'installing') due.push({ fact: { type: 'install-deadline-passed' }, at: installBy });
    if (update.state === 'suspect')
      due.push({ fact: { type: 'confirm-deadline-passed' }, at: limit(pattern, installBy, confirm.contacts, confirm.atLeast) });
  }
  if (update.state === 'verifying')
    due.push({ fact: { type: 'confirm-deadline-passed' }, at: limit(pattern, update.since, confirm.contacts, confirm.atLeast) });
  return due;
}

/** The deadline that has passed for this update, if any. `openedAt` is when its stage opened. */
export function overdue(
  update: DeviceUpdate,
  deadlines: DeadlinesSpec,
  context: { pattern: ContactPattern | undefined; openedAt: Instant; now: Instant },
): DeviceFact | undefined {
  return pendingDeadlines(update, deadlines, context.pattern, context.openedAt).find(({ at }) => at <= context.now)?.fact;
}

/** When the next deadline of this update falls: "until when" for a device that is not waiting for an admission. */
export function nextDeadline(
  update: DeviceUpdate,
  deadlines: DeadlinesSpec,
  pattern: ContactPattern | undefined,
  openedAt: Instant,
): Instant | undefined {
  return earliest(...pendingDeadlines(update, deadlines, pattern, openedAt).map(({ at }) => at));
}
