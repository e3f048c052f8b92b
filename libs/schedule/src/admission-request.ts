import { earliest, MINUTE, plus, type Instant } from '@drover/kernel';
import type { Device } from '@drover/fleet';
import type { Booking } from './airtime-ledger.ts';
import type { BudgetLimits } from './budgets.ts';
import type { ContactPattern } from './contact-pattern.ts';
import type { CostModel } from './cost-model.ts';
import type { CoveragePattern } from './coverage.ts';
import type { DataCaps, DataUse } from './data-caps.ts';
import type { EnergyBudget } from './energy-budget.ts';
import type { Ledger } from './ledger.ts';
import type { Zone } from './local-time.ts';
import type { PaceMode } from './pace-mode.ts';
import type { WaitCode, WaitReason } from './reason.ts';
import type { StartDecision } from './start-decision.ts';
import type { TransferCost, TransferLink } from './transfer-cost.ts';
import type { TransferPattern } from './transfer-pattern.ts';
import type { WindowRule } from './window.ts';

/** The limits of a campaign that admission knows. */
export interface Limits {
  readonly timeZone: string;
  readonly downloadWindows: readonly WindowRule[] | undefined;
  readonly installWindows: readonly WindowRule[] | undefined;
  /** Battery floor as a fraction, 0–1. */
  readonly minBatteryLevel: number;
  readonly denyStatus: readonly string[];
  readonly mainsPowered: 'Exempt' | 'Checked';
  readonly minRSRP: number | undefined;
  readonly maxCoverageEnhancementLevel: number | undefined;
  readonly onRadioViolation: 'Defer' | 'Skip' | 'Allow';
  readonly budgets: BudgetLimits;
  readonly energy: EnergyBudget;
  readonly data: DataCaps;
  /** Share of one carrier's airtime, 0–1. */
  readonly airtime: number;
  /** What the campaign would rather spend. */
  readonly pace: PaceMode;
}

export interface DownloadRequest {
  readonly device: Device;
  /** Name of the update in the ledger. */
  readonly update: string;
  readonly campaign: string;
  readonly stage: number;
  /** What updates have taken from its battery: in this campaign, and in this year, mAh. */
  readonly spentMah: { readonly inCampaign: number; readonly inYear: number };
  /** What has been moved over the air already, and what is kept for others. */
  readonly data: DataUse;
  readonly remainingBytes: number;
  readonly blockSize: number;
  readonly canResume: boolean;
  readonly backoffUntil: Instant | undefined;
  /** Sleeps between its contacts; else a request reaches it at any time. */
  readonly sleeps: boolean;
  readonly pattern: ContactPattern | undefined;
  /** What has been learnt of its radio; undefined before the first reading. */
  readonly coverage: CoveragePattern | undefined;
  /** What its transfers have shown; undefined before the first. */
  readonly transfers?: TransferPattern | undefined;
  /** How often it came for nothing because its carrier was taken. */
  readonly turnedAway: number;
  /** How often it can still be asked to wake up at another time. */
  readonly appointmentsLeft: number;
  /** Airtime that it has been promised. */
  readonly promise: Booking | undefined;
  /** Until when it may be left waiting for better radio. */
  readonly patientUntil: Instant;
  /** When its campaign ends for it: nothing is promised beyond, and nobody asked to come later. */
  readonly endsAt: Instant | undefined;
  /** Name of its class, which may have another battery than others. */
  readonly deviceClass?: string | undefined;
  /** What its costs are counted by; the built-in figures without it. */
  readonly model?: CostModel | undefined;
}

export type Admission =
  | {
      readonly type: 'admit';
      readonly start: Extract<StartDecision, { type: 'start' }>;
      readonly carrier: string;
      readonly budget: number;
      readonly closesAt: Instant | undefined;
    }
  /** `asks`: the device is to be asked to wake up when the wait ends. */
  | { readonly type: 'wait'; readonly reason: WaitReason; readonly promise?: Booking | undefined; readonly asks?: boolean }
  | { readonly type: 'skip'; readonly reason: WaitReason };

/** A device that asks, and what there is to be said to it. */
export interface Ask {
  readonly request: DownloadRequest;
  readonly limits: Limits;
  readonly ledger: Ledger;
  readonly now: Instant;
  readonly nextContactAt: Instant;
  readonly cost: TransferCost;
  readonly link: TransferLink;
  readonly zone: Zone;
  readonly model: CostModel;
  readonly closesAt: Instant | undefined;
}

export function wait(code: WaitCode, evidence: string, nextAt: Instant): { type: 'wait'; reason: WaitReason } {
  return { type: 'wait', reason: { code, evidence, nextAt } };
}

/** A slot frees as transfers end: an awake device asks again soon, a sleeper at its next contact. */
export function soon(now: Instant, nextContactAt: Instant): Instant {
  return earliest(nextContactAt, plus(now, 10 * MINUTE)) ?? nextContactAt;
}
