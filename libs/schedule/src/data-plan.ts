import type { DataCaps } from './data-caps.ts';
import { volumeText } from '@drover/kernel';

/** What the devices of one SIM pool are expected to move, bytes on the air. */
export interface PoolPlan {
  readonly pool: string;
  readonly devices: number;
  readonly bytes: number;
}

/** What a campaign is expected to move over the air, both directions, if every device comes through at once. */
export interface DataPlan {
  readonly bytes: number;
  /** Of the device that needs most. */
  readonly mostOfDevice: number;
  /** The largest first. */
  readonly pools: readonly PoolPlan[];
  /** Devices of which nobody has told a SIM pool. */
  readonly withoutPool: number;
}

/** Where a plan goes beyond the caps of its own campaign, before anything is moved. `usedOf`: by a pool in this month. */
export function dataWarnings(
  caps: DataCaps,
  { bytes, mostOfDevice, pools, withoutPool }: DataPlan,
  usedOf: (pool: string) => number,
): string[] {
  const { perDevice, campaign, perPoolAndMonth } = caps;
  const warnings: string[] = [];
  if (perDevice !== undefined && mostOfDevice > perDevice)
    warnings.push(`dataCap.perDevice: a device needs up to ${volumeText(mostOfDevice)}, the cap is ${volumeText(perDevice)}`);
  if (campaign !== undefined && bytes > campaign)
    warnings.push(`dataCap.campaign: the plan needs ${volumeText(bytes)}, the cap is ${volumeText(campaign)}`);
  if (perPoolAndMonth === undefined) return warnings;
  for (const { pool, devices, bytes: needs } of pools) {
    const used = usedOf(pool);
    if (used + needs <= perPoolAndMonth) continue;
    const before = used === 0 ? '' : `, ${volumeText(used)} of this month are moved`;
    warnings.push(
      `dataCap.perPoolAndMonth: ${devices} devices of SIM pool ${pool} need ${volumeText(needs)}${before}, the cap is ${volumeText(perPoolAndMonth)}`,
    );
  }
  if (withoutPool > 0) warnings.push(`dataCap.perPoolAndMonth: of ${withoutPool} devices no SIM pool is known, they count in none`);
  return warnings;
}
