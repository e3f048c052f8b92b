import { DAY } from '@drover/kernel';
import { expectedCoverage } from '../coverage.ts';
import { widenedTables } from './open-hours.ts';
import { barrierIndex, type OutlookSnapshot } from './snapshot.ts';

export const LEVERS = ['DELTA_IMAGE', 'LATER_DEADLINE', 'WIDER_WINDOW', 'EXCLUDE_CE2'] as const;
export type LeverName = (typeof LEVERS)[number];

/** What could be done about a campaign, as the snapshot that would follow; undefined where it would change nothing. */
export interface LeverWanted {
  readonly name: LeverName;
  readonly what: string;
  readonly snapshot: OutlookSnapshot;
}

const LATER_DAYS = 2;
const WIDER_HOURS = 2;
/** Coverage level that is left out, and all beyond it. */
const POOR = 2;

/** `deltaBytes`: size of an image that holds the difference alone, if there could be one. */
export function leversOf(snapshot: OutlookSnapshot, deltaBytes: number | undefined): LeverWanted[] {
  return [
    ...(deltaBytes === undefined ? [] : deltaLever(snapshot, deltaBytes)),
    ...deadlineLever(snapshot),
    ...windowLever(snapshot),
    ...coverageLever(snapshot),
  ];
}

/** Who has more of the whole image than that goes on with the whole. */
function deltaLever(snapshot: OutlookSnapshot, deltaBytes: number): LeverWanted[] {
  if (!snapshot.bytes.some((bytes) => bytes > deltaBytes)) return [];
  const bytes = snapshot.bytes.map((each) => Math.min(each, deltaBytes));
  return [{ name: 'DELTA_IMAGE', what: `an image of ${deltaBytes} bytes instead of the whole`, snapshot: { ...snapshot, bytes } }];
}

function deadlineLever(snapshot: OutlookSnapshot): LeverWanted[] {
  const { campaign } = snapshot;
  if (campaign.deadlineMs === undefined) return [];
  const later = { ...campaign, deadlineMs: Math.max(0, campaign.deadlineMs) + LATER_DAYS * DAY };
  return [{ name: 'LATER_DEADLINE', what: `the deadline ${LATER_DAYS} days later`, snapshot: { ...snapshot, campaign: later } }];
}

function windowLever(snapshot: OutlookSnapshot): LeverWanted[] {
  if (!snapshot.windows.some((open) => open.includes(0))) return [];
  const windows = widenedTables(snapshot.windows, WIDER_HOURS);
  return [
    {
      name: 'WIDER_WINDOW',
      what: `windows that open ${WIDER_HOURS} h earlier and close ${WIDER_HOURS} h later`,
      snapshot: { ...snapshot, windows },
    },
  ];
}

function coverageLever(snapshot: OutlookSnapshot): LeverWanted[] {
  const isPoor = (device: number): boolean =>
    expectedCoverage({ meanDb: snapshot.lossDb[device]!, varianceDb: snapshot.lossVarianceDb[device]! }) >= POOR;
  const barrier = snapshot.barrier.map((known, device) => (known === 0 && isPoor(device) ? barrierIndex('EXCLUDED') : known));
  if (barrier.every((each, device) => each === snapshot.barrier[device])) return [];
  return [{ name: 'EXCLUDE_CE2', what: 'without the devices in the poorest coverage', snapshot: { ...snapshot, barrier } }];
}
