import { earliest, Instant, plus } from '@drover/kernel';
import { APPOINTMENT_GRACE_MS, type WaitCode } from '@drover/schedule';
import type { DeviceDecision } from '@drover/rollout';
import { nextDeadlineIn } from './deadlines.ts';
import type { EngineState, Place } from './engine-state.ts';

/** A review that nothing else asks for comes at least this often, campaign ms. */
const REVIEW_EVERY = 30 * 60_000;

/** Ended by a contact, or by something that happens to the whole campaign, and every device is looked at then. */
const OF_EVENTS: readonly WaitCode[] = ['ASLEEP', 'STAGE_GATE', 'PROMOTION', 'CAMPAIGN_PAUSED', 'APPROVAL', 'HOLD', 'NOT_BEFORE'];

/** When to look at this update again without a contact. */
export function planReview(place: Place, decision: DeviceDecision, state: EngineState, now: Instant): void {
  const { campaign, update } = place;
  const latest = plus(now, REVIEW_EVERY);
  if (decision.type !== 'wait') return campaign.reviews.plan(update.endpoint, latest);
  const { reason, promise } = decision;
  if (!OF_EVENTS.includes(reason.code))
    return campaign.reviews.plan(
      update.endpoint,
      Instant(Math.max(now + 1, Math.min(latest, 'nextAt' in reason ? reason.nextAt : latest))),
    );
  // Whoever does not come to what was promised gives it back.
  const noShow = promise && Instant(promise.from + APPOINTMENT_GRACE_MS + 1);
  const deadline = earliest(nextDeadlineIn(place, state), noShow);
  if (deadline === undefined) campaign.reviews.cancel(update.endpoint);
  else campaign.reviews.plan(update.endpoint, Instant(Math.max(now + 1, deadline)));
}
