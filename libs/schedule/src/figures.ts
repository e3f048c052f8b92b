import type { Battery, EnergyClass, EnergyModel } from './energy-model.ts';
import type { RadioClass, RadioModel } from './radio-model.ts';

/** Where a figure comes from. */
export const EVIDENCE = ['assumed', 'published', 'measured'] as const;
export type Evidence = (typeof EVIDENCE)[number];

/** What is known of a figure beside its value: its unit stands at the end of its name, spelled out here. */
export interface FigureNote {
  readonly unit: string;
  readonly meaning: string;
  /** What is believed at all, both included. */
  readonly min: number;
  readonly max: number;
  /** Of the built-in value. */
  readonly evidence: Evidence;
  readonly source: string;
}

const SHAPE =
  'judgement: order and ratios of the levels hold, the height may be off by half; block times are calibrated by what transfers show';

export const RADIO_FIGURES: Readonly<Record<keyof RadioClass, FigureNote>> = {
  rttS: { unit: 's', meaning: 'round trip of an empty exchange', min: 0.001, max: 120, evidence: 'assumed', source: SHAPE },
  phyKbps: {
    unit: 'kbit/s',
    meaning: 'bit rate one device sees within an exchange',
    min: 0.01,
    max: 100_000,
    evidence: 'assumed',
    source: 'judgement: on NB-IoT below the published downlink peak of category NB1, about 26 kbit/s; less with each level of repetitions',
  },
  carrierKbps: {
    unit: 'kbit/s',
    meaning: 'what the whole carrier moves when it serves this level alone',
    min: 0.01,
    max: 10_000_000,
    evidence: 'assumed',
    source: 'judgement; leaves room for as many transfers at once as operators are known to cap them at, within a factor of four',
  },
  uplinkS: {
    unit: 's',
    meaning: 'time the device transmits per block',
    min: 0,
    max: 60,
    evidence: 'assumed',
    source: 'judgement: one request, repeated more often with each level; no server can see it',
  },
  sessionS: {
    unit: 's',
    meaning: 'mean time until a session is lost while blocks flow',
    min: 60,
    max: 31_557_600,
    evidence: 'assumed',
    source: 'judgement, and the weakest of all: hours, fewer of them in poor coverage',
  },
};

export const RADIO_WIDE: Readonly<Record<keyof Pick<RadioModel, 'overheadBytes'>, FigureNote>> = {
  overheadBytes: {
    unit: 'bytes',
    meaning: 'IP, UDP, DTLS and CoAP around each block',
    min: 4,
    max: 500,
    evidence: 'assumed',
    source: 'counted from the headers: IPv4 and UDP 28, DTLS 1.2 with Connection ID about 29, CoAP with a block option about 18',
  },
};

export const ENERGY_FIGURES: Readonly<Record<keyof EnergyClass, FigureNote>> = {
  transmitMa: {
    unit: 'mA',
    meaning: 'current while transmitting',
    min: 0.1,
    max: 3000,
    evidence: 'assumed',
    source: 'what modules of this class draw at the power that the level needs, from memory',
  },
  contactMah: {
    unit: 'mAh',
    meaning: 'one extra wake-up with its Update',
    min: 0,
    max: 100,
    evidence: 'assumed',
    source: 'judgement: connection, resumed security and one Update',
  },
};

export type EnergyWide = 'receiveMa' | 'connectedMa' | 'idleUa' | 'installMah';

export const ENERGY_WIDE: Readonly<Record<keyof Pick<EnergyModel, EnergyWide>, FigureNote>> = {
  receiveMa: {
    unit: 'mA',
    meaning: 'current while receiving',
    min: 0.1,
    max: 1000,
    evidence: 'assumed',
    source: 'what modules of this class draw, from memory',
  },
  connectedMa: {
    unit: 'mA',
    meaning: 'connected, neither sending nor receiving',
    min: 0.01,
    max: 1000,
    evidence: 'assumed',
    source: 'judgement: mean over connected-mode paging; what a slow transfer mostly costs',
  },
  idleUa: {
    unit: 'µA',
    meaning: 'asleep between contacts',
    min: 0.1,
    max: 5000,
    evidence: 'published',
    source: 'deep sleep by the data sheets of common NB-IoT modules, module alone',
  },
  installMah: {
    unit: 'mAh',
    meaning: 'flashing, reboot and attach',
    min: 0,
    max: 500,
    evidence: 'assumed',
    source: 'judgement for 256 KiB',
  },
};

export const BATTERY_FIGURES: Readonly<Record<keyof Battery, FigureNote>> = {
  capacityMah: {
    unit: 'mAh',
    meaning: 'what can be taken from the battery in its life',
    min: 10,
    max: 10_000_000,
    evidence: 'assumed',
    source: 'one D cell of lithium thionyl chloride, as meters have them',
  },
  lifeYears: {
    unit: 'years',
    meaning: 'how long it is to last',
    min: 0.1,
    max: 50,
    evidence: 'assumed',
    source: 'what meters are tendered for',
  },
};
