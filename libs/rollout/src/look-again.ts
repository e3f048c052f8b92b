import { SAME_WAKE_UP } from '@drover/schedule';
import type { Instant } from '@drover/kernel';
import type { DeviceUpdate, UpdateState } from './device-update.ts';

const LOOKED_AT: readonly UpdateState[] = ['installing', 'verifying', 'suspect', 'cancelling'];

export interface HeardAgain {
  readonly isRegister: boolean;
  readonly at: Instant;
  /** The contact before this one. */
  readonly previousAt: Instant | undefined;
}

/**
 * Whether a contact brings another look at an installation. The conversation about it ends with its look at the version; where
 * that did not settle the update, the next wake-up brings another, and a registration is worth one at once. A conversation
 * that has not come to that asks by itself; when the device was here before and has told nothing, it is begun anew.
 */
export function isLookDue(update: DeviceUpdate, { isRegister, at, previousAt }: HeardAgain): boolean {
  const { state, since, lookedAt, answeredAt = since, executedAt = since } = update;
  if (!LOOKED_AT.includes(state)) return false;
  if (lookedAt !== undefined) return isRegister || at - lookedAt >= SAME_WAKE_UP;
  return previousAt !== undefined && previousAt - Math.max(since, answeredAt, executedAt) >= SAME_WAKE_UP;
}
