import { MINUTE } from '@drover/kernel';

/** What one place had in one minute of campaign time: campaign ms of airtime, or bytes. Plain data. */
export type MinuteRow = readonly [place: string, minuteAt: number, amount: number];

export interface Span {
  readonly from: number;
  readonly to: number;
}

/** Amounts per place and minute of campaign time. */
export class MinuteSums {
  readonly #places = new Map<string, Map<number, number>>();
  readonly #keptMs: number;
  #minutes = 0;

  /** Of a place that gets something new, the last `keptMinutes` stay at least; twice as many at most. */
  constructor(keptMinutes = Infinity) {
    this.#keptMs = keptMinutes * MINUTE;
  }

  /** How many minutes of places have ever had something. */
  get minutes(): number {
    return this.#minutes;
  }

  /** Answers the sum of that minute. */
  add(place: string, minuteAt: number, amount: number): number {
    const minutes = this.#places.get(place) ?? new Map<number, number>();
    this.#places.set(place, minutes);
    const before = minutes.get(minuteAt);
    if (before === undefined) this.#minutes += 1;
    const sum = (before ?? 0) + amount;
    minutes.set(minuteAt, sum);
    if (minutes.size * MINUTE > 2 * this.#keptMs) this.#forget(minutes, minuteAt);
    return sum;
  }

  /** Everything, which is forgotten here. */
  drain(): MinuteRow[] {
    const rows = [...this.#places].flatMap(([place, minutes]) => [...minutes].map(([at, amount]): MinuteRow => [place, at, amount]));
    this.#places.clear();
    return rows;
  }

  #forget(minutes: Map<number, number>, newest: number): void {
    for (const at of minutes.keys()) if (at < newest - this.#keptMs) minutes.delete(at);
  }
}

/** Spreads an amount evenly over a span, by minutes. */
export function overMinutes({ from, to }: Span, amount: number): { readonly minuteAt: number; readonly part: number }[] {
  const parts = [];
  for (let minuteAt = minuteOf(from); minuteAt < to; minuteAt += MINUTE) {
    const overlap = Math.min(to, minuteAt + MINUTE) - Math.max(from, minuteAt);
    parts.push({ minuteAt, part: (amount * overlap) / (to - from) });
  }
  return parts;
}

export function minuteOf(at: number): number {
  return Math.floor(at / MINUTE) * MINUTE;
}
