import { carrierOf, isCellKnown, numberFact, textFact, type Device } from '@drover/fleet';
import { coverageAtLoss, lossOfRsrp } from './coverage.ts';
import type { Bearer, Coverage } from './radio-model.ts';
import type { TransferLink } from './transfer-cost.ts';

/** By coverage level, dB. */
const TYPICAL_LOSS_DB = [134, 149, 158, 162] as const;

/** Bearers as devices name them that no cell has to carry. */
const NO_RADIO: readonly string[] = ['other', 'WLAN', 'Ethernet'];

/** A cell that does not name itself gets this share of what a known cell gets: its neighbours are unknown too. */
export const UNKNOWN_CELL_FACTOR = 0.2;

export function bearerOf(device: Device): Bearer {
  const named = textFact(device, 'radio.bearer');
  if (named === 'LTE-M') return named;
  if (named !== undefined && NO_RADIO.includes(named)) return 'other';
  // Unknown is taken for the scarcest.
  return 'NB-IoT';
}

export function coverageOf(device: Device): Coverage {
  const told = numberFact(device, 'radio.ce');
  if (told !== undefined) return Math.max(0, Math.min(3, told)) as Coverage;
  const rsrp = numberFact(device, 'radio.rsrp');
  return rsrp === undefined ? 0 : coverageAtLoss(lossOfRsrp(rsrp));
}

/** Coupling loss that the device's signal stands for; where it tells a coverage level only, the middle of that. */
export function lossOf(device: Device): number {
  const rsrp = numberFact(device, 'radio.rsrp');
  return rsrp === undefined ? (TYPICAL_LOSS_DB[coverageOf(device)] ?? 158) : lossOfRsrp(rsrp);
}

export function linkOf(device: Device, blockSize: number): TransferLink {
  return { bearer: bearerOf(device), ce: coverageOf(device), blockSize };
}

export interface Carrier {
  readonly key: string;
  readonly isKnown: boolean;
}

export function carrierFor(device: Device): Carrier {
  return { key: carrierOf(device), isKnown: isCellKnown(device) || bearerOf(device) === 'other' };
}

/** Whether a carrier by this name is one cell, or no radio at all; else it is all cells that do not name themselves. */
export function isKnownCarrier(key: string): boolean {
  const [, cell, bearer = ''] = key.split('/');
  return !(cell ?? '?').startsWith('?') || NO_RADIO.includes(bearer);
}
