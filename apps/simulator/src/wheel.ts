import { monotonicMs, type CampaignClock } from '@drover/platform';

/** Whose timers: what was set in an earlier life never fires. */
export interface TimerOwner {
  /** Another number after each power-off. */
  readonly life: number;
  /** Share by which the owner's own time is slow; 0 is exact. */
  readonly skew: number;
}

/** A function, or something that lives anyway: an idle fleet then holds no function per device. */
export type Due = (() => void) | { due(): void };

interface Timer {
  readonly at: number;
  readonly owner: TimerOwner;
  readonly life: number;
  readonly run: Due;
}

/** The longest a timer of Node can wait. */
const MAX_WALL_MS = 2 ** 31 - 1;

/** The timers of all devices of a process in one heap behind one timer of Node: twenty thousand of those would be memory. */
export class Wheel {
  readonly #clock: CampaignClock;
  readonly #heap: Timer[] = [];
  #timeout: NodeJS.Timeout | undefined;
  #armedAt = Infinity;

  constructor(clock: CampaignClock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#heap.length;
  }

  /** Campaign ms by the owner's clock; rounded up to whole wall milliseconds and never early. */
  after(owner: TimerOwner, campaignMs: number, run: Due): void {
    this.afterWall(owner, Math.ceil(this.#clock.wallMs(campaignMs * (1 + owner.skew))), run);
  }

  /** Protocol time: never scaled, never skewed. */
  afterWall(owner: TimerOwner, ms: number, run: Due): void {
    this.#push({ at: monotonicMs() + ms, owner, life: owner.life, run });
    this.#arm();
  }

  stop(): void {
    clearTimeout(this.#timeout);
    this.#heap.length = 0;
    this.#armedAt = Infinity;
  }

  #arm(): void {
    const at = this.#heap[0]?.at ?? Infinity;
    if (at >= this.#armedAt) return;
    clearTimeout(this.#timeout);
    this.#armedAt = at;
    // Node fires up to a millisecond early, which is many seconds of a compressed clock: `#advance` looks, and waits again.
    this.#timeout = setTimeout(() => this.#advance(), Math.min(MAX_WALL_MS, Math.max(1, Math.ceil(at - monotonicMs()))));
  }

  #advance(): void {
    this.#armedAt = Infinity;
    const now = monotonicMs();
    for (let timer = this.#heap[0]; timer !== undefined && timer.at <= now; timer = this.#heap[0]) {
      this.#pop();
      if (timer.life !== timer.owner.life) continue;
      if (typeof timer.run === 'function') timer.run();
      else timer.run.due();
    }
    this.#arm();
  }

  #push(timer: Timer): void {
    const heap = this.#heap;
    let place = heap.length;
    heap.push(timer);
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (heap[parent]!.at <= timer.at) break;
      heap[place] = heap[parent]!;
      place = parent;
    }
    heap[place] = timer;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop()!;
    if (heap.length === 0) return;
    let place = 0;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && heap[child + 1]!.at < heap[child]!.at) child += 1;
      if (heap[child]!.at >= last.at) break;
      heap[place] = heap[child]!;
      place = child;
    }
    heap[place] = last;
  }
}
