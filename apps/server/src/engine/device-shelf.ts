import type { Endpoint } from '@drover/kernel';
import type { DeviceRecord } from '@drover/persistence';
import { RecordStore } from './record-store.ts';

/** Devices that are looked at again and again within one contact, kept as they are. */
const RECENT = 4096;
/** What no two devices have in common. */
const OWN_TEXTS = ['endpoint', 'serial', 'address', 'location'];

/** All devices: a million of them have to fit beside everything else. What is taken from here is never changed. */
export class DeviceShelf {
  readonly #store = new RecordStore<DeviceRecord>(OWN_TEXTS);
  readonly #slots = new Map<Endpoint, number>();
  readonly #recent = new Map<Endpoint, DeviceRecord>();

  get size(): number {
    return this.#slots.size;
  }

  has(endpoint: Endpoint): boolean {
    return this.#slots.has(endpoint);
  }

  get(endpoint: Endpoint): DeviceRecord | undefined {
    const recent = this.#recent.get(endpoint);
    if (recent) return recent;
    const slot = this.#slots.get(endpoint);
    if (slot === undefined) return undefined;
    const device = this.#store.get(slot);
    this.#keep(device);
    return device;
  }

  set(endpoint: Endpoint, device: DeviceRecord): void {
    this.load(endpoint, device);
    this.#keep(device);
  }

  /** Like `set`, of one among a million that nobody asks for next. */
  load(endpoint: Endpoint, device: DeviceRecord): void {
    this.#slots.set(endpoint, this.#store.put(device, this.#slots.get(endpoint)));
  }

  /** Each as it is when its turn comes. */
  *values(): Generator<DeviceRecord> {
    for (const [endpoint, slot] of this.#slots) yield this.#recent.get(endpoint) ?? this.#store.get(slot);
  }

  #keep(device: DeviceRecord): void {
    if (this.#recent.size >= RECENT) this.#recent.clear();
    this.#recent.set(device.endpoint, device);
  }
}
