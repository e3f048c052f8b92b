/** Bearers of the simulated fleet. */
export type Bearer = 'NB-IoT' | 'LTE-M';
/** Coverage enhancement level as people count it; `/4/0/13` is one higher. */
export type Coverage = 0 | 1 | 2;

export interface Link {
  readonly bearer: Bearer;
  readonly ce: Coverage;
}

interface RadioClass {
  readonly rttS: number;
  readonly phyKbps: number;
  readonly carrierKbps: number;
  readonly uplinkS: number;
  readonly transmitMa: number;
}

/**
 * The simulator's own copy of the model's constants: were they imported from the scheduler, its mistakes would be
 * invisible here.
 */
const CLASSES: Readonly<Record<Bearer, readonly [RadioClass, RadioClass, RadioClass]>> = {
  'NB-IoT': [
    { rttS: 0.9, phyKbps: 22, carrierKbps: 100, uplinkS: 0.04, transmitMa: 100 },
    { rttS: 2, phyKbps: 5, carrierKbps: 10, uplinkS: 0.3, transmitMa: 220 },
    { rttS: 6, phyKbps: 0.6, carrierKbps: 1, uplinkS: 2, transmitMa: 220 },
  ],
  'LTE-M': [
    { rttS: 0.2, phyKbps: 250, carrierKbps: 600, uplinkS: 0.01, transmitMa: 120 },
    { rttS: 0.4, phyKbps: 80, carrierKbps: 200, uplinkS: 0.04, transmitMa: 230 },
    { rttS: 2, phyKbps: 8, carrierKbps: 20, uplinkS: 0.4, transmitMa: 230 },
  ],
};
/** IP, UDP, DTLS and CoAP around each block. */
const OVERHEAD_BYTES = 75;
const RECEIVE_MA = 60;
const CONNECTED_MA = 25;
/** Usable charge of a meter's cell. */
const BATTERY_MAH = 8500;

/** What one block costs: campaign ms of the device, campaign ms of its carrier, percent of its battery. */
export interface BlockCost {
  readonly durationMs: number;
  readonly airtimeMs: number;
  readonly batteryPercent: number;
}

export function blockCost({ bearer, ce }: Link, payloadBytes: number): BlockCost {
  const { rttS, phyKbps, carrierKbps, uplinkS, transmitMa } = CLASSES[bearer][ce];
  const kbit = (8 * (payloadBytes + OVERHEAD_BYTES)) / 1000;
  const seconds = rttS + kbit / phyKbps;
  const receiveS = Math.min(kbit / phyKbps, seconds - uplinkS);
  const chargeMah = (uplinkS * transmitMa + receiveS * RECEIVE_MA + (seconds - uplinkS - receiveS) * CONNECTED_MA) / 3600;
  return { durationMs: seconds * 1000, airtimeMs: (kbit / carrierKbps) * 1000, batteryPercent: (chargeMah / BATTERY_MAH) * 100 };
}
