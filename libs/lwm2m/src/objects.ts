import type { DataType } from './values.ts';
import { parsePath } from './paths.ts';

/** What Drover knows of a resource. Devices may have more: an unknown resource is never an error. */
export interface ResourceModel {
  readonly name: string;
  readonly type: DataType | 'None';
  readonly unit?: string;
  readonly multiple?: true;
}

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
} as const;

export const DELIVERY_METHOD = { PULL: 0, PUSH: 1, BOTH: 2 } as const;

/** URI schemes by their number in /5/0/8. */
export const PROTOCOL_SUPPORT = { coap: 0, coaps: 1, http: 2, https: 3, 'coap+tcp': 4, 'coaps+tcp': 5 } as const;

export type UriScheme = keyof typeof PROTOCOL_SUPPORT;

type Row = readonly [name: string, type: DataType | 'None', unit?: string];

/** `Name*` marks a multiple-instance resource. From the registry; the resources Drover reads or writes, and their neighbours. */
const OBJECTS: Readonly<Record<number, Readonly<Record<number, Row>>>> = {
  1: {
    0: ['Short Server ID', 'Integer'],
    1: ['Lifetime', 'Integer', 's'],
    2: ['Default Minimum Period', 'Integer', 's'],
    3: ['Default Maximum Period', 'Integer', 's'],
    4: ['Disable', 'None'],
    5: ['Disable Timeout', 'Integer', 's'],
    6: ['Notification Storing', 'Boolean'],
    7: ['Binding', 'String'],
    8: ['Registration Update Trigger', 'None'],
    23: ['Mute Send', 'Boolean'],
  },
  2: { 0: ['Object ID', 'Integer'], 1: ['Object Instance ID', 'Integer'], 2: ['ACL*', 'Integer'], 3: ['Access Control Owner', 'Integer'] },
  3: {
    0: ['Manufacturer', 'String'],
    1: ['Model Number', 'String'],
    2: ['Serial Number', 'String'],
    3: ['Firmware Version', 'String'],
    4: ['Reboot', 'None'],
    5: ['Factory Reset', 'None'],
    6: ['Available Power Sources*', 'Integer'],
    7: ['Power Source Voltage*', 'Integer', 'mV'],
    8: ['Power Source Current*', 'Integer', 'mA'],
    9: ['Battery Level', 'Integer', '/100'],
    10: ['Memory Free', 'Integer', 'kB'],
    11: ['Error Code*', 'Integer'],
    12: ['Reset Error Code', 'None'],
    13: ['Current Time', 'Time'],
    14: ['UTC Offset', 'String'],
    15: ['Timezone', 'String'],
    16: ['Supported Binding and Modes', 'String'],
    17: ['Device Type', 'String'],
    18: ['Hardware Version', 'String'],
    19: ['Software Version', 'String'],
    20: ['Battery Status', 'Integer'],
    21: ['Memory Total', 'Integer', 'kB'],
    22: ['ExtDevInfo*', 'Objlnk'],
  },
  4: {
    0: ['Network Bearer', 'Integer'],
    1: ['Available Network Bearer*', 'Integer'],
    2: ['Radio Signal Strength', 'Integer', 'dBm'],
    3: ['Link Quality', 'Integer'],
    4: ['IP Addresses*', 'String'],
    5: ['Router IP Addresses*', 'String'],
    6: ['Link Utilization', 'Integer', '/100'],
    7: ['APN*', 'String'],
    8: ['Cell ID', 'Integer'],
    9: ['SMNC', 'Integer'],
    10: ['SMCC', 'Integer'],
    11: ['SignalSNR', 'Integer', 'dB'],
    12: ['LAC', 'Integer'],
    13: ['Coverage Enhancement Level', 'Integer'],
  },
  5: {
    0: ['Package', 'Opaque'],
    1: ['Package URI', 'String'],
    2: ['Update', 'None'],
    3: ['State', 'Integer'],
    5: ['Update Result', 'Integer'],
    6: ['PkgName', 'String'],
    7: ['PkgVersion', 'String'],
    8: ['Firmware Update Protocol Support*', 'Integer'],
    9: ['Firmware Update Delivery Method', 'Integer'],
    10: ['Cancel', 'None'],
    11: ['Severity', 'Integer'],
    12: ['Last State Change Time', 'Time'],
    13: ['Maximum Defer Period', 'Unsigned', 's'],
    14: ['Automatic Upgrade at Download', 'Boolean'],
  },
  7: {
    0: ['SMS Tx Counter', 'Integer'],
    1: ['SMS Rx Counter', 'Integer'],
    2: ['Tx Data', 'Integer', 'kB'],
    3: ['Rx Data', 'Integer', 'kB'],
    4: ['Max Message Size', 'Integer', 'B'],
    5: ['Average Message Size', 'Integer', 'B'],
    6: ['Start', 'None'],
    7: ['Stop', 'None'],
    8: ['Collection Period', 'Integer', 's'],
  },
  9: {
    0: ['PkgName', 'String'],
    1: ['PkgVersion', 'String'],
    2: ['Package', 'Opaque'],
    3: ['Package URI', 'String'],
    4: ['Install', 'None'],
    6: ['Uninstall', 'None'],
    7: ['Update State', 'Integer'],
    8: ['Update Supported Objects', 'Boolean'],
    9: ['Update Result', 'Integer'],
    10: ['Activate', 'None'],
    11: ['Deactivate', 'None'],
    12: ['Activation State', 'Boolean'],
  },
  10: {
    1: ['Disable radio period', 'Integer', 'min'],
    4: ['PSM Timer', 'Integer', 's'],
    5: ['Active Timer', 'Integer', 's'],
    8: ['eDRX parameters for WB-S1 mode', 'Opaque'],
    9: ['eDRX parameters for NB-S1 mode', 'Opaque'],
    11: ['Activated Profile Names*', 'Objlnk'],
    12: ['Supported Power Saving Modes', 'Unsigned'],
    13: ['Active Power Saving Modes', 'Unsigned'],
    14: ['Release Assistance Indication Usage', 'Unsigned'],
  },
};

/** `undefined` for what Drover does not know. */
export function resourceModel(object: number, resource: number): ResourceModel | undefined {
  const row = OBJECTS[object]?.[resource];
  if (row === undefined) return undefined;
  const multiple = row[0].endsWith('*');
  return { name: multiple ? row[0].slice(0, -1) : row[0], type: row[1], unit: row[2], ...(multiple && { multiple }) };
}

/** Data type of a resource; asked by every decoder, replaceable for devices with their own objects. */
export type TypeOf = (object: number, resource: number) => DataType | undefined;

export const typeOfResource: TypeOf = (object, resource) => {
  const type = OBJECTS[object]?.[resource]?.[1];
  return type === 'None' ? undefined : type;
};

export function typeOfPath(path: string, typeOf: TypeOf = typeOfResource): DataType | undefined {
  const { object, resource } = parsePath(path);
  return object === undefined || resource === undefined ? undefined : typeOf(object, resource);
}
