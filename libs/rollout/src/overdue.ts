import { contactDeadline, type ContactPattern } from '@drover/schedule';
import { earliest, plus, type Instant } from '@drover/kernel';
import type { CampaignSpec } from '@drover/campaign';
import type { DeviceFact } from './device-fact.ts';
import { isInterrupted, isTransferring, type DeviceUpdate } from './device-update.ts';

type Rules = Pick<CampaignSpec, 'deadlines' | 'delivery'>;

/** A time in which the server did not listen: nobody can have missed anything in it. */
export interface Away {
  readonly from: Instant;
  readonly until: Instant;
}

export interface Waiting {
  readonly pattern: ContactPattern | undefined;
  /** When the stage of the update opened. */
  readonly openedAt: Instant;
  readonly away?: Away;
}

/** A deadline, and since when it runs. */
interface Due {
  readonly fact: DeviceFact;
  readonly from: Instant;
  readonly at: Instant;
}

/** Deadline facts with the time at which each becomes true, for the state the update is in. */
function pendingDeadlines(update: DeviceUpdate, rules: Rules, waiting: Waiting): Due[] {
  const due = [
    ...contactDeadlines(update, rules, waiting),
    ...transferDeadlines(update, rules, waiting),
    ...installDeadlines(update, rules, waiting),
  ];
  return due.map((each) => ({ ...each, at: afterAbsence(each, waiting.away) }));
}

/** Whoever waited while the server was away waits so much longer. */
function afterAbsence({ from, at }: Due, away: Away | undefined): Instant {
  if (away === undefined || from >= away.until || at <= away.from) return at;
  return plus(at, away.until - Math.max(from, away.from));
}

/** States in which nothing but the device's next contact brings an update forward. */
function isWaitingForContact(update: DeviceUpdate): boolean {
  return ['pending', 'waiting', 'downloaded', 'cancelling'].includes(update.state) || isTransferring(update);
}

function contactDeadlines(update: DeviceUpdate, { deadlines: { contact } }: Rules, { pattern, openedAt }: Waiting): Due[] {
  if (!isWaitingForContact(update)) return [];
  // Only a cancellation begins to wait anew: what else we did meanwhile is no sign of the device.
  const askedAt = update.state === 'cancelling' ? update.since : 0;
  const heardAt = Math.max(pattern?.lastAt ?? 0, openedAt, askedAt, update.retriedAt ?? 0) as Instant;
  const at = contactDeadline(pattern, heardAt, { contacts: contact.missed, atLeast: contact.atLeast });
  return [{ fact: { type: 'contact-deadline-passed' }, from: heardAt, at }];
}

function transferDeadlines(update: DeviceUpdate, { deadlines, delivery }: Rules, { pattern }: Waiting): Due[] {
  const due: Due[] = [];
  const { offeredAt, attemptAt } = update;
  // A device that defers has the image: what it waits for is no download.
  const isStarted = update.state === 'waiting' && update.attempt > 0 && update.failure !== 'Deferred';
  if (offeredAt !== undefined && (isTransferring(update) || isStarted))
    due.push({ fact: { type: 'download-deadline-passed' }, from: offeredAt, at: contactDeadline(pattern, offeredAt, deadlines.download) });
  if (attemptAt !== undefined && (isTransferring(update) || isInterrupted(update)))
    due.push({ fact: { type: 'resume-span-passed' }, from: attemptAt, at: plus(attemptAt, delivery.resume.maxSpan) });
  return due;
}

function installDeadlines(update: DeviceUpdate, { deadlines: { install, confirm } }: Rules, { pattern }: Waiting): Due[] {
  const { state, executedAt, since, seenAt = since } = update;
  const installBy = (from: Instant): Instant => contactDeadline(pattern, from, install);
  const confirmBy = (from: Instant, at: Instant): Due[] => [
    {
      fact: { type: 'confirm-deadline-passed', ...(pattern && { heardAt: pattern.lastAt }) },
      from,
      at: contactDeadline(pattern, at, confirm),
    },
  ];
  switch (state) {
    case 'installing':
      return executedAt === undefined ? [] : [{ fact: { type: 'install-deadline-passed' }, from: executedAt, at: installBy(executedAt) }];
    case 'suspect':
      return executedAt === undefined ? [] : confirmBy(executedAt, installBy(executedAt));
    case 'verifying':
      // Each contact that shows the new version leaves as much time for the next one.
      return confirmBy(seenAt, seenAt);
    case 'cancelling':
      // A device that installs is waited out as long as one that nobody cancels; it is not waited for without end.
      return confirmBy(since, installBy(since));
    default:
      return [];
  }
}

/** The deadline that has passed for this update, if any. */
export function overdue(update: DeviceUpdate, rules: Rules, { now, ...waiting }: Waiting & { now: Instant }): DeviceFact | undefined {
  return pendingDeadlines(update, rules, waiting).find(({ at }) => at <= now)?.fact;
}

/** When the next deadline of this update falls: "until when" for a device that is not waiting for an admission. */
export function nextDeadline(update: DeviceUpdate, rules: Rules, waiting: Waiting): Instant | undefined {
  return earliest(...pendingDeadlines(update, rules, waiting).map(({ at }) => at));
}
