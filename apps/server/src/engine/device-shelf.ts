import type { Endpoint } from '@drover/kernel';
import type { DeviceRecord } from '@drover/persistence';
import { RecordPacker, type Packed } from './record-packer.ts';

/** Devices that are looked at again and again within one contact, kept as they are. */
const RECENT = 4096;
/** What no two devices have in common. */
const OWN_TEXTS = ['endpoint', 'serial', 'address', 'location'];
const NO_FINDINGS: DeviceRecord['findings'] = Object.freeze([]);

/** All devices, packed: a million of them have to fit beside everything else. What is taken from here is never changed. */
export class DeviceShelf {
  readonly #packer = new RecordPacker<DeviceRecord>(OWN_TEXTS);
  readonly #packed = new Map<Endpoint, Packed>();
  readonly #recent = new Map<Endpoint, DeviceRecord>();

  get size(): number {
    return this.#packed.size;
  }

  has(endpoint: Endpoint): boolean {
    return this.#packed.has(endpoint);
  }

  get(endpoint: Endpoint): DeviceRecord | undefined {
    const recent = this.#recent.get(endpoint);
    if (recent) return recent;
    const packed = this.#packed.get(endpoint);
    if (!packed) return undefined;
    const device = this.#packer.unpack(packed);
    this.#keep(device);
    return device;
  }

  set(endpoint: Endpoint, device: DeviceRecord): void {
    this.load(endpoint, device);
    this.#keep(device);
  }

  /** Like `set`, of one among a million that nobody asks for next. */
  load(endpoint: Endpoint, device: DeviceRecord): void {
    this.#packed.set(endpoint, this.#packer.pack(device.findings.length === 0 ? { ...device, findings: NO_FINDINGS } : device));
  }

  /** Each as it is when its turn comes. */
  *values(): Generator<DeviceRecord> {
    for (const [endpoint, packed] of this.#packed) yield this.#recent.get(endpoint) ?? this.#packer.unpack(packed);
  }

  #keep(device: DeviceRecord): void {
    if (this.#recent.size >= RECENT) this.#recent.clear();
    this.#recent.set(device.endpoint, device);
  }
}
