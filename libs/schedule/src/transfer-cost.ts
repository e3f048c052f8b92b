import { HOUR, SECOND, type Duration } from '@drover/kernel';
import { DEFAULT_RADIO_MODEL, radioClass, type Bearer, type Coverage, type RadioClass } from './radio-model.ts';

/** IP, UDP, DTLS with Connection ID, and CoAP around each block, bytes. */
export const OVERHEAD_BYTES = DEFAULT_RADIO_MODEL.overheadBytes;
const { receiveMa: RECEIVE_MA, connectedMa: CONNECTED_MA, installMah: INSTALL_MAH } = DEFAULT_RADIO_MODEL;

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

const classOf = ({ bearer, ce }: TransferLink): RadioClass => radioClass(bearer, ce);

/** Cost of one block: `t = RTT + bits/PHY`, `share = (bits/CAP) / t`. */
export function blockCost(link: TransferLink): BlockCost {
  const radio = classOf(link);
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
  return classOf(link).contactMah / 2;
}

/** Energy of flashing, rebooting and attaching again. */
export function installEnergyMah({ bearer }: TransferLink): number {
  return bearer === 'other' ? 0 : INSTALL_MAH;
}

/** Cost of moving `bytes` and, with `install`, of flashing them: 256 KiB on NB-IoT CE0 at 512 B takes 9.5 min and 6.5 mAh. */
export function transferCost(bytes: number, link: TransferLink, { install = true } = {}): TransferCost {
  const block = blockCost(link);
  const blocks = Math.ceil(bytes / link.blockSize);
  const fixed = link.bearer === 'other' || !install ? 0 : INSTALL_MAH + classOf(link).contactMah / 2;
  return {
    blocks,
    bytesOnAir: bytes + blocks * OVERHEAD_BYTES,
    duration: Math.round(blocks * block.duration) as Duration,
    airtime: Math.round(blocks * block.airtime) as Duration,
    share: block.share,
    energyMah: blocks * block.energyMah + fixed,
  };
}

/** What is to be planned for: setting up, and what the model does not know, come on top. */
export function paddedDuration({ duration }: Pick<TransferCost, 'duration'>): number {
  return duration * 1.05 + 20 * SECOND;
}
