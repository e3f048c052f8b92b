import { MINUTE, type Instant } from '@drover/kernel';
import { learnCapacity, shareOf, type CarrierCapacity } from '@drover/schedule';
import type { CarrierRecord } from '@drover/persistence';
import type { CarrierReport, CarrierSeen } from '../link/carriers.ts';
import type { Engine } from './engine.ts';
import { largestAirtime } from './largest-airtime.ts';

/** A carrier of which nothing is known but what campaigns may take of it: that is what it has until it shows otherwise. */
export const AS_AGREED: CarrierCapacity = { part: 1, heldUntil: 0 };

/** Finds out what carriers really have: what was agreed is an upper bound, and their own traffic is nobody's to know. */
export class CarrierDesk {
  readonly #engine: Engine;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  onSeen({ at, carriers }: CarrierReport): Promise<void> {
    const contract = largestAirtime(this.#engine.state);
    return this.#engine.change((unit) => {
      for (const seen of carriers) {
        const record = this.#learn(seen, contract, at);
        if (record) unit.putCarrier(record);
      }
    });
  }

  /** What has changed, if anything. */
  #learn(seen: CarrierSeen, contract: number, at: Instant): CarrierRecord | undefined {
    const known = this.#engine.state.carriers.get(seen.carrier);
    const before = known?.capacity ?? AS_AGREED;
    const utilisation = seen.airtimeMs / MINUTE / shareOf(before, contract);
    const capacity = learnCapacity(before, { ...seen, utilisation, contract }, at);
    if (capacity.part === before.part && capacity.heldUntil === before.heldUntil) return undefined;
    return { ...known, carrier: seen.carrier, capacity, share: capacity.part >= 1 ? 1 : shareOf(capacity, contract), changedAt: at };
  }
}
