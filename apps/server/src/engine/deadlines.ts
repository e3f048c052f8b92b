import type { Instant } from '@drover/kernel';
import { nextDeadline, overdue, type DeviceFact } from '@drover/rollout';
import type { EngineState, Place } from './engine-state.ts';

/** The deadline of an update that has passed, if any. None runs before its stage has opened. */
export function overdueIn({ campaign, update }: Place, { devices, away }: EngineState, now: Instant): DeviceFact | undefined {
  const openedAt = campaign.record.stages[update.stage]?.openedAt;
  const pattern = devices.get(update.endpoint)?.pattern;
  return openedAt && overdue(update, campaign.document.spec, { pattern, openedAt, away, now });
}

/** When the next deadline of an update falls, if one runs. */
export function nextDeadlineIn({ campaign, update }: Place, { devices, away }: EngineState): Instant | undefined {
  const openedAt = campaign.record.stages[update.stage]?.openedAt;
  const pattern = devices.get(update.endpoint)?.pattern;
  return openedAt && nextDeadline(update, campaign.document.spec, { pattern, openedAt, away });
}
