import type { Instant } from '@drover/kernel';
import type { CampaignClock } from '@drover/platform';

/** The longest a timer of Node can wait, ms: whoever rings too early asks the clock. */
const LONGEST_MS = 2 ** 31 - 1;

/** One timer in campaign time; set anew, it forgets what was set before. */
export class Alarm {
  readonly #clock: CampaignClock;
  readonly #ring: () => void;
  #timer: NodeJS.Timeout | undefined;

  constructor(clock: CampaignClock, ring: () => void) {
    this.#clock = clock;
    this.#ring = ring;
  }

  at(at: Instant): void {
    this.in(at - this.#clock.now());
  }

  in(campaignMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#ring, Math.min(LONGEST_MS, Math.max(1, this.#clock.wallMs(campaignMs))));
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}
