import { coverageChances } from '../coverage.ts';
import { predictedVolume } from '../data-volume.ts';
import { BEARERS } from '../simulate/fleet.ts';
import { transferCost, type TransferLink } from '../transfer-cost.ts';
import type { Barrier, OutlookSnapshot } from './snapshot.ts';

/** A device that finds radio it can afford less often than once in so many contacts is not counted on, 0–1. */
const RARE = 0.02;
const LEVELS = [0, 1, 2] as const;

/** What a device may not spend, whatever it waits for: the budget of its battery at each coverage that it finds, or its cap on data. */
export function budgetBarrier(snapshot: OutlookSnapshot, device: number): Barrier {
  const [bytes, blockSize] = [snapshot.bytes[device]!, snapshot.blockSize[device]!];
  if (predictedVolume(bytes, { blockSize }, { model: snapshot.model }) > snapshot.dataLeft[device]!) return 'DATA_CAP';
  const left = snapshot.energyLeftMah[device]!;
  if (left === Number.POSITIVE_INFINITY) return 'NONE';
  const chances = coverageChances({ meanDb: snapshot.lossDb[device]!, varianceDb: snapshot.lossVarianceDb[device]! });
  const bearer = BEARERS[snapshot.bearer[device]!]!;
  const affords = LEVELS.filter((ce) => energyAt(bytes, { bearer, ce, blockSize }, snapshot) <= left);
  return affords.reduce<number>((sum, ce) => sum + chances[ce], 0) < RARE ? 'ENERGY_BUDGET' : 'NONE';
}

/** As admission counts it: transfer, contact, and the installation after, mAh. */
export function energyAt(bytes: number, link: TransferLink, { model }: Pick<OutlookSnapshot, 'model'>): number {
  return transferCost(bytes, link, { model }).energyMah;
}
