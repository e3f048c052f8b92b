import { plus, type Instant } from '@drover/kernel';
import { isPastDeadline, isSettled } from '@drover/rollout';
import type { UpdateRecord } from '@drover/persistence';
import { overdueIn } from './deadlines.ts';
import type { DeviceStepper } from './device-stepper.ts';
import type { Engine } from './engine.ts';
import { asNow, type Place } from './engine-state.ts';
import type { UnitOfWork } from './unit-of-work.ts';

/** Devices looked at in one commit and one turn of the event loop: contacts must not wait for a million of them. */
const AT_ONCE = 200;
/** A device that nobody knows yet, and every one after the campaign's deadline: campaign ms. */
const SOON_MS = 60_000;

/** Looks at devices without being asked: deadlines, and those that can be reached without waiting for them. */
export class Reviewer {
  readonly #engine: Engine;
  readonly #stepper: DeviceStepper;

  constructor(engine: Engine, stepper: DeviceStepper) {
    this.#engine = engine;
    this.#stepper = stepper;
  }

  /** All that are due, a slice at a time; whatever else arrives has its turn between two of them. */
  async review(place: Omit<Place, 'update'>): Promise<void> {
    const { reviews } = place.campaign;
    for (;;) {
      const due = reviews.take(this.#engine.clock.now(), AT_ONCE);
      if (due.length === 0) return;
      await this.#engine.change((unit) => {
        for (const endpoint of due) {
          const update = place.campaign.updates.get(endpoint);
          if (update) this.#look({ ...place, update }, unit);
        }
      });
      if (due.length < AT_ONCE) return;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  #look(place: Place, unit: UnitOfWork): void {
    const { campaign, update } = place;
    const { endpoint } = update;
    if (isPastDeadline(campaign.document.spec, unit.now)) this.#passDeadline(place, unit);
    const late = campaign.record.life.phase === 'paused' ? undefined : overdueIn(place, this.#engine.state, unit.now);
    if (late) this.#stepper.moves.apply(asNow(place), late, unit);
    this.#stepper.step(endpoint, unit);
    const after = asNow(place).update;
    this.#engine.state.followAirtime(campaign, after, unit.now);
    this.#planAfter(place, after, unit.now);
  }

  /** A step has planned the next look for every device that is known and not settled. */
  #planAfter({ campaign: { reviews, document } }: Place, update: UpdateRecord, now: Instant): void {
    if (isSettled(update)) return reviews.cancel(update.endpoint);
    if (!reviews.isPlanned(update.endpoint) || isPastDeadline(document.spec, now)) reviews.plan(update.endpoint, plus(now, SOON_MS));
  }

  #passDeadline(place: Place, unit: UnitOfWork): void {
    const { campaign, update } = place;
    const behavior = campaign.document.spec.schedule.deadline?.behavior ?? 'FinishInFlight';
    // A device that defers has no end of its own: the deadline is what ends it.
    const mayRetry = behavior === 'FinishInFlight' && update.attempt > 0 && update.failure !== 'Deferred';
    if (!mayRetry) this.#stepper.moves.apply(place, { type: 'campaign-deadline-passed', reason: update.reason }, unit);
    if (behavior === 'CancelAll' && update.attempt > 0) this.#stepper.cancel(asNow(place), 'the campaign reached its deadline', unit);
  }
}
