import { DroverError, type Namespace } from '@drover/kernel';
import type { DeviceClassDocument } from '@drover/campaign';
import { draft, type Actor } from './audit-drafts.ts';
import type { Engine } from './engine.ts';
import { documentKey } from './engine-state.ts';

export interface ListedClass {
  readonly document: DeviceClassDocument;
  /** Devices that have it, now. */
  readonly devices: number;
}

/** What people do with device classes beside applying them. */
export class ClassDesk {
  readonly #engine: Engine;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  list(namespace: Namespace): ListedClass[] {
    const { classes, devices } = this.#engine.state;
    const counts = new Map<DeviceClassDocument, number>();
    for (const device of devices.values()) {
      const document = device.namespace === namespace ? classes.of(device) : undefined;
      if (document) counts.set(document, (counts.get(document) ?? 0) + 1);
    }
    return classes.all(namespace).map((document) => ({ document, devices: counts.get(document) ?? 0 }));
  }

  /** Its devices have the next class that fits, or none, from now on. */
  remove(namespace: Namespace, name: string, { reason, actor }: { reason: string; actor: Actor }): Promise<void> {
    return this.#engine.change((unit) => {
      const record = this.#engine.state.documents.get(documentKey(namespace, 'DeviceClass', name));
      if (!record) throw new DroverError('CLASS_NOT_FOUND', 'missing', `no DeviceClass is called ${JSON.stringify(name.slice(0, 80))}`);
      unit.putDocument({ ...record, removedAt: unit.now });
      unit.audit(draft('policy-removed', unit.now, { namespace, actor }, { kind: 'DeviceClass', name, digest: record.digest, reason }));
    });
  }
}
