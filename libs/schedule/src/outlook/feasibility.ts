import { expectedCoverage } from '../coverage.ts';
import { BEARERS } from '../simulate/fleet.ts';
import { paddedDuration, transferCost, type TransferCost } from '../transfer-cost.ts';
import { budgetBarrier } from './budgets-ahead.ts';
import { HoursAhead } from './hours-ahead.ts';
import { barrierIndex, HAS_IMAGE, WAITS, type Barrier, type OutlookSnapshot } from './snapshot.ts';

/** What is left of a device's transfer at the coverage that is to be expected of it. */
export function costAhead(snapshot: OutlookSnapshot, device: number): TransferCost {
  const ce = expectedCoverage({ meanDb: snapshot.lossDb[device]!, varianceDb: snapshot.lossVarianceDb[device]! });
  const link = { bearer: BEARERS[snapshot.bearer[device]!]!, ce, blockSize: snapshot.blockSize[device]! };
  return transferCost(snapshot.bytes[device]!, link, { install: false, model: snapshot.model });
}

/**
 * Why each device cannot come through, as an index into `BARRIERS`, 0 where nothing is in its way. What is known of the
 * device comes first, then what it may spend, then what follows from its wake-ups, its window and the deadline.
 */
export function barriersOf(snapshot: OutlookSnapshot): Uint8Array {
  const hours = snapshot.windows.map((open) => new HoursAhead(open));
  return Uint8Array.from({ length: snapshot.size }, (_, device) => {
    const known = snapshot.barrier[device]!;
    return known > 0 ? known : barrierIndex(barrierAhead(snapshot, device, hours));
  });
}

/** Who transfers was let in already, and who has the image spends nothing more worth mentioning. */
function barrierAhead(snapshot: OutlookSnapshot, device: number, hours: readonly HoursAhead[]): Barrier {
  const budget = snapshot.progress[device] === WAITS ? budgetBarrier(snapshot, device) : 'NONE';
  return budget === 'NONE' ? barrierInTime(snapshot, device, hours) : budget;
}

function barrierInTime(snapshot: OutlookSnapshot, device: number, hours: readonly HoursAhead[]): Barrier {
  const progress = snapshot.progress[device];
  if (progress === HAS_IMAGE) return 'NONE';
  const window = hours[snapshot.download[device]!]!;
  const reach = { periodMs: snapshot.periodMs[device]!, phaseMs: snapshot.phaseMs[device]! };
  const { deadlineMs, startsMs } = snapshot.campaign;
  // It can be asked to come at another time, or it is there already: then its wake-ups stop nothing.
  const isFree = snapshot.canAppoint[device] === 1 || progress !== WAITS;
  if (window.part === 1 && deadlineMs === undefined) return 'NONE';
  const longest = window.longestFrom(isFree ? { periodMs: 0, phaseMs: 0 } : reach);
  if (longest === 0) return 'WINDOW_WAKE_MISMATCH';
  const duration = paddedDuration(costAhead(snapshot, device));
  if (snapshot.canResume[device] === 0 && longest < duration) return 'WINDOW_TOO_SHORT';
  if (deadlineMs === undefined || progress !== WAITS) return 'NONE';
  return isInTime(snapshot, device, window.firstReach(startsMs, reach), duration) ? 'NONE' : 'DEADLINE';
}

/** Whether it can begin in time, and where nothing may end later, end in time. */
function isInTime({ campaign, hasBegun }: OutlookSnapshot, device: number, begins: number, duration: number): boolean {
  const { deadlineMs = Number.POSITIVE_INFINITY, afterDeadline } = campaign;
  if (afterDeadline === 'begun' && hasBegun[device] === 1) return true;
  return afterDeadline === 'nothing' ? begins + duration <= deadlineMs : begins < deadlineMs;
}
