import { DroverError, Endpoint, type Namespace } from '@drover/kernel';
import { mergeFacts, type FactName, type Facts } from '@drover/fleet';
import type { DeviceRecord } from '@drover/persistence';
import { draft, type Actor } from './audit-drafts.ts';
import type { Engine } from './engine.ts';

/** What an asset system knows of a device and the device does not. */
export interface ImportedDevice {
  readonly endpoint: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly site?: string;
  readonly carrier?: string;
  readonly timeZone?: string;
  readonly batteryCapacityMah?: number;
  readonly simPool?: string;
}

const FACT_OF = {
  site: 'site',
  carrier: 'carrier',
  timeZone: 'timeZone',
  batteryCapacityMah: 'battery.capacity',
  simPool: 'sim.pool',
} as const satisfies Partial<Record<keyof ImportedDevice, FactName>>;
const IMPORTED = Object.keys(FACT_OF) as (keyof typeof FACT_OF)[];

export class DeviceDesk {
  readonly #engine: Engine;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  find(endpoint: string): DeviceRecord {
    const device = this.#engine.state.devices.get(endpoint as Endpoint);
    if (!device) throw new DroverError('DEVICE_NOT_FOUND', 'missing', `no device is called ${JSON.stringify(endpoint.slice(0, 80))}`);
    return device;
  }

  /** Labels are replaced as a whole; facts the device itself told stay. One audit event for the lot. */
  import(namespace: Namespace, devices: readonly ImportedDevice[], actor: Actor): Promise<{ created: number; changed: number }> {
    const checked = devices.map((device) => ({ ...device, endpoint: Endpoint(device.endpoint) }));
    return this.#engine.change((unit) => {
      // All are looked at before one is touched: what is refused must not stay in memory.
      for (const { endpoint } of checked) {
        const known = this.#engine.state.devices.get(endpoint);
        if (known && known.namespace !== namespace && known.registration === undefined)
          throw new DroverError('DEVICE_ELSEWHERE', 'conflict', `${endpoint} belongs to namespace ${known.namespace}`);
      }
      let created = 0;
      for (const entry of checked) {
        const known = this.#engine.state.devices.get(entry.endpoint);
        if (!known) created++;
        const news: Facts = Object.fromEntries(
          IMPORTED.flatMap((name): [FactName, unknown][] =>
            entry[name] === undefined ? [] : [[FACT_OF[name], { value: entry[name], at: unit.now }]],
          ),
        );
        unit.putDevice({
          ...(known ?? blank(entry.endpoint)),
          namespace,
          labels: entry.labels,
          facts: mergeFacts(known?.facts ?? {}, news),
        });
      }
      unit.audit(draft('device-imported', unit.now, { namespace, actor }, { devices: checked.length, created }));
      return { created, changed: checked.length - created };
    });
  }
}

function blank(endpoint: Endpoint): Omit<DeviceRecord, 'namespace' | 'labels' | 'facts'> {
  return { endpoint, firstSeenAt: undefined, lastContactAt: undefined, registration: undefined, pattern: undefined, findings: [] };
}
