import type { CarrierCommand } from '../link/carriers.ts';
import type { EngineState } from './engine-state.ts';

/** Tells the gateway what carriers have now, where that is not what it was told last. */
export class ShareTeller {
  readonly #told = new Map<string, number>();

  /** Of carriers with a transfer on them: for all others it will be told when there is one. */
  news({ ledger: { carriers } }: EngineState, now: number): CarrierCommand | undefined {
    const shares: { carrier: string; share: number }[] = [];
    const live = new Set<string>();
    for (const load of carriers.loads()) {
      if (load.live === 0) continue;
      const carrier = String(load.carrier);
      live.add(carrier);
      const share = carriers.budgetAt(carrier, now);
      if ((this.#told.get(carrier) ?? 1) === share) continue;
      this.#told.set(carrier, share);
      shares.push({ carrier, share });
    }
    for (const [carrier, share] of this.#told) {
      if (live.has(carrier) && share < 1) continue;
      this.#told.delete(carrier);
      // Whoever begins there next begins with what is true then.
      if (share < 1) shares.push({ carrier, share: 1 });
    }
    return shares.length === 0 ? undefined : { type: 'carrier-shares', shares };
  }
}
