import { isWithin, PROTOCOL_SUPPORT, UPDATE_STATE, type ResourceValue, type Value } from '@drover/lwm2m';
import type { DevicePlan } from './device-plan.ts';
import type { Flash } from './flash.ts';
import { COMPONENT, MODEL } from './image.ts';
import { PROFILES, type Profile } from './profiles.ts';

const INTERNAL_BATTERY = 1;
const LOW_BATTERY_PERCENT = 15;
const BATTERY_STATUS = { NORMAL: 0, LOW: 4 } as const;
const BEARER = { 'LTE-M': 6, 'NB-IoT': 7 } as const;
const SERVER_ID = 1;

/** Resources that are written or executed and never read. */
export const UNREADABLE: readonly string[] = ['/1/0/8', '/3/0/4', '/5/0/0', '/5/0/2', '/5/0/10'];

/** The readable resources within `base`, as they are now. */
export function readResources(plan: DevicePlan, flash: Flash, base: string): ResourceValue[] {
  const rows = { ...serverObject(plan, flash), ...deviceObject(plan, flash), ...connectivityObject(plan), ...firmwareObject(plan, flash) };
  return Object.entries(rows).flatMap(([path, value]) => (value !== undefined && isWithin(path, base) ? [{ path, value }] : []));
}

export function bindingOf({ lwm2m, queueMode }: Profile): { readonly b: string; readonly flag: boolean } {
  if (!queueMode) return { b: 'U', flag: false };
  return lwm2m === '1.0' ? { b: 'UQ', flag: false } : { b: 'U', flag: true };
}

type Rows = Readonly<Record<string, Value | undefined>>;

function serverObject({ profile }: DevicePlan, { lifetimeS }: Flash): Rows {
  return { '/1/0/0': SERVER_ID, '/1/0/1': lifetimeS, '/1/0/6': true, '/1/0/7': bindingOf(PROFILES[profile]).b };
}

function deviceObject({ profile, serial, hardware, utcOffsetMinutes }: DevicePlan, { version, battery }: Flash): Rows {
  return {
    '/3/0/0': 'Wattmark',
    '/3/0/1': MODEL,
    '/3/0/2': serial,
    '/3/0/3': version,
    '/3/0/6/0': INTERNAL_BATTERY,
    '/3/0/9': Math.floor(battery),
    '/3/0/11/0': 0,
    '/3/0/14': `+${String(utcOffsetMinutes / 60).padStart(2, '0')}:00`,
    '/3/0/16': bindingOf(PROFILES[profile]).b,
    '/3/0/18': hardware,
    '/3/0/20': battery < LOW_BATTERY_PERCENT ? BATTERY_STATUS.LOW : BATTERY_STATUS.NORMAL,
  };
}

/** Signal to noise and coverage level came with later versions of the object. */
function connectivityObject({ profile, bearer, rsrp, snr, cell, operator, ce, index }: DevicePlan): Rows {
  const isRecent = PROFILES[profile].lwm2m !== '1.0';
  return {
    '/4/0/0': BEARER[bearer],
    '/4/0/1/0': BEARER[bearer],
    '/4/0/2': rsrp,
    '/4/0/4/0': `10.${(index >> 16) & 255}.${(index >> 8) & 255}.${index & 255}`,
    '/4/0/8': cell,
    '/4/0/9': operator.mnc,
    '/4/0/10': operator.mcc,
    '/4/0/11': isRecent ? snr : undefined,
    '/4/0/13': isRecent ? ce + 1 : undefined,
  };
}

function firmwareObject({ profile }: DevicePlan, { firmware, uri, image, automaticUpgrade }: Flash): Rows {
  const { delivery, fullObject5 } = PROFILES[profile];
  const hasPackage = firmware.state === UPDATE_STATE.DOWNLOADED || firmware.state === UPDATE_STATE.UPDATING;
  return {
    '/5/0/1': uri,
    '/5/0/3': firmware.state,
    '/5/0/5': firmware.result,
    '/5/0/6': hasPackage ? COMPONENT : undefined,
    '/5/0/7': hasPackage ? image?.version : undefined,
    '/5/0/8/0': PROTOCOL_SUPPORT.coap,
    '/5/0/9': delivery === 'Pull' ? 0 : 1,
    '/5/0/11': fullObject5 ? 1 : undefined,
    '/5/0/13': fullObject5 ? 0 : undefined,
    '/5/0/14': fullObject5 ? automaticUpgrade : undefined,
  };
}
