import { MINUTE } from '@drover/kernel';
import type { CampaignClock } from '@drover/platform';
import type { CarrierCommand, CarrierReport } from '../link/carriers.ts';
import { CarrierWatch } from './carrier-watch.ts';
import { Pacer } from './pacer.ts';

export interface CarrierDeskParts {
  readonly clock: CampaignClock;
  readonly tell: (report: CarrierReport) => void;
}

/** What carriers can take: what their transfers show of them goes to the engine each minute, and the shares it sets come back. */
export class CarrierDesk {
  readonly pacer = new Pacer();
  readonly watch = new CarrierWatch();
  readonly #parts: CarrierDeskParts;
  readonly #minutes: NodeJS.Timeout;

  constructor(parts: CarrierDeskParts) {
    this.#parts = parts;
    this.#minutes = setInterval(() => this.#tell(), Math.max(250, parts.clock.wallMs(MINUTE)));
  }

  handle({ shares }: CarrierCommand): void {
    for (const { carrier, share } of shares) this.pacer.limit(carrier, share);
  }

  close(): void {
    clearInterval(this.#minutes);
  }

  /** A compressed clock stretches what a network takes: then block times say nothing about carriers. */
  #tell(): void {
    const { clock, tell } = this.#parts;
    const carriers = this.watch.take();
    if (carriers.length > 0 && clock.setting.scale === 1) tell({ type: 'carriers-seen', at: clock.now(), carriers });
  }
}
