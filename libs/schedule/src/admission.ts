import { earliest, isoOf, MINUTE, plus, Instant } from '@drover/kernel';
import { numberFact, textFact, type Device } from '@drover/fleet';
import { batteryOf } from './battery-life.ts';
import type { Booking } from './airtime-ledger.ts';
import { fullBudget, type BudgetLimits } from './budgets.ts';
import { dataCapReached, hasDataCap, overDataCap, type DataCaps, type DataRefusal, type DataUse } from './data-caps.ts';
import { predictedVolume } from './data-volume.ts';
import { DEFAULT_COST_MODEL, type CostModel } from './cost-model.ts';
import { overEnergyBudget, type EnergyBudget } from './energy-budget.ts';
import { nextContact, type ContactPattern } from './contact-pattern.ts';
import { learnCoverage, type CoveragePattern } from './coverage.ts';
import { bearerOf, carrierFor, coverageOf, linkOf, lossOf, UNKNOWN_CELL_FACTOR, type Carrier } from './link-of.ts';
import type { Ledger } from './ledger.ts';
import { zoneFor, type Zone } from './local-time.ts';
import type { PaceMode } from './pace-mode.ts';
import { decideStart, type Candidate, type StartDecision } from './start-decision.ts';
import { transferCost, type TransferCost, type TransferLink } from './transfer-cost.ts';
import { ownLink, type TransferPattern } from './transfer-pattern.ts';
import type { WaitCode, WaitReason } from './reason.ts';
import { windowState, type WindowRule } from './window.ts';

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

/** Whether a device that is awake now may start its download, in the order in which the operator would ask. */
export function admitDownload(request: DownloadRequest, limits: Limits, ledger: Ledger, now: Instant): Admission {
  const { device } = request;
  const nextContactAt = nextContact(request.pattern, now);
  if (request.backoffUntil !== undefined && request.backoffUntil > now)
    return wait('BACKOFF', `retries are spaced; not before ${isoOf(request.backoffUntil)}`, request.backoffUntil);
  const power = powerRefusal(device, limits);
  if (power) return wait(power.code, power.evidence, nextContactAt);
  const radio = radioRefusal(device, limits);
  if (radio)
    return limits.onRadioViolation === 'Skip'
      ? { ...wait('RADIO_POOR', radio, nextContactAt), type: 'skip' }
      : wait('RADIO_POOR', radio, nextContactAt);
  const zone = zoneFor(limits.timeZone, device);
  const window = windowState(limits.downloadWindows, zone, now);
  const { model = DEFAULT_COST_MODEL } = request;
  const link = ownLink(linkOf(device, request.blockSize), request.transfers, model);
  const cost = transferCost(request.remainingBytes, link, { model });
  const ask = { request, limits, ledger, now, nextContactAt, cost, link, zone, model };
  if (!window.open) {
    const closed = wait('WINDOW_CLOSED', `the download window is closed (${zone.name})`, window.opensAt ?? nextContactAt);
    // What it was promised lies within the window, and ahead.
    if (request.promise) return { ...closed, promise: request.promise };
    return asked({ ...ask, closesAt: undefined }) ?? closed;
  }
  if (!request.canResume && window.closesAt !== undefined && plus(now, ask.cost.duration) > window.closesAt) {
    const evidence = `needs ${Math.ceil(ask.cost.duration / MINUTE)} min in one piece${atItsPace(link)}, the window has ${Math.floor((window.closesAt - now) / MINUTE)} min left`;
    return asked({ ...ask, closesAt: window.closesAt }) ?? wait('WINDOW_TOO_SHORT', evidence, plus(window.closesAt, MINUTE));
  }
  const open = { ...ask, closesAt: window.closesAt };
  return energyRefusal(open) ?? dataRefusal(open) ?? campaignBudgets(open) ?? onItsCarrier(open);
}

/** An appointment for a sleeper whose window is closed or too short for it, if it can be asked. */
function asked(ask: Ask): Admission | undefined {
  if (!ask.request.sleeps || ask.request.appointmentsLeft <= 0) return undefined;
  const admission = onItsCarrier(ask);
  return admission.type === 'wait' && admission.asks === true ? admission : undefined;
}

interface Ask {
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

/** A battery may be asked for so much and no more; where better radio would be cheap enough it is waited for. */
function energyRefusal({ request, limits, now, nextContactAt, cost, link, model }: Ask): Admission | undefined {
  if (request.device.facts['power.mains']?.value === true) return undefined;
  const { spentMah, remainingBytes, device } = request;
  if (limits.energy.perDevice === undefined && limits.energy.perYear === undefined) return undefined;
  const battery = batteryOf(device, model.energy, request.deviceClass);
  const over = overEnergyBudget(limits.energy, { costMah: cost.energyMah, ...spentMah, battery }, now);
  if (!over) return undefined;
  if (over.until !== undefined) return wait('ENERGY_BUDGET', over.evidence, over.until);
  const cheapest = transferCost(remainingBytes, { ...link, ce: 0 }, { model }).energyMah;
  const isHopeless = overEnergyBudget(limits.energy, { costMah: cheapest, ...spentMah }, now) !== undefined;
  const waiting = wait('ENERGY_BUDGET', over.evidence, nextContactAt);
  return isHopeless ? { ...waiting, type: 'skip' } : waiting;
}

/** So much and no more goes over the air: of one device and of a campaign for good, of a SIM pool until its month is over. */
function dataRefusal({ request, limits, now, nextContactAt, link, model }: Ask): Admission | undefined {
  if (!hasDataCap(limits.data)) return undefined;
  const { remainingBytes, transfers, data } = request;
  const needs = predictedVolume(remainingBytes, link, { pattern: transfers, model });
  const over = overDataCap(limits.data, data, needs, now);
  if (!over) return undefined;
  const waiting = wait('DATA_CAP', over.evidence, dataEnd(over, { now, nextContactAt }));
  return over.until === 'never' ? { ...waiting, type: 'skip' } : waiting;
}

function dataEnd({ until }: DataRefusal, { now, nextContactAt }: { now: Instant; nextContactAt: Instant }): Instant {
  if (until === 'transfers') return soon(now, nextContactAt);
  return until === 'never' ? nextContactAt : until;
}

/** A slot frees as transfers end: an awake device asks again soon, a sleeper at its next contact. */
function soon(now: Instant, nextContactAt: Instant): Instant {
  return earliest(nextContactAt, plus(now, 10 * MINUTE)) ?? nextContactAt;
}

function campaignBudgets({ request, limits, ledger, now, nextContactAt, cost }: Ask): Admission | undefined {
  const again = soon(now, nextContactAt);
  const bytesPerSecond = (cost.bytesOnAir * 1000) / Math.max(cost.duration, 1);
  const full = fullBudget(request, limits.budgets, { ledger, bytesPerSecond });
  return full && wait(full.code, full.evidence, again);
}

function onItsCarrier(ask: Ask): Admission {
  const { request, limits, ledger, now, closesAt } = ask;
  const carrier = carrierFor(request.device);
  const budget = limits.airtime * (carrier.isKnown ? 1 : UNKNOWN_CELL_FACTOR);
  const candidate = candidateFor(ask, { carrier, budget });
  const start = ledger.without(request.update, now, () => decideStart(candidate, limits.pace, ledger.carriers, now));
  if (start.type === 'start') return { type: 'admit', start, carrier: carrier.key, budget, closesAt };
  const code = start.code === 'CELL_BUDGET' && !carrier.isKnown ? 'CELL_UNKNOWN' : start.code;
  const reason: WaitReason = { code, evidence: evidenceOf(ask, start, { carrier, budget }), nextAt: Instant(start.until) };
  return { type: 'wait', reason, promise: start.booking, ...(start.asks && { asks: true }) };
}

function candidateFor(
  { request, limits, zone, link, model, closesAt }: Ask,
  { carrier, budget }: { carrier: Carrier; budget: number },
): Candidate {
  const { device, pattern, sleeps } = request;
  return {
    carrier: carrier.key,
    airtime: budget,
    bearer: bearerOf(device),
    ce: coverageOf(device),
    coverage: request.coverage ?? learnCoverage(undefined, lossOf(device)),
    blockSize: request.blockSize,
    remainingBytes: request.remainingBytes,
    canResume: request.canResume,
    onBattery: device.facts['power.mains']?.value !== true,
    wakesAt: sleeps ? (at) => nextContact(pattern, Instant(at - 1)) : undefined,
    turnedAway: request.turnedAway,
    appointmentsLeft: sleeps ? request.appointmentsLeft : 0,
    closesAt: closesAt ?? Number.POSITIVE_INFINITY,
    isOpen: (at) => windowState(limits.downloadWindows, zone, Instant(at)).open,
    patientUntil: request.patientUntil,
    endsAt: request.endsAt ?? Number.POSITIVE_INFINITY,
    booking: request.promise,
    slowness: link.slowness,
    model,
  };
}

/** Where what the device itself has shown makes a difference. */
function atItsPace({ slowness = 1 }: TransferLink): string {
  return Math.abs(slowness - 1) < 0.05 ? '' : ` at its own pace, ${slowness.toFixed(1)} times that of the model`;
}

function evidenceOf(
  { request, ledger, cost, link }: Ask,
  { code, booking }: Extract<StartDecision, { type: 'wait' }>,
  { carrier, budget }: { carrier: Carrier; budget: number },
): string {
  if (code === 'APPOINTMENT') return `asked to wake up when there is room on cell ${carrier.key} within its window`;
  if (code === 'RADIO_POOR') return `coverage level CE${coverageOf(request.device)}, and likely to be better at one of the next contacts`;
  const promised = booking ? `; airtime is kept for it from ${isoOf(Instant(booking.from))}` : '';
  const used = ledger.carriers.demandOn(carrier.key);
  return `cell ${carrier.key} uses ${used.toFixed(2)} of ${budget.toFixed(2)}, this one needs ${cost.share.toFixed(2)}${atItsPace(link)}${promised}`;
}

/** Whether there is anything of its battery that could keep or stop this device. */
export function hasBatteryFloor({ mainsPowered, minBatteryLevel, denyStatus }: Limits, device: Device): boolean {
  if (device.facts['power.mains']?.value === true && mainsPowered === 'Exempt') return false;
  return minBatteryLevel > 0 || denyStatus.length > 0;
}

/** Why a transfer under way must stop here: the battery has come below its floor. A level that is not known stops nothing. */
export function powerStop(device: Device, limits: Limits, nextContactAt: Instant): WaitReason | undefined {
  const power = powerRefusal(device, limits);
  return power && power.code !== 'FACT_UNKNOWN' ? { ...power, nextAt: nextContactAt } : undefined;
}

/** Why a transfer under way must stop here: a cap on what goes over the air is used up. */
export function dataStop(use: DataUse, limits: Limits, nextContactAt: Instant, now: Instant): WaitReason | undefined {
  const reached = dataCapReached(limits.data, use, now);
  return reached && { code: 'DATA_CAP', evidence: reached.evidence, nextAt: dataEnd(reached, { now, nextContactAt }) };
}

/** What keeps a device out at any hour as it is now: its battery, or its radio. A level that is not known keeps nobody out here. */
export function standingRefusal(device: Device, limits: Limits): WaitCode | undefined {
  const power = powerRefusal(device, limits);
  if (power && power.code !== 'FACT_UNKNOWN') return power.code;
  return radioRefusal(device, limits) === undefined ? undefined : 'RADIO_POOR';
}

/** Whether Update may be executed now: install window and power, nothing else. */
export function admitInstall(
  device: Device,
  limits: Limits,
  nextContactAt: Instant,
  now: Instant,
): { readonly type: 'admit'; readonly closesAt: Instant | undefined } | { readonly type: 'wait'; readonly reason: WaitReason } {
  const power = powerRefusal(device, limits);
  if (power) return wait(power.code, power.evidence, nextContactAt);
  const zone = zoneFor(limits.timeZone, device);
  const window = windowState(limits.installWindows, zone, now);
  if (!window.open) return wait('WINDOW_CLOSED', `the install window is closed (${zone.name})`, window.opensAt ?? nextContactAt);
  return { type: 'admit', closesAt: window.closesAt };
}

function wait(code: WaitCode, evidence: string, nextAt: Instant): { type: 'wait'; reason: WaitReason } {
  return { type: 'wait', reason: { code, evidence, nextAt } };
}

/** `Fault` in a campaign means what the device calls damaged. */
const STATUS_ALIAS: Record<string, string> = { Fault: 'BatteryDamaged' };

function powerRefusal(device: Device, limits: Limits): { code: WaitCode; evidence: string } | undefined {
  if (device.facts['power.mains']?.value === true && limits.mainsPowered === 'Exempt') return undefined;
  const status = textFact(device, 'battery.status');
  if (status !== undefined && limits.denyStatus.some((denied) => (STATUS_ALIAS[denied] ?? denied) === status))
    return { code: 'BATTERY_FAULT', evidence: `the battery reports ${status}` };
  const level = numberFact(device, 'battery.level');
  if (limits.minBatteryLevel === 0) return undefined;
  if (level === undefined) {
    // A device that says nothing of its power at all has no battery that we know of; one that says it runs on battery must name its level.
    return device.facts['power.mains'] === undefined ? undefined : { code: 'FACT_UNKNOWN', evidence: 'battery.level is not known' };
  }
  const floor = limits.minBatteryLevel * 100;
  return level < floor ? { code: 'BATTERY_FLOOR', evidence: `battery at ${level}%, the floor is ${floor.toFixed(0)}%` } : undefined;
}

function radioRefusal(device: Device, limits: Limits): string | undefined {
  if (limits.onRadioViolation === 'Allow') return undefined;
  const ce = coverageOf(device);
  const worst = limits.maxCoverageEnhancementLevel;
  if (worst !== undefined && ce > worst) return `coverage level CE${ce}, at most CE${worst} is allowed`;
  const rsrp = numberFact(device, 'radio.rsrp');
  if (limits.minRSRP !== undefined && rsrp !== undefined && rsrp < limits.minRSRP)
    return `signal ${rsrp} dBm, at least ${limits.minRSRP} dBm is asked`;
  return undefined;
}
