import { numberFact, textFact, type Device } from '@drover/fleet';
import { carrierFor, coverageOf } from './link-of.ts';
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

/** Names under which one transfer is counted. What ends with a campaign begins with its name; the rest is shared by all. */
interface BudgetKeys {
  readonly campaign: string;
  readonly stage: string;
  readonly site: string | undefined;
  readonly apn: string | undefined;
  readonly operator: string;
  readonly cell: string;
}

function keysOf({ device, campaign, stage }: BudgetSubject): BudgetKeys {
  const [site, apn] = [textFact(device, 'site'), textFact(device, 'radio.apn')];
  return {
    campaign: `campaign ${campaign}`,
    stage: `stage ${campaign}/${stage}`,
    site: site === undefined ? undefined : `site ${campaign}/${site}`,
    apn: apn === undefined ? undefined : `apn ${apn}`,
    operator: `operator ${numberFact(device, 'radio.mcc') ?? '?'}-${numberFact(device, 'radio.mnc') ?? '?'}`,
    cell: `cell ${carrierFor(device).key} ${levelOf(device)}`,
  };
}

/** For the ledger: every name that a transfer is counted under. */
export function budgetKeys(subject: BudgetSubject): string[] {
  return Object.values(keysOf(subject)).filter((key): key is string => key !== undefined);
}

const LEVELS = ['ce0', 'ce1', 'ce2', 'ce2'] as const satisfies Record<Coverage, keyof BudgetLimits['perCellMax']>;

function levelOf(device: Device): keyof BudgetLimits['perCellMax'] {
  return carrierFor(device).isKnown ? LEVELS[coverageOf(device)] : 'unknown';
}

/** The first budget that has no room for one transfer more of `bytesPerSecond`, if any. */
export function fullBudget(
  subject: BudgetSubject,
  limits: BudgetLimits,
  { ledger, bytesPerSecond }: { ledger: Ledger; bytesPerSecond: number },
): { readonly code: WaitCode; readonly evidence: string } | undefined {
  const keys = keysOf(subject);
  const count = (code: WaitCode, key: string | undefined, most: number | undefined, where: string) => {
    if (key === undefined || most === undefined || ledger.countOf(key) < most) return undefined;
    return { code, evidence: `${ledger.countOf(key)} of ${most} transfers ${where} are under way` };
  };
  const rate = (code: WaitCode, key: string | undefined, most: number | undefined, where: string) => {
    const used = key === undefined ? 0 : ledger.rateOf(key);
    // The first transfer always fits, or a small budget would wait for ever; it is paced instead.
    if (most === undefined || used === 0 || used + bytesPerSecond <= most) return undefined;
    return { code, evidence: `${Math.round(used)} of ${most} bytes/s ${where} are taken, this one needs ${Math.round(bytesPerSecond)}` };
  };
  const { perAPN, perCarrier, total } = limits.bytesPerSecond;
  const level = levelOf(subject.device);
  return (
    count('WAVE_CAP', keys.campaign, limits.maxInFlight, 'of the campaign') ??
    count('WAVE_CAP', keys.stage, limits.stageMaxInFlight, 'of the stage') ??
    count('SITE_CAP', keys.site, limits.siteMaxInFlight, `of ${keys.site?.slice(5) ?? ''}`) ??
    count('CELL_CAP', keys.cell, limits.perCellMax[level], `of ${keys.cell}`) ??
    rate('SERVER_BUDGET', keys.campaign, total, 'of the campaign') ??
    rate('APN_BUDGET', keys.apn, perAPN, `of ${keys.apn ?? ''}`) ??
    rate('OPERATOR_BUDGET', keys.operator, perCarrier, `of ${keys.operator}`)
  );
}
