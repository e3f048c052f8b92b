/** Radio bearer as campaigns name it. */
export type Bearer = 'NB-IoT' | 'LTE-M' | 'other';
/** Coverage enhancement level as the language counts it: 0 good, 1 poor, 2 and 3 very poor. */
export type Coverage = 0 | 1 | 2 | 3;

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
  /** Current while transmitting, mA. */
  readonly transmitMa: number;
  /** One extra wake with its registration update, mAh. */
  readonly contactMah: number;
  /** Mean time after which a session is lost while blocks flow on a carrier that is not overloaded, s. */
  readonly sessionS: number;
}

type ByCoverage = readonly [RadioClass, RadioClass, RadioClass];

/** What an exchange takes of time, carrier and battery. Shapes hold, levels are to be calibrated: `docs/scheduling.md`. */
export interface RadioModel {
  readonly bearers: { readonly 'NB-IoT': ByCoverage; readonly 'LTE-M': ByCoverage };
  /** IP, UDP, DTLS with Connection ID, and CoAP around each block, bytes. */
  readonly overheadBytes: number;
  readonly receiveMa: number;
  /** Connected, neither sending nor receiving, mA. */
  readonly connectedMa: number;
  /** Flash, reboot and attach, mAh. */
  readonly installMah: number;
}

export const DEFAULT_RADIO_MODEL: RadioModel = {
  bearers: {
    'NB-IoT': [
      { rttS: 0.9, phyKbps: 22, carrierKbps: 100, uplinkS: 0.04, transmitMa: 100, contactMah: 0.15, sessionS: 10_800 },
      { rttS: 2.0, phyKbps: 5, carrierKbps: 10, uplinkS: 0.3, transmitMa: 220, contactMah: 0.6, sessionS: 7_200 },
      { rttS: 6.0, phyKbps: 0.6, carrierKbps: 1.0, uplinkS: 2.0, transmitMa: 220, contactMah: 3.0, sessionS: 7_200 },
    ],
    'LTE-M': [
      { rttS: 0.2, phyKbps: 250, carrierKbps: 600, uplinkS: 0.01, transmitMa: 120, contactMah: 0.1, sessionS: 21_600 },
      { rttS: 0.4, phyKbps: 80, carrierKbps: 200, uplinkS: 0.04, transmitMa: 230, contactMah: 0.3, sessionS: 10_800 },
      { rttS: 2.0, phyKbps: 8, carrierKbps: 20, uplinkS: 0.4, transmitMa: 230, contactMah: 1.0, sessionS: 7_200 },
    ],
  },
  overheadBytes: 75,
  receiveMa: 60,
  connectedMa: 25,
  installMah: 1.0,
};

/** A wired or short-range link: no scarce carrier, no battery worth counting. */
const WIRED: RadioClass = {
  rttS: 0.05,
  phyKbps: 5000,
  carrierKbps: 100_000,
  uplinkS: 0.001,
  transmitMa: 0,
  contactMah: 0,
  sessionS: Number.POSITIVE_INFINITY,
};

export function radioClass(bearer: Bearer, ce: Coverage, model: RadioModel = DEFAULT_RADIO_MODEL): RadioClass {
  return bearer === 'other' ? WIRED : (model.bearers[bearer][Math.min(ce, 2)] ?? WIRED);
}
