import { MINUTE, type Duration } from '@drover/kernel';

const FIRST = 5 * MINUTE;
const LONGEST = 80 * MINUTE;

/** How long to leave a device alone after sessions in a row that brought no block: 5 min, doubled each time, at most 80 min. */
export function sessionPause(idleSessions: number): Duration {
  return Math.min(LONGEST, FIRST * 2 ** Math.max(0, Math.min(idleSessions, 10) - 1)) as Duration;
}
