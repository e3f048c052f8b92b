import { contactDeadline, type ContactPattern } from '@drover/schedule';
import { earliest, type Instant } from '@drover/kernel';
import type { DeadlinesSpec } from '@drover/campaign';
import { isTransferring, type DeviceFact, type DeviceUpdate } from './device-update.ts';

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
    due.push({
      fact: { type: 'contact-deadline-passed' },
      at: contactDeadline(pattern, heardAt, { contacts: contact.missed, atLeast: contact.atLeast }),
    });
  }
  if (update.offeredAt !== undefined && (isTransferring(update) || (update.state === 'waiting' && update.attempt > 0))) {
    due.push({ fact: { type: 'download-deadline-passed' }, at: contactDeadline(pattern, update.offeredAt, download) });
  }
  if (update.executedAt !== undefined) {
    const installBy = contactDeadline(pattern, update.executedAt, install);
    if (update.state === 'installing') due.push({ fact: { type: 'install-deadline-passed' }, at: installBy });
    if (update.state === 'suspect')
      due.push({ fact: { type: 'confirm-deadline-passed' }, at: contactDeadline(pattern, installBy, confirm) });
  }
  if (update.state === 'verifying')
    due.push({ fact: { type: 'confirm-deadline-passed' }, at: contactDeadline(pattern, update.since, confirm) });
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
