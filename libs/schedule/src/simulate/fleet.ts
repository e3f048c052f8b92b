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
