import { atLevel, type Bearer, type ByCoverage, type CellBearer, type Coverage } from './radio-model.ts';

/** What a device draws that depends on how well it is heard. */
export interface EnergyClass {
  /** Current while transmitting, mA. */
  readonly transmitMa: number;
  /** One extra wake with its registration update, mAh. */
  readonly contactMah: number;
}

/** A battery, and how long it is to last. */
export interface Battery {
  /** What can be taken from it, mAh. */
  readonly capacityMah: number;
  /** Design life, years. */
  readonly lifeYears: number;
}

/** What an exchange takes of a battery. A server cannot see currents: these figures are never calibrated by it. */
export interface EnergyModel {
  readonly bearers: Readonly<Record<CellBearer, ByCoverage<EnergyClass>>>;
  readonly receiveMa: number;
  /** Connected, neither sending nor receiving, mA. */
  readonly connectedMa: number;
  /** Asleep between contacts, µA. */
  readonly idleUa: number;
  /** Flash, reboot and attach, mAh. */
  readonly installMah: number;
  readonly battery: Battery;
  /** By device class, where a class has another one. */
  readonly batteries: Readonly<Record<string, Battery>>;
}

export const DEFAULT_ENERGY_MODEL: EnergyModel = {
  bearers: {
    'NB-IoT': [
      { transmitMa: 100, contactMah: 0.15 },
      { transmitMa: 220, contactMah: 0.6 },
      { transmitMa: 220, contactMah: 3.0 },
    ],
    'LTE-M': [
      { transmitMa: 120, contactMah: 0.1 },
      { transmitMa: 230, contactMah: 0.3 },
      { transmitMa: 230, contactMah: 1.0 },
    ],
  },
  receiveMa: 60,
  connectedMa: 25,
  idleUa: 4,
  installMah: 1.0,
  battery: { capacityMah: 19_000, lifeYears: 15 },
  batteries: {},
};

/** No battery worth counting. */
const WIRED: EnergyClass = { transmitMa: 0, contactMah: 0 };

export function energyClass(bearer: Bearer, ce: Coverage, { bearers }: EnergyModel = DEFAULT_ENERGY_MODEL): EnergyClass {
  return bearer === 'other' ? WIRED : atLevel(bearers[bearer], ce);
}
