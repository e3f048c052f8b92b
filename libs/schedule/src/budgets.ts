import { isCellKnown, numberFact, textFact, type Device } from '@drover/fleet';
import { bearerOf, carrierFor, coverageOf } from './link-of.ts';
import type { Ledger } from './ledger.ts';
import type { Coverage } from './radio-model.ts';
import type { WaitCode } from './reason.ts';

/** What a campaign allows at a time beside airtime; undefined: no limit of that kind. */
export interface BudgetLimits {
  readonly maxInFlight: number;
  /** Of a stage, of each site. */
  readonly stageMaxInFlight: number | undefined;
  readonly siteMaxInFlight: number | undefined;
  /** Transfers of one carrier, by coverage level; `unknown` where a device names no cell. */
  readonly perCellMax: Readonly<Partial<Record<'ce0' | 'ce1' | 'ce2' | 'unknown', number>>>;
  /** Predicted bytes/s on the air: of the campaign; and of all campaigns, of one APN and of one operator. */
  readonly bytesPerSecond: {
    readonly total: number | undefined;
    readonly perAPN: number | undefined;
    readonly perCarrier: number | undefined;
  };
}

export interface BudgetSubject {
  readonly device: Device;
  readonly campaign: string;
  readonly stage: number;
}

/** Names under which one transfer is counted. What is of one campaign begins with its name; the rest is shared by all. */
const KEY = {
  campaign: ({ campaign }: BudgetSubject) => `campaign ${campaign}`,
  stage: ({ campaign, stage }: BudgetSubject) => `stage ${campaign}/${stage}`,
  site: ({ campaign, device }: BudgetSubject) => named('site', textFact(device, 'site'), `${campaign}/`),
  apn: ({ device }: BudgetSubject) => named('apn', textFact(device, 'radio.apn')),
  operator: ({ device }: BudgetSubject) => `operator ${numberFact(device, 'radio.mcc') ?? '?'}-${numberFact(device, 'radio.mnc') ?? '?'}`,
  cell: ({ device }: BudgetSubject) => `cell ${carrierFor(device).key} ${levelOf(device)}`,
} as const;

function named(what: string, name: string | undefined, within = ''): string | undefined {
  return name === undefined ? undefined : `${what} ${within}${name}`;
}

/** For the ledger: every name that a transfer is counted under. */
export function budgetKeys(subject: BudgetSubject): string[] {
  return Object.values(KEY).flatMap((key) => key(subject) ?? []);
}

const LEVELS = ['ce0', 'ce1', 'ce2', 'ce2'] as const satisfies Record<Coverage, keyof BudgetLimits['perCellMax']>;

function levelOf(device: Device): keyof BudgetLimits['perCellMax'] {
  return isCellKnown(device) || bearerOf(device) === 'other' ? LEVELS[coverageOf(device)] : 'unknown';
}

interface Full {
  readonly code: WaitCode;
  readonly evidence: string;
}

/** The first budget that has no room for one transfer more of `bytesPerSecond`, if any. */
export function fullBudget(
  subject: BudgetSubject,
  limits: BudgetLimits,
  { ledger, bytesPerSecond }: { ledger: Ledger; bytesPerSecond: number },
): Full | undefined {
  // Few campaigns have them all, and every decision asks: a name is only made where there is a limit.
  const count = (code: WaitCode, what: keyof typeof KEY, most: number | undefined): Full | undefined => {
    const key = most === undefined ? undefined : KEY[what](subject);
    if (key === undefined || most === undefined || ledger.countOf(key) < most) return undefined;
    return { code, evidence: `${ledger.countOf(key)} of ${most} transfers of ${key} are under way` };
  };
  const rate = (code: WaitCode, what: keyof typeof KEY, most: number | undefined): Full | undefined => {
    const key = most === undefined ? undefined : KEY[what](subject);
    const used = key === undefined ? 0 : ledger.rateOf(key);
    // The first transfer always fits, or a small budget would wait for ever; it is paced instead.
    if (most === undefined || used === 0 || used + bytesPerSecond <= most) return undefined;
    return { code, evidence: `${Math.round(used)} of ${most} bytes/s of ${key} are taken, this one needs ${Math.round(bytesPerSecond)}` };
  };
  const { perAPN, perCarrier, total } = limits.bytesPerSecond;
  return (
    count('WAVE_CAP', 'campaign', limits.maxInFlight) ??
    count('WAVE_CAP', 'stage', limits.stageMaxInFlight) ??
    count('SITE_CAP', 'site', limits.siteMaxInFlight) ??
    count('CELL_CAP', 'cell', limits.perCellMax[levelOf(subject.device)]) ??
    rate('SERVER_BUDGET', 'campaign', total) ??
    rate('APN_BUDGET', 'apn', perAPN) ??
    rate('OPERATOR_BUDGET', 'operator', perCarrier)
  );
}
