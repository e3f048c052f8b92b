import { HOUR, SECOND, type Duration } from '@drover/kernel';
import { blockKindIndex } from './block-times.ts';
import { DEFAULT_COST_MODEL, type CostModel } from './cost-model.ts';
import { energyClass } from './energy-model.ts';
import { radioClass, type Bearer, type Coverage } from './radio-model.ts';

export interface TransferLink {
  readonly bearer: Bearer;
  readonly ce: Coverage;
  /** CoAP block size, bytes. */
  readonly blockSize: number;
  /** How much longer its blocks take than those of others, as a factor; 1 without it. */
  readonly slowness?: number | undefined;
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

/** Time of one block, ms. */
export function blockMs(link: TransferLink, model: CostModel = DEFAULT_COST_MODEL): number {
  return blockTime(link, model).seconds * 1000;
}

/** Of one exchange: its bits on the air, and its time. */
function blockTime(link: TransferLink, model: CostModel): { kbit: number; seconds: number } {
  const { rttS, phyKbps } = radioClass(link.bearer, link.ce, model.radio);
  const kbit = (8 * (link.blockSize + model.radio.overheadBytes)) / 1000;
  return { kbit, seconds: asShown(rttS + kbit / phyKbps, link, model) };
}

/** As much longer or shorter as transfers have shown: of such blocks, and of this device. */
function asShown(modelled: number, { bearer, ce, blockSize, slowness }: TransferLink, { factors }: CostModel): number {
  const own = slowness === undefined ? modelled : modelled * slowness;
  return factors === undefined ? own : own * (factors[blockKindIndex(bearer, ce, blockSize)] ?? 1);
}

/**
 * Cost of one block: `t = RTT + bits/PHY`, as much longer or shorter as transfers have shown, `share = (bits/CAP) / t`. What
 * was measured changes the time and what waiting in it costs; how long a device transmits nobody but the device can see.
 */
export function blockCost(link: TransferLink, model: CostModel = DEFAULT_COST_MODEL): BlockCost {
  const { bearer, ce } = link;
  const { radio, energy } = model;
  const { phyKbps, carrierKbps, uplinkS } = radioClass(bearer, ce, radio);
  const { kbit, seconds } = blockTime(link, model);
  const transmit = Math.min(uplinkS, seconds);
  const receive = Math.min(kbit / phyKbps, seconds - transmit);
  const { transmitMa } = energyClass(bearer, ce, energy);
  const charge = transmit * transmitMa + receive * energy.receiveMa + (seconds - transmit - receive) * energy.connectedMa;
  // No exchange holds more than the whole carrier.
  const airtimeS = Math.min(kbit / carrierKbps, seconds);
  return {
    duration: (seconds * 1000) as Duration,
    airtime: (airtimeS * 1000) as Duration,
    share: airtimeS / seconds,
    energyMah: bearer === 'other' ? 0 : charge / 3600,
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
export function measuredEnergyMah(
  { blocks, bytes, retransmissions, awakeMs }: Measured,
  link: TransferLink,
  model: CostModel = DEFAULT_COST_MODEL,
): number {
  if (link.bearer === 'other') return 0;
  const sent = blocks + retransmissions;
  const block = blockCost({ ...link, blockSize: blocks === 0 ? link.blockSize : bytes / blocks }, model);
  const idleMs = Math.max(0, awakeMs - sent * block.duration);
  return sent * block.energyMah + (idleMs / HOUR) * model.energy.connectedMa;
}

/** Energy of one wake-up beside what is transferred in it. */
export function contactEnergyMah({ bearer, ce }: TransferLink, { energy }: CostModel = DEFAULT_COST_MODEL): number {
  return energyClass(bearer, ce, energy).contactMah / 2;
}

/** Energy of flashing, rebooting and attaching again. */
export function installEnergyMah({ bearer }: TransferLink, { energy }: CostModel = DEFAULT_COST_MODEL): number {
  return bearer === 'other' ? 0 : energy.installMah;
}

/** Cost of moving `bytes` and, with `install`, of flashing them: 256 KiB on NB-IoT CE0 at 512 B takes 9.5 min and 6.5 mAh. */
export function transferCost(bytes: number, link: TransferLink, { install = true, model = DEFAULT_COST_MODEL } = {}): TransferCost {
  const block = blockCost(link, model);
  const blocks = Math.ceil(bytes / link.blockSize);
  const fixed = link.bearer === 'other' || !install ? 0 : model.energy.installMah + contactEnergyMah(link, model);
  return {
    blocks,
    bytesOnAir: bytes + blocks * model.radio.overheadBytes,
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
