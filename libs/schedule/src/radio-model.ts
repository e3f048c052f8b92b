/** Radio bearer as campaigns name it. */
export type Bearer = 'NB-IoT' | 'LTE-M' | 'other';
/** Bearers that a cell carries. */
export type CellBearer = Exclude<Bearer, 'other'>;
/** Coverage enhancement level as the language counts it: 0 good, 1 poor, 2 and 3 very poor. */
export type Coverage = 0 | 1 | 2 | 3;
/** Levels that models tell apart: 3 is taken for 2. */
export const LEVELS = [0, 1, 2] as const;
export type ByCoverage<T> = readonly [T, T, T];

/** Figures of one bearer at one coverage level, for one block exchange at a time (RFC 7252, NSTART 1). */
export interface RadioClass {
  /** Round trip of an empty exchange, s. */
  readonly rttS: number;
  /** Bit rate one device sees within an exchange, kbit/s. */
  readonly phyKbps: number;
  /** What the whole carrier moves when it serves this class alone, kbit/s. */
  readonly carrierKbps: number;
  /** Time the device transmits per block, s. */
  readonly uplinkS: number;
  /** Mean time after which a session is lost while blocks flow on a carrier that is not overloaded, s. */
  readonly sessionS: number;
}

/** What an exchange takes of time and of its carrier. Shapes hold, levels are to be calibrated: `docs/scheduling-inside.md`. */
export interface RadioModel {
  readonly bearers: Readonly<Record<CellBearer, ByCoverage<RadioClass>>>;
  /** IP, UDP, DTLS with Connection ID, and CoAP around each block, bytes. */
  readonly overheadBytes: number;
}

export const DEFAULT_RADIO_MODEL: RadioModel = {
  bearers: {
    'NB-IoT': [
      { rttS: 0.9, phyKbps: 22, carrierKbps: 100, uplinkS: 0.04, sessionS: 10_800 },
      { rttS: 2.0, phyKbps: 5, carrierKbps: 10, uplinkS: 0.3, sessionS: 7_200 },
      { rttS: 6.0, phyKbps: 0.6, carrierKbps: 1.0, uplinkS: 2.0, sessionS: 7_200 },
    ],
    'LTE-M': [
      { rttS: 0.2, phyKbps: 250, carrierKbps: 600, uplinkS: 0.01, sessionS: 21_600 },
      { rttS: 0.4, phyKbps: 80, carrierKbps: 200, uplinkS: 0.04, sessionS: 10_800 },
      { rttS: 2.0, phyKbps: 8, carrierKbps: 20, uplinkS: 0.4, sessionS: 7_200 },
    ],
  },
  overheadBytes: 75,
};

/** A wired or short-range link: no scarce carrier. */
const WIRED: RadioClass = { rttS: 0.05, phyKbps: 5000, carrierKbps: 100_000, uplinkS: 0.001, sessionS: Number.POSITIVE_INFINITY };

export function radioClass(bearer: Bearer, ce: Coverage, { bearers }: RadioModel = DEFAULT_RADIO_MODEL): RadioClass {
  return bearer === 'other' ? WIRED : atLevel(bearers[bearer], ce);
}

/** Figures at a level; beyond 2 those of 2. */
export function atLevel<T>(levels: ByCoverage<T>, ce: Coverage): T {
  return levels[ce === 3 ? 2 : ce];
}
