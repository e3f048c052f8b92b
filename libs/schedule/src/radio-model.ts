import { HOUR, type Duration } from '@drover/kernel';

export type Bearer = 'NB-IoT' | 'LTE-M' | 'other';
/** Coverage enhancement level as the language counts it: 0 good, 1 poor, 2 and 3 very poor. */
export type Coverage = 0 | 1 | 2 | 3;

/** Figures of one bearer and coverage level. A model with assumed constants, to be calibrated; shapes hold, levels may not. */
interface RadioClass {
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
}

const NB_IOT: readonly RadioClass[] = [
  { rttS: 0.9, phyKbps: 22, carrierKbps: 100, uplinkS: 0.04, transmitMa: 100, contactMah: 0.15 },
  { rttS: 2.0, phyKbps: 5, carrierKbps: 10, uplinkS: 0.3, transmitMa: 220, contactMah: 0.6 },
  { rttS: 6.0, phyKbps: 0.6, carrierKbps: 1.0, uplinkS: 2.0, transmitMa: 220, contactMah: 3.0 },
];
const LTE_M: readonly RadioClass[] = [
  { rttS: 0.2, phyKbps: 250, carrierKbps: 600, uplinkS: 0.01, transmitMa: 120, contactMah: 0.1 },
  { rttS: 0.4, phyKbps: 80, carrierKbps: 200, uplinkS: 0.04, transmitMa: 230, contactMah: 0.3 },
  { rttS: 2.0, phyKbps: 8, carrierKbps: 20, uplinkS: 0.4, transmitMa: 230, contactMah: 1.0 },
];
/** A wired or short-range link: no scarce carrier, no battery worth counting. */
const WIRED: RadioClass = { rttS: 0.05, phyKbps: 5000, carrierKbps: 100_000, uplinkS: 0.001, transmitMa: 0, contactMah: 0 };

/** IP, UDP, DTLS with Connection ID, and CoAP around each block, bytes. */
export const OVERHEAD_BYTES = 75;
const RECEIVE_MA = 60;
const CONNECTED_MA = 25;
/** Flash, reboot and attach, mAh. */
const INSTALL_MAH = 1.0;

export interface TransferLink {
  readonly bearer: Bearer;
  readonly ce: Coverage;
  /** CoAP block size, bytes. */
  readonly blockSize: number;
}

export interface BlockCost {
  /** One stop-and-wait exchange. */
  readonly duration: Duration;
  /** Airtime it takes from the carrier, ms. */
  readonly airtime: Duration;
  /** Fraction of the carrier held while the transfer runs, 0–1. */
  readonly share: number;
  readonly energyMah: number;
}

export interface TransferCost {
  readonly blocks: number;
  readonly bytesOnAir: number;
  readonly duration: Duration;
  readonly airtime: Duration;
  readonly share: number;
  readonly energyMah: number;
}

function radioClass({ bearer, ce }: TransferLink): RadioClass {
  if (bearer === 'other') return WIRED;
  const classes = bearer === 'NB-IoT' ? NB_IOT : LTE_M;
  return classes[Math.min(ce, 2)] ?? WIRED;
}

/** Cost of one block: `t = RTT + bits/PHY`, `share = (bits/CAP) / t`. */
export function blockCost(link: TransferLink): BlockCost {
  const radio = radioClass(link);
  const kbit = (8 * (link.blockSize + OVERHEAD_BYTES)) / 1000;
  const seconds = radio.rttS + kbit / radio.phyKbps;
  const receive = Math.min(kbit / radio.phyKbps, seconds - radio.uplinkS);
  const charge = radio.uplinkS * radio.transmitMa + receive * RECEIVE_MA + (seconds - radio.uplinkS - receive) * CONNECTED_MA;
  return {
    duration: (seconds * 1000) as Duration,
    airtime: ((kbit / radio.carrierKbps) * 1000) as Duration,
    share: kbit / radio.carrierKbps / seconds,
    energyMah: link.bearer === 'other' ? 0 : charge / 3600,
  };
}

/** What was counted of a transfer. */
export interface Measured {
  readonly blocks: number;
  readonly bytes: number;
  readonly retransmissions: number;
  /** Time the device was awake for it, ms. */
  readonly awakeMs: number;
}

/**
 * Energy of what was measured, by the model: each block that was sent, repetitions included, at its real size, and the rest
 * of the time awake at the current of a connected device that does nothing: 93 s of that are 0.65 mAh.
 */
export function measuredEnergyMah({ blocks, bytes, retransmissions, awakeMs }: Measured, link: TransferLink): number {
  if (link.bearer === 'other') return 0;
  const sent = blocks + retransmissions;
  const block = blockCost({ ...link, blockSize: blocks === 0 ? link.blockSize : bytes / blocks });
  const idleMs = Math.max(0, awakeMs - sent * block.duration);
  return sent * block.energyMah + (idleMs / HOUR) * CONNECTED_MA;
}

/** Energy of one wake-up beside what is transferred in it. */
export function contactEnergyMah(link: TransferLink): number {
  return radioClass(link).contactMah / 2;
}

/** Energy of flashing, rebooting and attaching again. */
export function installEnergyMah({ bearer }: TransferLink): number {
  return bearer === 'other' ? 0 : INSTALL_MAH;
}

/** Cost of moving `bytes` and, with `install`, of flashing them: 256 KiB on NB-IoT CE0 at 512 B takes 9.5 min and 6.5 mAh. */
export function transferCost(bytes: number, link: TransferLink, { install = true } = {}): TransferCost {
  const block = blockCost(link);
  const blocks = Math.ceil(bytes / link.blockSize);
  const fixed = link.bearer === 'other' || !install ? 0 : INSTALL_MAH + radioClass(link).contactMah / 2;
  return {
    blocks,
    bytesOnAir: bytes + blocks * OVERHEAD_BYTES,
    duration: Math.round(blocks * block.duration) as Duration,
    airtime: Math.round(blocks * block.airtime) as Duration,
    share: block.share,
    energyMah: blocks * block.energyMah + fixed,
  };
}
