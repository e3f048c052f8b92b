import type { Endpoint } from '@drover/kernel';
import { classesOf, type DeviceClassDocument, type DeviceClassSpec } from '@drover/campaign';
import { textFact, type Device } from '@drover/fleet';
import type { ClassCommand } from '../link/device-classes.ts';
import { settingOf } from './class-settings.ts';

/** Kinds of devices whose class is remembered; one fleet has a few models in a few versions. */
const MAX_KINDS = 10_000;

const TOLD_AT_ONCE = 1000;

type Classify = Extract<ClassCommand, { type: 'classify' }>;

const keyOf = ({ metadata }: Pick<DeviceClassDocument, 'metadata'>): string => `${metadata.namespace}/${metadata.name}`;

/** All applied classes, which of them a device has, and what the gateway has been told of that. Derived, and kept nowhere. */
export class DeviceClasses {
  readonly #documents = new Map<string, DeviceClassDocument>();
  /** By all that decides it. */
  readonly #kinds = new Map<string, readonly DeviceClassDocument[]>();
  readonly #told = new Map<Endpoint, string>();

  put(document: DeviceClassDocument): void {
    this.#documents.set(keyOf(document), document);
    this.#kinds.clear();
  }

  remove(namespace: string, name: string): void {
    this.#documents.delete(`${namespace}/${name}`);
    this.#kinds.clear();
  }

  all(namespace: string): DeviceClassDocument[] {
    return [...this.#documents.values()].filter(({ metadata }) => metadata.namespace === namespace);
  }

  /** Devices of each class, by `namespace/name`, as the gateway has been told. */
  get counts(): ReadonlyMap<string, number> {
    const counts = new Map<string, number>();
    for (const key of this.#told.values()) counts.set(key, (counts.get(key) ?? 0) + 1);
    return counts;
  }

  get settings(): Extract<ClassCommand, { type: 'device-classes' }> {
    return { type: 'device-classes', classes: [...this.#documents.values()].map(settingOf) };
  }

  of(device: Device): DeviceClassDocument | undefined {
    return this.matching(device)[0];
  }

  nameOf(device: Device): string | undefined {
    return this.of(device)?.metadata.name;
  }

  specOf(device: Device): DeviceClassSpec | undefined {
    return this.of(device)?.spec;
  }

  /** All that fit, the one that counts first. */
  matching(device: Device): readonly DeviceClassDocument[] {
    if (this.#documents.size === 0) return [];
    const kind = kindOf(device);
    const known = this.#kinds.get(kind);
    if (known) return known;
    const found = classesOf(device, [...this.#documents.values()]);
    if (this.#kinds.size >= MAX_KINDS) this.#kinds.clear();
    this.#kinds.set(kind, found);
    return found;
  }

  /** Largest block for this device, where a campaign would send larger ones. */
  blockSize(device: Device, preferred: number): number {
    return Math.min(preferred, this.specOf(device)?.coap?.maxBlockSize ?? preferred);
  }

  /** What the gateway does not know yet of these devices' classes. Whoever asks must say it. */
  news(devices: Iterable<Device>): Classify[] {
    if (this.#documents.size === 0 && this.#told.size === 0) return [];
    const changed = new Map<string | undefined, Endpoint[]>();
    for (const device of devices) {
      const document = this.of(device);
      const key = document && keyOf(document);
      if (this.#told.get(device.endpoint) === key) continue;
      if (key === undefined) this.#told.delete(device.endpoint);
      else this.#told.set(device.endpoint, key);
      const list = changed.get(key);
      if (list) list.push(device.endpoint);
      else changed.set(key, [device.endpoint]);
    }
    return [...changed].flatMap(([key, endpoints]) =>
      inPieces(endpoints).map((piece) => ({ type: 'classify', key, endpoints: piece }) as const),
    );
  }
}

/** All that decides the class of a device. With lengths: what one device says of itself must not read like another. */
function kindOf(device: Device): string {
  const [maker, model] = [textFact(device, 'manufacturer') ?? '', textFact(device, 'model') ?? ''];
  return `${device.namespace}/${maker.length}/${model.length}/${maker}${model}${textFact(device, 'firmwareVersion') ?? ''}`;
}

/** A message of a million endpoints would hold up whatever comes behind it. */
function inPieces(endpoints: readonly Endpoint[]): (readonly Endpoint[])[] {
  if (endpoints.length <= TOLD_AT_ONCE) return [endpoints];
  const count = Math.ceil(endpoints.length / TOLD_AT_ONCE);
  return Array.from({ length: count }, (_, piece) => endpoints.slice(piece * TOLD_AT_ONCE, (piece + 1) * TOLD_AT_ONCE));
}
