import { contactDeadline, type ContactPattern } from '@drover/schedule';
import { earliest, plus, type Instant } from '@drover/kernel';
import type { CampaignSpec } from '@drover/campaign';
import type { DeviceFact } from './device-fact.ts';
import { isInterrupted, isTransferring, type DeviceUpdate } from './device-update.ts';

type Rules = Pick<CampaignSpec, 'deadlines' | 'delivery'>;

/** Deadline facts with the time at which each becomes true, for the state the update is in. */
function pendingDeadlines(
  update: DeviceUpdate,
  rules: Rules,
  pattern: ContactPattern | undefined,
  openedAt: Instant,
): { fact: DeviceFact; at: Instant }[] {
  return [
    ...contactDeadlines(update, rules, pattern, openedAt),
    ...transferDeadlines(update, rules, pattern),
    ...installDeadlines(update, rules, pattern),
  ];
}

/** States in which nothing but the device's next contact brings an update forward. */
function isWaitingForContact(update: DeviceUpdate): boolean {
  return ['pending', 'waiting', 'downloaded', 'cancelling'].includes(update.state) || isTransferring(update);
}

function contactDeadlines(
  update: DeviceUpdate,
  { deadlines: { contact } }: Rules,
  pattern: ContactPattern | undefined,
  openedAt: Instant,
): { fact: DeviceFact; at: Instant }[] {
  if (!isWaitingForContact(update)) return [];
  // Only a cancellation begins to wait anew: what else we did meanwhile is no sign of the device.
  const askedAt = update.state === 'cancelling' ? update.since : 0;
  const heardAt = Math.max(pattern?.lastAt ?? 0, openedAt, askedAt, update.retriedAt ?? 0) as Instant;
  const at = contactDeadline(pattern, heardAt, { contacts: contact.missed, atLeast: contact.atLeast });
  return [{ fact: { type: 'contact-deadline-passed' }, at }];
}

function transferDeadlines(
  update: DeviceUpdate,
  { deadlines, delivery }: Rules,
  pattern: ContactPattern | undefined,
): { fact: DeviceFact; at: Instant }[] {
  const due: { fact: DeviceFact; at: Instant }[] = [];
  const { offeredAt, attemptAt } = update;
  // A device that defers has the image: what it waits for is no download.
  const isStarted = update.state === 'waiting' && update.attempt > 0 && update.failure !== 'Deferred';
  if (offeredAt !== undefined && (isTransferring(update) || isStarted))
    due.push({ fact: { type: 'download-deadline-passed' }, at: contactDeadline(pattern, offeredAt, deadlines.download) });
  if (attemptAt !== undefined && (isTransferring(update) || isInterrupted(update)))
    due.push({ fact: { type: 'resume-span-passed' }, at: plus(attemptAt, delivery.resume.maxSpan) });
  return due;
}

function installDeadlines(
  update: DeviceUpdate,
  { deadlines: { install, confirm } }: Rules,
  pattern: ContactPattern | undefined,
): { fact: DeviceFact; at: Instant }[] {
  const { state, executedAt, since, seenAt = since } = update;
  const installBy = (from: Instant): Instant => contactDeadline(pattern, from, install);
  const confirmBy = (from: Instant): { fact: DeviceFact; at: Instant }[] => [
    {
      fact: { type: 'confirm-deadline-passed', ...(pattern && { heardAt: pattern.lastAt }) },
      at: contactDeadline(pattern, from, confirm),
    },
  ];
  switch (state) {
    case 'installing':
      return executedAt === undefined ? [] : [{ fact: { type: 'install-deadline-passed' }, at: installBy(executedAt) }];
    case 'suspect':
      return executedAt === undefined ? [] : confirmBy(installBy(executedAt));
    case 'verifying':
      // Each contact that shows the new version leaves as much time for the next one.
      return confirmBy(seenAt);
    case 'cancelling':
      // A device that installs is waited out as long as one that nobody cancels; it is not waited for without end.
      return confirmBy(installBy(since));
    default:
      return [];
  }
}

/** The deadline that has passed for this update, if any. `openedAt` is when its stage opened. */
export function overdue(
  update: DeviceUpdate,
  rules: Rules,
  context: { pattern: ContactPattern | undefined; openedAt: Instant; now: Instant },
): DeviceFact | undefined {
  return pendingDeadlines(update, rules, context.pattern, context.openedAt).find(({ at }) => at <= context.now)?.fact;
}

/** When the next deadline of this update falls: "until when" for a device that is not waiting for an admission. */
export function nextDeadline(
  update: DeviceUpdate,
  rules: Rules,
  pattern: ContactPattern | undefined,
  openedAt: Instant,
): Instant | undefined {
  return earliest(...pendingDeadlines(update, rules, pattern, openedAt).map(({ at }) => at));
}
