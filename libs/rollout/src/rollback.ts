import type { CampaignSpec } from '@drover/campaign';
import { assessGate, EMPTY_TALLY, type Tally } from './gate.ts';

/** Why a campaign that is to be taken back by itself has come to that, or undefined. All its stages count together. */
export function rollbackDue({ rollback: { mode, when } }: CampaignSpec, tallies: readonly Tally[]): string | undefined {
  if (mode !== 'Automatic' || !when) return undefined;
  const { max, minSample } = when.failure;
  const rule = { max, minSample, classes: ['Any'], action: 'Hold' } as const;
  const gate = { success: { min: 0, minSample: 1 }, failure: [rule], promote: 'Manual' } as const;
  const verdict = assessGate(gate, tallies.reduce(together, EMPTY_TALLY));
  return verdict.type === 'breached' ? verdict.why : undefined;
}

function together(a: Tally, b: Tally): Tally {
  const failed: Tally['failed'] = Object.fromEntries(
    [...new Set([...Object.keys(a.failed), ...Object.keys(b.failed)])].map((name) => {
      const failure = name as keyof Tally['failed'];
      return [failure, (a.failed[failure] ?? 0) + (b.failed[failure] ?? 0)];
    }),
  );
  return {
    size: a.size + b.size,
    attempted: a.attempted + b.attempted,
    succeeded: a.succeeded + b.succeeded,
    failed,
    over: a.over + b.over,
    overUnattempted: a.overUnattempted + b.overUnattempted,
  };
}
