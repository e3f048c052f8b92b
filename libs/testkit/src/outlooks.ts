import {
  DEFAULT_COST_MODEL,
  FAST,
  outlookColumns,
  putRow,
  type CampaignOutlook,
  type OutlookRow,
  type OutlookSnapshot,
  type StageOutlook,
} from '@drover/schedule';

export function aStageOutlook(change: Partial<StageOutlook> = {}): StageOutlook {
  return {
    name: 'all',
    state: 'open',
    openedMs: 0,
    soakedMs: undefined,
    soakMs: 0,
    min: 0.95,
    minSample: 1,
    succeeded: 0,
    failed: 0,
    ...change,
  };
}

/** A device on mains in good coverage that can be reached at any time, with 256 KiB to go. */
export function anOutlookRow(change: Partial<OutlookRow> = {}): OutlookRow {
  return {
    carrier: 0,
    bearer: 0,
    lossDb: 130,
    lossVarianceDb: 16,
    periodMs: 0,
    phaseMs: 0,
    bytes: 262_144,
    blockSize: 512,
    canResume: 1,
    canAppoint: 0,
    onBattery: 0,
    mahPerDay: 3.47,
    energyLeftMah: Number.POSITIVE_INFINITY,
    dataLeft: Number.POSITIVE_INFINITY,
    download: 0,
    install: 0,
    stage: 0,
    progress: 0,
    hasBegun: 0,
    barrier: 0,
    givenUpMs: Number.POSITIVE_INFINITY,
    ...change,
  };
}

export interface SnapshotParts {
  readonly rows: readonly Partial<OutlookRow>[];
  readonly campaign?: Partial<CampaignOutlook>;
  /** Tables of open hours beside the first, which is always open. */
  readonly windows?: readonly Uint8Array[];
  /** Of every carrier and hour, 0–1. */
  readonly budget?: number;
}

/** What is left of a campaign of one open stage, at the time 0. */
export function aSnapshot({ rows, campaign = {}, windows = [], budget = 0.5 }: SnapshotParts): OutlookSnapshot {
  const columns = outlookColumns(rows.length);
  rows.forEach((row, device) => putRow(columns, device, anOutlookRow(row)));
  const carriers = Math.max(0, ...rows.map(({ carrier = 0 }) => carrier + 1));
  return {
    at: 0,
    campaign: {
      name: 'c',
      imageBytes: 262_144,
      stages: [aStageOutlook()],
      pace: FAST,
      maxInFlight: 4000,
      bytesPerSecond: undefined,
      startsMs: 0,
      deadlineMs: undefined,
      afterDeadline: 'begun',
      ...campaign,
    },
    model: DEFAULT_COST_MODEL,
    size: rows.length,
    carriers: Array.from({ length: carriers }, (_, carrier) => `262-01/${carrier}/NB-IoT`),
    budget: new Float32Array(24 * carriers).fill(budget),
    windows: [new Uint8Array(168).fill(1), ...windows],
    ...columns,
  };
}
