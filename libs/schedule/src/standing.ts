import type { Instant } from '@drover/kernel';
import { numberFact, textFact, type Device } from '@drover/fleet';
import { wait, type Limits } from './admission-request.ts';
import { coverageOf } from './link-of.ts';
import { zoneFor } from './local-time.ts';
import type { WaitCode, WaitReason } from './reason.ts';
import { windowState } from './window.ts';

/** `Fault` in a campaign means what the device calls damaged. */
const STATUS_ALIAS: Record<string, string> = { Fault: 'BatteryDamaged' };

/** Why its battery keeps it out, if it does. */
export function powerRefusal(device: Device, limits: Limits): { code: WaitCode; evidence: string } | undefined {
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

/** Why its radio keeps it out, if it does. */
export function radioRefusal(device: Device, limits: Limits): string | undefined {
  if (limits.onRadioViolation === 'Allow') return undefined;
  const ce = coverageOf(device);
  const worst = limits.maxCoverageEnhancementLevel;
  if (worst !== undefined && ce > worst) return `coverage level CE${ce}, at most CE${worst} is allowed`;
  const rsrp = numberFact(device, 'radio.rsrp');
  if (limits.minRSRP !== undefined && rsrp !== undefined && rsrp < limits.minRSRP)
    return `signal ${rsrp} dBm, at least ${limits.minRSRP} dBm is asked`;
  return undefined;
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
