import { HOUR } from '@drover/kernel';

/**
 * What a campaign would rather spend, time or battery. One unit for everything that a start costs, the charge of a battery,
 * so that hours, airtime and energy can be weighed against each other.
 */
export interface PaceMode {
  /** What an hour of waiting costs, mAh. */
  readonly hourMah: number;
  /** What a second of airtime costs where many wait for the same carrier, mAh. */
  readonly airtimeMah: number;
  /** What asking a device to wake up costs beside its energy, mAh: every appointment is a write, and a thing that can fail. */
  readonly wakeMah: number;
  /** How long after its stage has opened a device may be left waiting for better radio, ms. */
  readonly patienceMs: number;
  /** A device that woke up outside its window is asked to come back only when it would not come by itself within this time, ms. */
  readonly windowWaitMs: number;
  /** How much longer than alone on its carrier a transfer may take, as a factor: of a device that can come at another time, of one that cannot, of one that was promised its time. */
  readonly stretch: { readonly movable: number; readonly fixed: number; readonly promised: number };
}

export const FAST: PaceMode = {
  hourMah: 4,
  airtimeMah: 0.2,
  wakeMah: 12,
  patienceMs: 24 * HOUR,
  windowWaitMs: 13 * HOUR,
  stretch: { movable: 1.1, fixed: 2, promised: 6 },
};

export const ECO: PaceMode = {
  hourMah: 0.45,
  airtimeMah: 0.06,
  wakeMah: 1.5,
  patienceMs: 41 * HOUR,
  windowWaitMs: 26 * HOUR,
  stretch: { movable: 1.1, fixed: 1.5, promised: 4 },
};

/** Time after which a device is asked to show its radio again. */
export const LOOK_AGAIN_MS = HOUR;
/** Appointments per device and campaign, and how many of them are kept for what cannot do without. */
export const MOST_APPOINTMENTS = 3;
export const KEPT_APPOINTMENTS = 1;
