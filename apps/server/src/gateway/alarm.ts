import { plus, type Instant } from '@drover/kernel';
import type { CampaignClock } from '@drover/platform';

/** The longest a timer of Node can wait, ms. */
const LONGEST_MS = 2 ** 31 - 1;

/** One timer in campaign time; set anew, it forgets what was set before. It never rings early, as timers of Node do. */
export class Alarm {
  readonly #clock: CampaignClock;
  readonly #ring: () => void;
  #timer: NodeJS.Timeout | undefined;

  constructor(clock: CampaignClock, ring: () => void) {
    this.#clock = clock;
    this.#ring = ring;
  }

  at(at: Instant): void {
    clearTimeout(this.#timer);
    const wallMs = Math.ceil(this.#clock.wallMs(at - this.#clock.now()));
    this.#timer = setTimeout(() => this.#due(at), Math.min(LONGEST_MS, Math.max(1, wallMs)));
  }

  /** Campaign ms from now. */
  in(ms: number): void {
    this.at(plus(this.#clock.now(), ms));
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #due(at: Instant): void {
    if (this.#clock.now() < at) this.at(at);
    else this.#ring();
  }
}
