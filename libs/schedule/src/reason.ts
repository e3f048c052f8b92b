import type { Instant } from '@drover/kernel';

/** Why a device waits: one current code per device, each with evidence and an end. */
export const WAIT_CODES = [
  'STAGE_GATE',
  'WAVE_CAP',
  'SITE_CAP',
  'CELL_CAP',
  'CAMPAIGN_PAUSED',
  'APPROVAL',
  'HOLD',
  'PROMOTION',
  'NOT_BEFORE',
  'ASLEEP',
  'OTHER_CAMPAIGN',
  'WINDOW_CLOSED',
  'WINDOW_TOO_SHORT',
  'BATTERY_FLOOR',
  'BATTERY_FAULT',
  'FACT_UNKNOWN',
  'RADIO_POOR',
  'APPOINTMENT',
  'CELL_BUDGET',
  'CELL_UNKNOWN',
  'SERVER_BUDGET',
  'APN_BUDGET',
  'OPERATOR_BUDGET',
  'ENERGY_BUDGET',
  'DATA_CAP',
  'BACKOFF',
  'DEVICE_DEFERS',
  'DEVICE_BUSY',
  'TRUST',
  'SOURCE_VERSION',
  'QUARANTINED',
  'IN_PROGRESS',
] as const;

export type WaitCode = (typeof WAIT_CODES)[number];

/** Rights a waiting device can wait for. */
export type PersonRight = 'approve' | 'lift-hold' | 'resume' | 'promote' | 'release';

/** Ends by itself at `nextAt`, or by a person who has the right named. */
export type WaitEnd = { readonly nextAt: Instant } | { readonly person: PersonRight };

export type WaitReason = { readonly code: WaitCode; readonly evidence: string } & WaitEnd;
