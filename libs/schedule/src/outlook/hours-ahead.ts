import { HOUR } from '@drover/kernel';
import { WEEK_HOURS } from './snapshot.ts';

/** A week that is open all the time has no end. */
const ALWAYS = Number.POSITIVE_INFINITY;
/** Wake-ups looked at: a week of those that come every hour; who wakes up more often meets every hour. */
const WAKES_TRIED = WEEK_HOURS;

/** When a device can be reached by itself: at any time, or at its wake-ups. */
export interface Reach {
  /** Time between wake-ups, ms; 0 is always. */
  readonly periodMs: number;
  /** Next wake-up, ms. */
  readonly phaseMs: number;
}

/** For one table of open hours: whether and for how long it is open from a time on. Times in ms after the snapshot. */
export class HoursAhead {
  readonly #open: Uint8Array;
  /** Open hours in a row from each hour on. */
  readonly #run: Float64Array;
  /** Part of the week that is open, 0–1. */
  readonly part: number;

  constructor(open: Uint8Array) {
    this.#open = open;
    this.#run = runsOf(open);
    this.part = open.reduce((sum, each) => sum + each, 0) / open.length;
  }

  isOpen(at: number): boolean {
    return this.#open[hourOf(at)] === 1;
  }

  /** How long it stays open from `at` on, ms; 0 while it is closed. */
  openFor(at: number): number {
    const run = this.#run[hourOf(at)]!;
    return run === 0 ? 0 : run * HOUR - (at % HOUR);
  }

  /** First time at or after `from` at which the device can be reached while it is open; Infinity where there is none. */
  firstReach(from: number, reach: Reach): number {
    for (const at of this.#times(from, reach)) if (this.isOpen(at)) return at;
    return Number.POSITIVE_INFINITY;
  }

  /** The longest time that it is open from one of the device's contacts on, ms; 0 where it never is. */
  longestFrom(reach: Reach): number {
    let longest = 0;
    for (const at of this.#times(0, reach)) longest = Math.max(longest, this.openFor(at));
    return longest;
  }

  /** Where nothing happens at a time of its own, whole hours stand for all times. */
  *#times(from: number, { periodMs, phaseMs }: Reach): Generator<number> {
    const step = Math.max(periodMs, HOUR);
    const first = periodMs === 0 ? from : phaseMs + Math.max(0, Math.ceil((from - phaseMs) / periodMs)) * periodMs;
    yield first;
    const isFine = periodMs < HOUR;
    const next = isFine ? (Math.floor(first / HOUR) + 1) * HOUR : first + step;
    for (let n = 0; n < WAKES_TRIED; n++) yield next + n * step;
  }
}

const hourOf = (at: number): number => Math.floor(at / HOUR) % WEEK_HOURS;

function runsOf(open: Uint8Array): Float64Array {
  if (open.every((each) => each === 1)) return new Float64Array(open.length).fill(ALWAYS);
  const runs = new Float64Array(open.length);
  // Twice around: the week begins again where it ends.
  for (let hour = 2 * open.length - 1, run = 0; hour >= 0; hour--) {
    run = open[hour % open.length] === 1 ? run + 1 : 0;
    runs[hour % open.length] = run;
  }
  return runs;
}
