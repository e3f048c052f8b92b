import type { CostModel } from '../cost-model.ts';
import type { PaceMode } from '../pace-mode.ts';

/** Length of the tables of open hours: what a window is repeats after a week at the latest. */
export const WEEK_HOURS = 168;

/** What keeps a device out of its campaign whatever the scheduler does; the first says that nothing is known to. */
export const BARRIERS = [
  'NONE',
  'BATTERY_FLOOR',
  'BATTERY_FAULT',
  'RADIO_LIMIT',
  'NO_MEMORY',
  'SILENT',
  'QUARANTINED',
  'WINDOW_WAKE_MISMATCH',
  'WINDOW_TOO_SHORT',
  'ENERGY_BUDGET',
  'DATA_CAP',
  'DEADLINE',
  'EXCLUDED',
] as const;
export type Barrier = (typeof BARRIERS)[number];

/** How far a device is. */
export const WAITS = 0;
/** A transfer is under way. */
export const TRANSFERS = 1;
/** The image is there; what is left is to install it. */
export const HAS_IMAGE = 2;

/** A stage as its gate sees it at the moment of the snapshot. */
export interface StageOutlook {
  readonly name: string;
  readonly state: 'closed' | 'open' | 'passed';
  /** When it opened, ms after the snapshot and so mostly below 0; of a closed one, 0. */
  readonly openedMs: number;
  /** Of a gate that has been passed already: when the stage has soaked, ms after the snapshot. */
  readonly soakedMs: number | undefined;
  readonly soakMs: number;
  /** Part of those that ended which has to be a success, 0–1, and how many have to have ended. */
  readonly min: number;
  readonly minSample: number;
  readonly succeeded: number;
  readonly failed: number;
}

export interface CampaignOutlook {
  readonly name: string;
  readonly imageBytes: number;
  readonly stages: readonly StageOutlook[];
  readonly pace: PaceMode;
  readonly maxInFlight: number;
  readonly bytesPerSecond: number | undefined;
  /** ms after the snapshot; 0 where it runs. */
  readonly startsMs: number;
  readonly deadlineMs: number | undefined;
  /** What may still end after the deadline: what has begun, with its retries; transfers under way; nothing. */
  readonly afterDeadline: 'begun' | 'under-way' | 'nothing';
}

/**
 * Everybody who is not through yet, as columns, one row a device: plain data that crosses to another thread without a copy.
 * Times are ms after `at`; tables of hours begin with the hour after `at`.
 */
export interface OutlookSnapshot {
  /** Campaign time, ms since the epoch. */
  readonly at: number;
  readonly campaign: CampaignOutlook;
  /** What costs are counted by. */
  readonly model: CostModel;
  readonly size: number;
  /** Names of the carriers. */
  readonly carriers: readonly string[];
  /** Part of a carrier that firmware may take, 0–1: `carrier * 24 + hour`. */
  readonly budget: Float32Array;
  /** Open or not, for `WEEK_HOURS`; the first is always open. */
  readonly windows: readonly Uint8Array[];
  readonly carrier: Int32Array;
  /** Index into `BEARERS`. */
  readonly bearer: Uint8Array;
  readonly lossDb: Float32Array;
  readonly lossVarianceDb: Float32Array;
  /** Time between wake-ups; 0 is always reachable. */
  readonly periodMs: Float64Array;
  /** Next wake-up. */
  readonly phaseMs: Float64Array;
  /** Still to be moved, of the size `blockSize` each. */
  readonly bytes: Int32Array;
  readonly blockSize: Uint16Array;
  readonly canResume: Uint8Array;
  /** Can be asked to wake up at another time. */
  readonly canAppoint: Uint8Array;
  readonly onBattery: Uint8Array;
  /** What its battery may give a day to last as long as it should, mAh: the yardstick of days of life; 0 without a battery. */
  readonly mahPerDay: Float32Array;
  /** What this campaign may still take of its battery, mAh, and move over the air for it, bytes; Infinity without a limit. */
  readonly energyLeftMah: Float32Array;
  readonly dataLeft: Float64Array;
  /** Indices into `windows`. */
  readonly download: Uint8Array;
  readonly install: Uint8Array;
  readonly stage: Uint8Array;
  readonly progress: Uint8Array;
  /** Whether it was offered the image before. */
  readonly hasBegun: Uint8Array;
  /** Index into `BARRIERS`. */
  readonly barrier: Uint8Array;
  /**
   * When the server gives up on a device that has something in its way, where no deadline comes first; Infinity is never.
   * In a stage that is closed at the snapshot, ms after it opens.
   */
  readonly givenUpMs: Float64Array;
}

const COLUMNS = [
  'carrier',
  'bearer',
  'lossDb',
  'lossVarianceDb',
  'periodMs',
  'phaseMs',
  'bytes',
  'blockSize',
  'canResume',
  'canAppoint',
  'onBattery',
  'mahPerDay',
  'energyLeftMah',
  'dataLeft',
  'download',
  'install',
  'stage',
  'progress',
  'hasBegun',
  'barrier',
  'givenUpMs',
] as const;

export type OutlookColumns = Pick<OutlookSnapshot, (typeof COLUMNS)[number]>;

/** One device as numbers, by the names of the columns. */
export type OutlookRow = { readonly [C in keyof OutlookColumns]: number };

export function outlookColumns(size: number): OutlookColumns {
  return {
    carrier: new Int32Array(size),
    bearer: new Uint8Array(size),
    lossDb: new Float32Array(size),
    lossVarianceDb: new Float32Array(size),
    periodMs: new Float64Array(size),
    phaseMs: new Float64Array(size),
    bytes: new Int32Array(size),
    blockSize: new Uint16Array(size),
    canResume: new Uint8Array(size),
    canAppoint: new Uint8Array(size),
    onBattery: new Uint8Array(size),
    mahPerDay: new Float32Array(size),
    energyLeftMah: new Float32Array(size),
    dataLeft: new Float64Array(size),
    download: new Uint8Array(size),
    install: new Uint8Array(size),
    stage: new Uint8Array(size),
    progress: new Uint8Array(size),
    hasBegun: new Uint8Array(size),
    barrier: new Uint8Array(size),
    givenUpMs: new Float64Array(size),
  };
}

export function putRow(columns: OutlookColumns, device: number, row: OutlookRow): void {
  for (const name of COLUMNS) columns[name][device] = row[name];
}

/** The first rows alone, over the same memory. */
export function firstRows(columns: OutlookColumns, size: number): OutlookColumns {
  return Object.fromEntries(COLUMNS.map((name) => [name, columns[name].subarray(0, size)])) as unknown as OutlookColumns;
}

/** Memory that a thread can hand over instead of copying it. */
export function buffersOf(snapshot: OutlookSnapshot): ArrayBuffer[] {
  return [snapshot.budget, ...COLUMNS.map((name) => snapshot[name])].map(({ buffer }) => buffer as ArrayBuffer);
}

export function barrierIndex(barrier: Barrier): number {
  return BARRIERS.indexOf(barrier);
}
