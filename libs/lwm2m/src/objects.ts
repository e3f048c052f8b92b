import type { ResourceModel } from './object-model.ts';
import { BUILT_IN } from './object-models.ts';
import { parsePath } from './paths.ts';
import type { DataType } from './values.ts';

/** Object 5, the paths of its one instance. */
export const FIRMWARE = {
  INSTANCE: '/5/0',
  PACKAGE: '/5/0/0',
  PACKAGE_URI: '/5/0/1',
  UPDATE: '/5/0/2',
  STATE: '/5/0/3',
  UPDATE_RESULT: '/5/0/5',
  PKG_NAME: '/5/0/6',
  PKG_VERSION: '/5/0/7',
  PROTOCOL_SUPPORT: '/5/0/8',
  DELIVERY_METHOD: '/5/0/9',
  CANCEL: '/5/0/10',
  SEVERITY: '/5/0/11',
  LAST_STATE_CHANGE: '/5/0/12',
  MAX_DEFER_PERIOD: '/5/0/13',
  AUTOMATIC_UPGRADE: '/5/0/14',
} as const;

export const DEVICE = {
  MANUFACTURER: '/3/0/0',
  MODEL: '/3/0/1',
  SERIAL: '/3/0/2',
  FIRMWARE_VERSION: '/3/0/3',
  REBOOT: '/3/0/4',
  POWER_SOURCES: '/3/0/6',
  BATTERY_LEVEL: '/3/0/9',
  MEMORY_FREE: '/3/0/10',
  HARDWARE_VERSION: '/3/0/18',
  SOFTWARE_VERSION: '/3/0/19',
  BATTERY_STATUS: '/3/0/20',
} as const;

export const UPDATE_STATE = { IDLE: 0, DOWNLOADING: 1, DOWNLOADED: 2, UPDATING: 3 } as const;

export const UPDATE_RESULT = {
  INITIAL: 0,
  SUCCESS: 1,
  NOT_ENOUGH_FLASH: 2,
  OUT_OF_RAM: 3,
  CONNECTION_LOST: 4,
  INTEGRITY_CHECK_FAILED: 5,
  UNSUPPORTED_PACKAGE: 6,
  INVALID_URI: 7,
  UPDATE_FAILED: 8,
  UNSUPPORTED_PROTOCOL: 9,
  CANCELLED: 10,
  DEFERRED: 11,
  /** Object 33629 alone. */
  CONFLICTING_STATE: 12,
  DEPENDENCY_ERROR: 13,
} as const;

export const DELIVERY_METHOD = { PULL: 0, PUSH: 1, BOTH: 2 } as const;

/** URI schemes by their number in /5/0/8. */
export const PROTOCOL_SUPPORT = { coap: 0, coaps: 1, http: 2, https: 3, 'coap+tcp': 4, 'coaps+tcp': 5 } as const;

export type UriScheme = keyof typeof PROTOCOL_SUPPORT;

/** `undefined` for what Drover does not know. */
export function resourceModel(object: number, resource: number): ResourceModel | undefined {
  return BUILT_IN.resource(`/${object}/0/${resource}`);
}

/** Data type of a resource; asked by every decoder, replaceable for devices with their own objects. */
export type TypeOf = (object: number, resource: number) => DataType | undefined;

export const typeOfResource: TypeOf = BUILT_IN.typeOf;

export function typeOfPath(path: string, typeOf: TypeOf = typeOfResource): DataType | undefined {
  const { object, resource } = parsePath(path);
  return object === undefined || resource === undefined ? undefined : typeOf(object, resource);
}
