import { plus, type Instant } from '@drover/kernel';
import type { CampaignClock } from '@drover/platform';

/** The longest a timer of Node can wait, ms. */
const LONGEST_MS = 2 ** 31 - 1;

/** Timers in campaign time, by their names; one that is set anew forgets what was set before. None rings early, as timers of Node do. */
export class Alarms<Name extends string> {
  readonly #clock: CampaignClock;
  readonly #ring: (name: Name) => void;
  readonly #timers: Partial<Record<Name, NodeJS.Timeout>> = {};

  constructor(clock: CampaignClock, ring: (name: Name) => void) {
    this.#clock = clock;
    this.#ring = ring;
  }

  at(name: Name, at: Instant): void {
    clearTimeout(this.#timers[name]);
    const wallMs = Math.ceil(this.#clock.wallMs(at - this.#clock.now()));
    this.#timers[name] = setTimeout(() => this.#due(name, at), Math.min(LONGEST_MS, Math.max(1, wallMs)));
  }

  /** Campaign ms from now. */
  in(name: Name, ms: number): void {
    this.at(name, plus(this.#clock.now(), ms));
  }

  /** All of them. */
  stop(): void {
    for (const timer of Object.values<NodeJS.Timeout | undefined>(this.#timers)) clearTimeout(timer);
  }

  #due(name: Name, at: Instant): void {
    this.#timers[name] = undefined;
    if (this.#clock.now() < at) this.at(name, at);
    else this.#ring(name);
  }
}
