import type { Instant } from '@drover/kernel';

export type FactType = 'string' | 'number' | 'boolean' | 'version';
export type FactValue = string | number | boolean;

/** What is known of a device, and since when. */
export interface Fact {
  readonly value: FactValue;
  readonly at: Instant;
}

interface FactDefinition {
  readonly type: FactType;
  /** The resource it is read from, or where else it comes from. */
  readonly from: string;
  readonly meaning: string;
}

/**
 * Every name that `where` and a selector may use, with its type and origin. The documentation prints this table.
 * Units: levels in %, voltages in V, signal in dBm and dB, memory in kB, coverage 0–3 (the wire says one more).
 */
export const FACTS = {
  model: { type: 'string', from: '/3/0/1', meaning: 'model number' },
  manufacturer: { type: 'string', from: '/3/0/0', meaning: 'manufacturer' },
  serial: { type: 'string', from: '/3/0/2', meaning: 'serial number' },
  firmwareVersion: { type: 'version', from: '/3/0/3', meaning: 'firmware version in use' },
  softwareVersion: { type: 'version', from: '/3/0/19', meaning: 'software version in use' },
  deviceType: { type: 'string', from: '/3/0/17', meaning: 'device type' },
  'hardware.revision': { type: 'string', from: '/3/0/18', meaning: 'hardware version' },
  'battery.level': { type: 'number', from: '/3/0/9', meaning: 'charge of the internal battery, %' },
  'battery.voltage': { type: 'number', from: '/3/0/7', meaning: 'voltage of the first power source, V' },
  'battery.status': {
    type: 'string',
    from: '/3/0/20',
    meaning: 'Normal, Charging, ChargeComplete, BatteryDamaged, BatteryLow, NotInstalled, Unknown',
  },
  'battery.capacity': { type: 'number', from: 'import', meaning: 'what can be taken from the battery in its life, mAh' },
  'power.mains': { type: 'boolean', from: '/3/0/6', meaning: 'has DC, PoE, USB or mains supply' },
  'memory.free': { type: 'number', from: '/3/0/10', meaning: 'free memory, kB' },
  'device.fault': { type: 'number', from: '/3/0/11', meaning: 'first error code, 0 = none' },
  'device.timeZone': { type: 'string', from: '/3/0/15', meaning: 'IANA time zone' },
  'device.utcOffset': { type: 'string', from: '/3/0/14', meaning: 'offset from UTC, e.g. +02:00' },
  'radio.bearer': { type: 'string', from: '/4/0/0', meaning: 'NB-IoT, LTE-M, GSM, WLAN, Ethernet, other' },
  'radio.rsrp': { type: 'number', from: '/4/0/2', meaning: 'signal strength, dBm' },
  'radio.snr': { type: 'number', from: '/4/0/11', meaning: 'signal to noise, dB' },
  'radio.ce': { type: 'number', from: '/4/0/13', meaning: 'coverage enhancement level 0–3 (one less than on the wire)' },
  'radio.cell': { type: 'number', from: '/4/0/8', meaning: 'cell id' },
  'radio.mnc': { type: 'number', from: '/4/0/9', meaning: 'mobile network code' },
  'radio.mcc': { type: 'number', from: '/4/0/10', meaning: 'mobile country code' },
  'radio.area': { type: 'number', from: '/4/0/12', meaning: 'location or tracking area code' },
  'radio.apn': { type: 'string', from: '/4/0/7', meaning: 'access point name, the first' },
  'update.state': { type: 'number', from: '/5/0/3', meaning: 'Object 5 State' },
  'update.result': { type: 'number', from: '/5/0/5', meaning: 'Object 5 Update Result' },
  'update.delivery': { type: 'string', from: '/5/0/9', meaning: 'Pull, Push or Both' },
  endpoint: { type: 'string', from: 'registration', meaning: 'endpoint client name' },
  lwm2mVersion: { type: 'version', from: 'registration', meaning: 'LwM2M version of the client' },
  queueMode: { type: 'boolean', from: 'registration', meaning: 'sleeps between contacts' },
  site: { type: 'string', from: 'import', meaning: 'site' },
  carrier: { type: 'string', from: 'import', meaning: 'mobile operator as the asset record names it' },
  'sim.pool': { type: 'string', from: 'import', meaning: 'contract that its SIM shares its data with' },
  timeZone: { type: 'string', from: 'import', meaning: 'IANA time zone of the site' },
} as const satisfies Record<string, FactDefinition>;

export type FactName = keyof typeof FACTS;

export function isFactName(name: string): name is FactName {
  return Object.hasOwn(FACTS, name);
}

export type Facts = Readonly<Partial<Record<FactName, Fact>>>;

/** Newer knowledge replaces older, fact by fact; a late, older reading changes nothing. */
export function mergeFacts(known: Facts, news: Facts): Facts {
  const merged: Partial<Record<FactName, Fact>> = { ...known };
  for (const [name, fact] of Object.entries(news) as [FactName, Fact][]) {
    const present = merged[name];
    if (!present || present.at <= fact.at) merged[name] = fact;
  }
  return merged;
}
