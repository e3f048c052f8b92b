import { isoOf, type Instant } from '@drover/kernel';
import { AirtimeLedger, type OverBudget } from './airtime-ledger.ts';
import { CellBytes, cellOf } from './cell-bytes.ts';
import { minuteOf, MinuteSums, overMinutes, type MinuteRow, type Span } from './minute-sums.ts';

/** What part of a fleet has had on the air since it was asked last. Plain data. */
export interface AirRows {
  /** Carrier, minute, campaign ms of airtime. */
  readonly airtime: readonly MinuteRow[];
  /** Cell, minute, bytes. */
  readonly bytes: readonly MinuteRow[];
}

/** What was on the air in all. Plain data. */
export interface AirSummary {
  /** Minutes of carriers with blocks of an image on the air, and those of them above the budget. */
  readonly carrierMinutes: number;
  readonly carrierMinutesOver: number;
  /** The fullest minute of a carrier, as a share of its budget. */
  readonly worst?: { readonly carrier: string; readonly at: string; readonly ofBudget: number };
  /** What has reached the devices with all that was said to them: IP, UDP and what they carry. */
  readonly bytes: number;
  readonly cellMinutes: number;
  readonly busiest?: { readonly cell: string; readonly at: string; readonly bytes: number };
}

/** Sees what all devices of a carrier have on the air together. */
export interface AirWatch {
  /** A block of an image, on the air for so long; answers the minutes that it has brought above their budget. */
  block(carrier: string, span: Span, airtimeMs: number): OverBudget[];
  /** A datagram of whatever kind. */
  heard(carrier: string, at: Instant, bytes: number): void;
  /** What has been judged so far. */
  summary(): AirSummary;
  /** What others have to judge, since the last time. */
  drain(): AirRows;
}

/** Judges a whole fleet. */
export class AirJudge implements AirWatch {
  readonly #airtime: AirtimeLedger;
  readonly #bytes = new CellBytes();

  constructor(airtime: number) {
    this.#airtime = new AirtimeLedger(airtime);
  }

  block(carrier: string, span: Span, airtimeMs: number): OverBudget[] {
    return this.#judge(overMinutes(span, airtimeMs).map(({ minuteAt, part }): MinuteRow => [carrier, minuteAt, part]));
  }

  heard(carrier: string, at: Instant, bytes: number): void {
    this.#bytes.add(cellOf(carrier), minuteOf(at), bytes);
  }

  /** What one of several processes has seen: only all of them together tell how full a carrier was. */
  merge({ airtime, bytes }: AirRows): OverBudget[] {
    for (const row of bytes) this.#bytes.add(...row);
    return this.#judge(airtime);
  }

  drain(): AirRows {
    return { airtime: [], bytes: [] };
  }

  summary(): AirSummary {
    const { worst } = this.#airtime;
    const { busiest } = this.#bytes;
    return {
      carrierMinutes: this.#airtime.minutes,
      carrierMinutesOver: this.#airtime.over,
      worst: worst && { carrier: worst.carrier, at: isoOf(worst.minuteAt as Instant), ofBudget: worst.usedMs / worst.allowedMs },
      bytes: this.#bytes.total,
      cellMinutes: this.#bytes.minutes,
      busiest: busiest && { cell: busiest.cell, at: isoOf(busiest.minuteAt as Instant), bytes: busiest.bytes },
    };
  }

  #judge(rows: readonly MinuteRow[]): OverBudget[] {
    return rows.map((row) => this.#airtime.add(...row)).filter((over) => over !== undefined);
  }
}

/** Sees a part of a fleet, whose carriers have devices elsewhere too: collects for whoever judges the whole. */
export class AirCollector implements AirWatch {
  readonly #airtime = new MinuteSums();
  readonly #bytes = new MinuteSums();

  block(carrier: string, span: Span, airtimeMs: number): OverBudget[] {
    for (const { minuteAt, part } of overMinutes(span, airtimeMs)) this.#airtime.add(carrier, minuteAt, part);
    return [];
  }

  heard(carrier: string, at: Instant, bytes: number): void {
    this.#bytes.add(cellOf(carrier), minuteOf(at), bytes);
  }

  summary(): AirSummary {
    return { carrierMinutes: 0, carrierMinutesOver: 0, bytes: 0, cellMinutes: 0 };
  }

  drain(): AirRows {
    return { airtime: this.#airtime.drain(), bytes: this.#bytes.drain() };
  }
}
