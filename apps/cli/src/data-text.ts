import { volumeText } from '@drover/kernel';
import type { DataView } from '@drover/contracts';

/** What a campaign has moved over the air beside its caps; undefined before anything was moved, without a cap. */
export function dataText({ moved, kept, cap, perDevice, perPoolAndMonth, pools }: DataView): string | undefined {
  const hasCap = cap !== undefined || perDevice !== undefined || perPoolAndMonth !== undefined;
  if (!hasCap && moved === 0) return undefined;
  const of = cap === undefined ? '' : ` of ${volumeText(cap)} (${((100 * moved) / cap).toFixed(1)} %)`;
  const more = kept === 0 ? '' : `, ${volumeText(kept)} kept for transfers under way`;
  const each = perDevice === undefined ? '' : `; at most ${volumeText(perDevice)} a device`;
  const lines = [`data: ${volumeText(moved)}${of} moved over the air${more}${each}`];
  if (perPoolAndMonth !== undefined)
    for (const { pool, movedThisMonth } of pools)
      lines.push(`  SIM pool ${pool}: ${volumeText(movedThisMonth)} of ${volumeText(perPoolAndMonth)} of this month, all campaigns`);
  return lines.join('\n');
}
