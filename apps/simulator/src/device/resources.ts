import { isWithin, type ResourceValue, type Value } from '@drover/lwm2m';
import { serialOf, type DevicePlan } from '../device-plan.ts';
import { MODEL } from '../image.ts';
import type { Profile, RegistrationTraits } from '../profiles/profile.ts';
import { FIRST_VERSION, type Flash, type Part } from './flash.ts';
import { isDelivered } from './software-object.ts';

const INTERNAL_BATTERY = 1;
const MAINS = 6;
const LOW_BATTERY_PERCENT = 15;
const BATTERY_STATUS = { NORMAL: 0, LOW: 4 } as const;
const BEARER = { 'LTE-M': 6, 'NB-IoT': 7 } as const;
const SERVER_ID = 1;
const DEFAULT_SEVERITY = 1;
const DELIVERY = { Pull: 0, Push: 1, Both: 2 } as const;
const DOWNLOADED_OR_UPDATING: readonly number[] = [2, 3];

/** Resources that are written or executed and never read, by object; of every instance. */
const UNREADABLE: Readonly<Record<number, readonly number[]>> = {
  1: [8],
  3: [4],
  5: [0, 2, 10],
  9: [2, 3, 4, 6, 10, 11],
  33629: [0, 2, 10],
};

export function isUnreadable([object = 0, , resource = -1]: readonly number[]): boolean {
  return UNREADABLE[object]?.includes(resource) ?? false;
}

/** What resources are made of. */
export interface DeviceView {
  readonly plan: DevicePlan;
  readonly profile: Profile;
  readonly flash: Flash;
  /** Percent, now. */
  readonly battery: number;
}

type Rows = Readonly<Record<string, Value | undefined>>;

/** The readable resources within `base`, as they are now. */
export function readResources(view: DeviceView, base: string): ResourceValue[] {
  const object = Number(base.split('/')[1]);
  return Object.entries(rowsOf(view, object)).flatMap(([path, value]) =>
    value !== undefined && isWithin(path, base) ? [{ path, value }] : [],
  );
}

function rowsOf(view: DeviceView, object: number): Rows {
  switch (object) {
    case 1:
      return serverObject(view);
    case 3:
      return deviceObject(view);
    case 4:
      return connectivityObject(view);
    case 19:
      return view.profile.parts[0].push.at === 'object-19' ? { '/19/0/3': 'firmware' } : {};
    default: {
      const parts = view.flash.parts.filter(({ traits }) => traits.object === object);
      return Object.assign({}, ...parts.map((part) => (object === 9 ? softwareInstance(part) : firmwareInstance(part)))) as Rows;
    }
  }
}

/** LwM2M 1.0 alone: older objects, and fewer formats. */
export function isOld({ versions }: RegistrationTraits): boolean {
  return versions[0] === '1.0';
}

/** The value of the `b` parameter, and whether `Q` stands beside it. */
export function bindingOf({ registration, queueMode }: Profile): { readonly b: string | undefined; readonly flag: boolean } {
  if (registration.binding === 'absent') return { b: undefined, flag: false };
  if (!queueMode) return { b: 'U', flag: false };
  return registration.binding === 'UQ' ? { b: 'UQ', flag: false } : { b: 'U', flag: true };
}

/** A day, until somebody writes another (LwM2M 1.1 Core, E.2). */
export function disableTimeoutS({ disableTimeoutS: written }: Flash): number {
  return written ?? 86_400;
}

function serverObject({ profile, flash }: DeviceView): Rows {
  const { serverInstance, canBeDisabled } = profile.registration;
  const at = `/1/${serverInstance}`;
  const timeout = canBeDisabled ? { [`${at}/5`]: disableTimeoutS(flash) } : {};
  return { [`${at}/0`]: SERVER_ID, [`${at}/1`]: flash.lifetimeS, ...timeout, [`${at}/6`]: true, [`${at}/7`]: bindingOf(profile).b ?? 'U' };
}

function deviceObject({ plan, profile, flash, battery }: DeviceView): Rows {
  const { hardware, utcOffsetMinutes } = plan;
  return {
    '/3/0/0': 'Wattmark',
    '/3/0/1': MODEL,
    '/3/0/2': serialOf(plan),
    '/3/0/3': versionAt(flash, '/3/0/3') ?? FIRST_VERSION,
    '/3/0/6/0': INTERNAL_BATTERY,
    '/3/0/6/1': profile.onMains ? MAINS : undefined,
    '/3/0/9': Math.floor(battery),
    '/3/0/11/0': 0,
    '/3/0/14': `+${String(utcOffsetMinutes / 60).padStart(2, '0')}:00`,
    '/3/0/16': bindingOf(profile).b ?? 'U',
    '/3/0/18': hardware,
    '/3/0/19': versionAt(flash, '/3/0/19'),
    '/3/0/20': battery < LOW_BATTERY_PERCENT ? BATTERY_STATUS.LOW : BATTERY_STATUS.NORMAL,
  };
}

function versionAt({ parts }: Flash, path: '/3/0/3' | '/3/0/19'): string | undefined {
  return parts.find(({ traits }) => traits.versionAt === path)?.version;
}

/** Signal to noise and coverage level came with later versions of the object. */
function connectivityObject({ plan, profile }: DeviceView): Rows {
  const { bearer, rsrp, snr, cell, operator, ce, index } = plan;
  const isRecent = !isOld(profile.registration);
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

/** Objects 5 and 33629 have the first twelve resources in common. */
function firmwareInstance({ traits, instance, standing, uri, image, ...part }: Part): Rows {
  const hasPackage = DOWNLOADED_OR_UPDATING.includes(standing.state) && image !== undefined;
  const at = `/${traits.object}/${instance}`;
  const protocols = (traits.protocols ?? []).map((protocol, place): [string, Value] => [`${at}/8/${place}`, protocol]);
  const common: Rows = {
    [`${at}/1`]: uri,
    [`${at}/3`]: standing.state,
    [`${at}/5`]: standing.result,
    [`${at}/6`]: hasPackage ? (image.component ?? part.component) : undefined,
    [`${at}/7`]: hasPackage ? image.version : undefined,
    ...Object.fromEntries(protocols),
    [`${at}/9`]: DELIVERY[traits.delivery],
    [`${at}/11`]: traits.hasCancel ? (part.severity ?? DEFAULT_SEVERITY) : undefined,
    [`${at}/13`]: part.maximumDeferS,
  };
  if (traits.object === 5) return { ...common, [`${at}/14`]: traits.automaticUpgrade === 'absent' ? undefined : part.automaticUpgrade };
  const other = 1 - instance;
  return {
    ...common,
    [`${at}/14`]: part.component,
    [`${at}/15`]: part.version,
    [`${at}/16/0`]: traits.linked ? { object: 33629, instance: other } : undefined,
  };
}

/** Name and version are empty before there is a package, and never 4.04. */
function softwareInstance(part: Part): Rows {
  const { instance, standing, image, component, version, isActive } = part;
  const delivered = isDelivered(part) ? image : undefined;
  const at = `/9/${instance}`;
  return {
    [`${at}/0`]: delivered?.component ?? component,
    [`${at}/1`]: delivered?.version ?? version,
    [`${at}/7`]: standing.state,
    [`${at}/9`]: standing.result,
    [`${at}/12`]: isActive === true,
  };
}
