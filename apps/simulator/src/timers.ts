import type { CampaignClock } from '@drover/platform';
import { monotonicMs } from '@drover/platform';

/** The longest a timer of Node can wait. */
const MAX_WALL_MS = 2 ** 31 - 1;

/** Delays in campaign time, rounded up to whole wall milliseconds and never early; all of them end with the power. */
export class Timers {
  readonly #clock: CampaignClock;
  readonly #open = new Set<NodeJS.Timeout>();

  constructor(clock: CampaignClock) {
    this.#clock = clock;
  }

  after(campaignMs: number, run: () => void): void {
    this.#arm(monotonicMs() + Math.ceil(this.#clock.wallMs(campaignMs)), run);
  }

  clear(): void {
    for (const timeout of this.#open) clearTimeout(timeout);
    this.#open.clear();
  }

  /** Node fires up to a millisecond early, which is many seconds of a compressed clock: look, and wait again. */
  #arm(dueAt: number, run: () => void): void {
    const timeout = setTimeout(
      () => {
        this.#open.delete(timeout);
        if (monotonicMs() < dueAt) this.#arm(dueAt, run);
        else run();
      },
      Math.min(MAX_WALL_MS, Math.max(0, Math.ceil(dueAt - monotonicMs()))),
    );
    this.#open.add(timeout);
  }
}
