import type { CarrierSeen } from '../link/carriers.ts';

/** Block times kept of one carrier and minute: their median hardly changes with more of them. */
const MOST_RATIOS = 64;

/** One block that has been answered. */
export interface BlockTime {
  readonly carrier: string;
  /** Since the one before it, campaign ms; undefined for the first of a session. */
  readonly tookMs: number | undefined;
  /** What it takes by the model and at the pace it was given, campaign ms. */
  readonly expectedMs: number;
  /** Radio time of one block without pacing, campaign ms, and the part of the carrier that it holds meanwhile. */
  readonly blockMs: number;
  readonly share: number;
  /** Times that it was asked for or sent once more. */
  readonly repeated: number;
}

interface Minute {
  samples: number;
  readonly ratios: number[];
  repeated: number;
  lost: number;
  airtimeMs: number;
}

/** What transfers show of the carriers they are on, minute by minute. */
export class CarrierWatch {
  readonly #minutes = new Map<string, Minute>();

  block({ carrier, tookMs, expectedMs, blockMs, share, repeated }: BlockTime): void {
    const minute = this.#of(carrier);
    minute.samples += 1;
    minute.repeated += repeated;
    minute.airtimeMs += share * blockMs * (1 + repeated);
    if (tookMs === undefined || expectedMs <= 0) return;
    const ratio = Math.max(1, tookMs / expectedMs);
    if (minute.ratios.length < MOST_RATIOS) minute.ratios.push(ratio);
    // Each block of the minute is as likely to be kept as any other, by an even step through them.
    else minute.ratios[(minute.samples * 7) % MOST_RATIOS] = ratio;
  }

  lost(carrier: string): void {
    this.#of(carrier).lost += 1;
  }

  /** What the minute that ends has shown, carrier by carrier; the next one begins. */
  take(): CarrierSeen[] {
    const seen = [...this.#minutes].map(([carrier, { samples, ratios, repeated, lost, airtimeMs }]) => ({
      carrier,
      samples: ratios.length === 0 ? 0 : samples,
      inflation: median(ratios),
      duplicates: repeated / Math.max(1, samples + repeated),
      lost,
      airtimeMs: Math.round(airtimeMs),
    }));
    this.#minutes.clear();
    return seen;
  }

  #of(carrier: string): Minute {
    let minute = this.#minutes.get(carrier);
    if (!minute) this.#minutes.set(carrier, (minute = { samples: 0, ratios: [], repeated: 0, lost: 0, airtimeMs: 0 }));
    return minute;
  }
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 1;
}
