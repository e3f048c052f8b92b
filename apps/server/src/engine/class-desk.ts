import { DroverError, type Namespace } from '@drover/kernel';
import type { DeviceClassDocument } from '@drover/campaign';
import { draft, type Actor } from './audit-drafts.ts';
import { tellClasses } from './class-teller.ts';
import type { Engine } from './engine.ts';
import { documentKey, keyOf } from './engine-state.ts';

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
    const { classes } = this.#engine.state;
    const { counts } = classes;
    return classes.all(namespace).map((document) => ({ document, devices: counts.get(keyOf(namespace, document.metadata.name)) ?? 0 }));
  }

  /** Its devices have the next class that fits, or none, from now on. */
  async remove(namespace: Namespace, name: string, { reason, actor }: { reason: string; actor: Actor }): Promise<void> {
    await this.#engine.change((unit) => {
      const record = this.#engine.state.documents.get(documentKey(namespace, 'DeviceClass', name));
      if (!record) throw new DroverError('CLASS_NOT_FOUND', 'missing', `no DeviceClass is called ${JSON.stringify(name.slice(0, 80))}`);
      unit.putDocument({ ...record, removedAt: unit.now });
      unit.audit(draft('policy-removed', unit.now, { namespace, actor }, { kind: 'DeviceClass', name, digest: record.digest, reason }));
    });
    await tellClasses(this.#engine);
  }
}
