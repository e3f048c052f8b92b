import type { Instant } from '@drover/kernel';
import type { CampaignClock } from '@drover/platform';

export interface WakefulnessParts {
  readonly clock: CampaignClock;
  /** Listens only for a while after each exchange. */
  readonly sleeps: () => boolean;
  /** For how long, campaign ms. */
  readonly awakeMs: () => number;
  readonly fellAsleep: () => void;
  /** Asks it something, so that it listens on. `false`: there is nothing to stay awake for. */
  readonly keepAwake: () => boolean;
  /** Campaign ms for which it may be kept listening, beyond what it would have done by itself. */
  readonly mayKeepMs: number;
}

/** The last part of the awake window in which a device that is to be kept awake is asked something. */
const MARGIN = 0.15;

/** Whether the device at the other end still listens, and how long it has listened on our account. */
export class Wakefulness {
  readonly #parts: WakefulnessParts;
  #heardAt: Instant;
  #timer: NodeJS.Timeout | undefined;
  #keptMs = 0;
  /** Of the silence under way: asked something so that it listens on, or left to fall asleep. */
  #kept: 'not-yet' | 'asked' | 'declined' = 'not-yet';

  constructor(parts: WakefulnessParts) {
    this.#parts = parts;
    this.#heardAt = parts.clock.now();
  }

  get isAsleep(): boolean {
    const { clock, sleeps, awakeMs } = this.#parts;
    return sleeps() && clock.now() > this.#heardAt + awakeMs();
  }

  /** Any sign of life. Returns the campaign ms since the one before, as far as the device was awake between them. */
  heard(): number {
    const { clock, awakeMs } = this.#parts;
    const now = clock.now();
    const passed = Math.max(0, now - this.#heardAt);
    this.#heardAt = now;
    if (this.#kept === 'asked') this.#keptMs += passed;
    this.#kept = 'not-yet';
    this.watch();
    return passed <= awakeMs() ? passed : 0;
  }

  /** A queue-mode device that has been silent for its awake window will not hear what we repeat. */
  watch(): void {
    clearTimeout(this.#timer);
    const { clock, sleeps, awakeMs, mayKeepMs } = this.#parts;
    if (!sleeps()) return;
    const mayKeep = this.#kept === 'not-yet' && this.#keptMs < mayKeepMs;
    const listens = awakeMs() * (mayKeep ? 1 - MARGIN : 1);
    const left = this.#heardAt + listens - clock.now();
    this.#timer = setTimeout(() => this.#atTheEnd(mayKeep), Math.max(5, clock.wallMs(left)));
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #atTheEnd(mayKeep: boolean): void {
    if (!mayKeep) return this.#parts.fellAsleep();
    // Whatever is asked now is answered before the window closes, or nobody is there any more.
    this.#kept = this.#parts.keepAwake() ? 'asked' : 'declined';
    this.watch();
  }
}
