import { earliest, isoOf, MINUTE, plus, type Instant } from '@drover/kernel';
import { numberFact, textFact, type Device } from '@drover/fleet';
import { carrierFor, coverageOf, linkOf, UNKNOWN_CELL_FACTOR } from './link-of.ts';
import type { Ledger } from './ledger.ts';
import { zoneFor } from './local-time.ts';
import { transferCost, type TransferCost } from './transfer-cost.ts';
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
  readonly maxInFlight: number;
  readonly bytesPerSecond: number | undefined;
  /** Share of one carrier's airtime, 0–1. */
  readonly airtime: number;
}

export interface DownloadRequest {
  readonly device: Device;
  readonly campaign: string;
  readonly remainingBytes: number;
  readonly blockSize: number;
  readonly canResume: boolean;
  readonly backoffUntil: Instant | undefined;
  /** When the device is expected to be reachable again if it is refused now. */
  readonly nextContactAt: Instant;
}

export type Admission =
  | {
      readonly type: 'admit';
      readonly cost: TransferCost;
      readonly carrier: string;
      readonly budget: number;
      readonly closesAt: Instant | undefined;
    }
  | { readonly type: 'wait'; readonly reason: WaitReason }
  | { readonly type: 'skip'; readonly reason: WaitReason };

/** Whether a device that is awake now may start its download, in the order in which the operator would ask. */
export function admitDownload(request: DownloadRequest, limits: Limits, ledger: Ledger, now: Instant): Admission {
  const { device } = request;
  if (request.backoffUntil !== undefined && request.backoffUntil > now)
    return wait('BACKOFF', `retries are spaced; not before ${isoOf(request.backoffUntil)}`, request.backoffUntil);
  const power = powerRefusal(device, limits);
  if (power) return wait(power.code, power.evidence, request.nextContactAt);
  const radio = radioRefusal(device, limits);
  if (radio)
    return limits.onRadioViolation === 'Skip'
      ? { ...wait('RADIO_POOR', radio, request.nextContactAt), type: 'skip' }
      : wait('RADIO_POOR', radio, request.nextContactAt);
  const zone = zoneFor(limits.timeZone, device);
  const window = windowState(limits.downloadWindows, zone, now);
  if (!window.open) return wait('WINDOW_CLOSED', `the download window is closed (${zone.name})`, window.opensAt ?? request.nextContactAt);
  const cost = transferCost(request.remainingBytes, linkOf(device, request.blockSize));
  if (!request.canResume && window.closesAt !== undefined && plus(now, cost.duration) > window.closesAt) {
    const evidence = `needs ${Math.ceil(cost.duration / MINUTE)} min in one piece, the window has ${Math.floor((window.closesAt - now) / MINUTE)} min left`;
    return wait('WINDOW_TOO_SHORT', evidence, plus(window.closesAt, MINUTE));
  }
  return withinBudgets(request, limits, ledger, { cost, now, closesAt: window.closesAt });
}

function withinBudgets(
  request: DownloadRequest,
  limits: Limits,
  ledger: Ledger,
  { cost, now, closesAt }: { cost: TransferCost; now: Instant; closesAt: Instant | undefined },
): Admission {
  // A slot frees as transfers end: an awake device asks again soon, a sleeper at its next contact.
  const again = earliest(request.nextContactAt, plus(now, 10 * MINUTE)) ?? request.nextContactAt;
  if (ledger.inFlight(request.campaign) >= limits.maxInFlight)
    return wait('WAVE_CAP', `${ledger.inFlight(request.campaign)} of ${limits.maxInFlight} transfers are under way`, again);
  const rate = (cost.bytesOnAir * 1000) / Math.max(cost.duration, 1);
  const used = ledger.bytesPerSecond(request.campaign);
  // The first transfer always fits, or a small budget would wait for ever; it is paced instead.
  if (limits.bytesPerSecond !== undefined && used > 0 && used + rate > limits.bytesPerSecond) {
    return wait(
      'SERVER_BUDGET',
      `${Math.round(used)} of ${limits.bytesPerSecond} bytes/s are taken, this one needs ${Math.round(rate)}`,
      again,
    );
  }
  const carrier = carrierFor(request.device);
  const budget = limits.airtime * (carrier.isKnown ? 1 : UNKNOWN_CELL_FACTOR);
  const held = ledger.shareOf(carrier.key);
  if (held > 0 && held + cost.share > budget + 1e-9) {
    const evidence = `cell ${carrier.key} uses ${held.toFixed(2)} of ${budget.toFixed(2)}, this one needs ${cost.share.toFixed(2)}`;
    return wait(carrier.isKnown ? 'CELL_BUDGET' : 'CELL_UNKNOWN', evidence, again);
  }
  return { type: 'admit', cost, carrier: carrier.key, budget, closesAt };
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
