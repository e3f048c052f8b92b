import type { FactName, FactValue } from '@drover/fleet';
import { DEVICE, versionOf, type ResourceValue, type Value } from '@drover/lwm2m';

export type FactValues = Partial<Record<FactName, FactValue>>;

const TEXTS: Readonly<Record<string, FactName>> = {
  '/3/0/0': 'manufacturer',
  '/3/0/1': 'model',
  '/3/0/2': 'serial',
  '/3/0/14': 'device.utcOffset',
  '/3/0/15': 'device.timeZone',
  '/3/0/17': 'deviceType',
  '/3/0/18': 'hardware.revision',
  '/3/0/19': 'softwareVersion',
  '/4/0/7/0': 'radio.apn',
};

const NUMBERS: Readonly<Record<string, FactName>> = {
  '/3/0/9': 'battery.level',
  '/3/0/10': 'memory.free',
  '/4/0/2': 'radio.rsrp',
  '/4/0/8': 'radio.cell',
  '/4/0/9': 'radio.mnc',
  '/4/0/10': 'radio.mcc',
  '/4/0/11': 'radio.snr',
  '/4/0/12': 'radio.area',
  '/5/0/3': 'update.state',
  '/5/0/5': 'update.result',
};

/** /3/0/20 in its order. */
const BATTERY_STATUS = ['Normal', 'Charging', 'ChargeComplete', 'BatteryDamaged', 'BatteryLow', 'NotInstalled', 'Unknown'];
/** Network bearers of /4/0/0 that campaigns tell apart; LTE-M registers as LTE. */
const BEARERS: Readonly<Record<number, string>> = { 0: 'GSM', 5: 'LTE-M', 6: 'LTE-M', 7: 'NB-IoT', 21: 'WLAN', 41: 'Ethernet' };
/** DC, PoE, USB and mains of /3/0/6. */
const MAINS = [0, 4, 5, 6];
const DELIVERY = ['Pull', 'Push', 'Both'];

/**
 * The standard's resources in the operator's words. What is not understood is left out, never guessed. `versionFrom` is where
 * this kind of device shows the version of its firmware.
 */
export function factsOfValues(values: readonly ResourceValue[], versionFrom: string = DEVICE.FIRMWARE_VERSION): FactValues {
  const facts: FactValues = {};
  for (const { path, value } of values) {
    const version = path === versionFrom ? versionOf(value) : undefined;
    if (version) facts.firmwareVersion = version.slice(0, 255);
    const text = TEXTS[path];
    const number = NUMBERS[path];
    if (text && typeof value === 'string' && value !== '') facts[text] = value.slice(0, 255);
    else if (number && isNumber(value)) facts[number] = Number(value);
    else Object.assign(facts, special(path, value));
  }
  const sources = values.filter(({ path }) => path.startsWith('/3/0/6/')).map(({ value }) => Number(value));
  if (sources.length > 0) facts['power.mains'] = sources.some((source) => MAINS.includes(source));
  return facts;
}

function isNumber(value: Value): value is number | bigint {
  return typeof value === 'number' || typeof value === 'bigint';
}

function special(path: string, value: Value): FactValues {
  if (!isNumber(value)) return {};
  const number = Number(value);
  switch (path) {
    case '/3/0/20':
      return BATTERY_STATUS[number] === undefined ? {} : { 'battery.status': BATTERY_STATUS[number] };
    case '/4/0/0':
      return { 'radio.bearer': BEARERS[number] ?? 'other' };
    case '/4/0/13':
      // 0 on the wire is "no coverage enhancement", 1 is CE0: campaigns count from CE0.
      return { 'radio.ce': Math.max(0, number - 1) };
    case '/5/0/9':
      return DELIVERY[number] === undefined ? {} : { 'update.delivery': DELIVERY[number] };
    default:
      if (path.startsWith('/3/0/7/') && path.endsWith('/0')) return { 'battery.voltage': number / 1000 };
      if (path === '/3/0/11/0') return { 'device.fault': number };
      return {};
  }
}
