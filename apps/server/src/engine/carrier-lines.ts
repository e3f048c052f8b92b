import type { Endpoint, Instant } from '@drover/kernel';
import type { CarrierKey } from '@drover/schedule';
import type { ReviewQueue } from './review-queue.ts';

/** Devices that are looked at when a transfer has ended: more than one may fit into what it leaves. */
const PULLED = 8;

/** A campaign whose devices can be looked at out of turn. */
export interface Reviewed {
  readonly reviews: ReviewQueue;
}

interface Waiting {
  readonly carrier: CarrierKey;
  readonly endpoint: Endpoint;
  readonly campaign: Reviewed;
}

/**
 * Devices that are always there and wait for room on their carrier, by carrier, who has waited longest first. What ends on a
 * carrier is offered to them at once; sleepers have their appointments. Derived, over all campaigns.
 */
export class CarrierLines {
  readonly #lines = new Map<CarrierKey, Map<string, Waiting>>();
  readonly #carrierOf = new Map<string, CarrierKey>();

  join(update: string, waiting: Waiting): void {
    if (this.#carrierOf.get(update) === waiting.carrier) return;
    this.leave(update);
    this.#carrierOf.set(update, waiting.carrier);
    const line = this.#lines.get(waiting.carrier);
    if (line) line.set(update, waiting);
    else this.#lines.set(waiting.carrier, new Map([[update, waiting]]));
  }

  leave(update: string): void {
    const carrier = this.#carrierOf.get(update);
    if (carrier === undefined) return;
    this.#carrierOf.delete(update);
    const line = this.#lines.get(carrier);
    line?.delete(update);
    if (line?.size === 0) this.#lines.delete(carrier);
  }

  /** The first of a line are looked at now. Who is still too large for what is there joins again at the end. */
  pull(carrier: CarrierKey, now: Instant): void {
    const line = this.#lines.get(carrier);
    if (!line) return;
    let pulled = 0;
    for (const [update, { campaign, endpoint }] of line) {
      this.leave(update);
      campaign.reviews.plan(endpoint, now);
      if (++pulled === PULLED) return;
    }
  }
}
