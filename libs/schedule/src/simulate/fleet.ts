import type { Bearer } from '../radio-model.ts';

export const BEARERS = ['NB-IoT', 'LTE-M', 'other'] as const satisfies readonly Bearer[];

/** Battery floor of the simulated campaigns, percent. */
export const LOWEST_BATTERY = 20;

/** A fleet as columns, one row a device: a hundred thousand of them run through a simulated month in seconds. */
export interface SimFleet {
  readonly size: number;
  readonly carriers: number;
  /** Fraction of a carrier that other traffic takes, by carrier and hour of the UTC day: `carrier * 24 + hour`. */
  readonly background: Float64Array;
  /** Fraction of a carrier that firmware may take, in the same order. */
  readonly budget: Float64Array;
  readonly carrier: Int32Array;
  /** Index into `BEARERS`. */
  readonly bearer: Uint8Array;
  /** Mean coupling loss, dB. */
  readonly meanLossDb: Float64Array;
  /** Spread of the coupling loss from contact to contact, dB; without it the weather's. */
  readonly lossSdDb?: Float64Array;
  /** Time between wake-ups, ms; 0 is always reachable. */
  readonly periodMs: Float64Array;
  /** First wake-up, ms after the start. */
  readonly phaseMs: Float64Array;
  /** Charge, percent. */
  readonly battery: Float64Array;
  readonly canResume: Uint8Array;
  /** Can be asked to wake up at another time. */
  readonly canAppoint: Uint8Array;
  readonly isDead: Uint8Array;
  /** Index into `windows`. */
  readonly window: Uint8Array;
  /** Open or not, by hour of the day or of the week, whichever it is as long as; the first is always open. */
  readonly windows: readonly (readonly boolean[])[];
  readonly bytes: Int32Array;
  /** eDRX cycle of devices that are reachable only when they listen, ms; 0 for those that always do. */
  readonly cycleMs?: Float64Array;
  /** Where some devices do not tell their cell: what the server knows instead. */
  readonly unseen?: UnseenCells;
}

/** Devices without a cell fall into a bucket, which the server takes for one carrier more; they load their own all the same. */
export interface UnseenCells {
  /** By device, its carrier as the server sees it: its own, or a bucket from `carriers` on. */
  readonly carrier: Int32Array;
  /** Carriers and buckets together. */
  readonly groups: number;
  /** By carrier, the bucket of its devices without a cell. */
  readonly bucketOf: Int32Array;
  /** What firmware may take of each of the groups, by hour of the UTC day: `group * 24 + hour`. */
  readonly budget: Float64Array;
}

/** How the world treats a fleet. */
export interface SimWeather {
  readonly seed: number;
  /** Whether sessions are lost and contacts missed. */
  readonly isStochastic: boolean;
  /** Spread of the coupling loss from contact to contact, dB. */
  readonly radioSdDb: number;
  /** Spread of a wake-up around its time, ms. */
  readonly jitterMs: number;
  /** Contacts that do not come about, 0–1. */
  readonly missed: number;
}

export const WEATHER: SimWeather = { seed: 42, isStochastic: true, radioSdDb: 4, jitterMs: 90_000, missed: 0.03 };
