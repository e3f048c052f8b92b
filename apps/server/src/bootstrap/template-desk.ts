import { DroverError, type Namespace } from '@drover/kernel';
import { draft, type Actor } from '../engine/audit-drafts.ts';
import { documentKey } from '../engine/engine-state.ts';
import type { Engine } from '../engine/engine.ts';
import type { AppliedTemplate } from './bootstrap-templates.ts';

/** What people do with bootstrap templates beside applying them. */
export class TemplateDesk {
  readonly #engine: Engine;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  list(namespace: Namespace): AppliedTemplate[] {
    return this.#engine.state.templates.all(namespace);
  }

  /** Devices get the next template that fits from now on, or none; what they hold stays. */
  remove(namespace: Namespace, name: string, { reason, actor }: { reason: string; actor: Actor }): Promise<void> {
    return this.#engine.change((unit) => {
      const record = this.#engine.state.documents.get(documentKey(namespace, 'BootstrapTemplate', name));
      if (!record)
        throw new DroverError('TEMPLATE_NOT_FOUND', 'missing', `no BootstrapTemplate is called ${JSON.stringify(name.slice(0, 80))}`);
      unit.putDocument({ ...record, removedAt: unit.now });
      const told = { kind: 'BootstrapTemplate', name, digest: record.digest, reason };
      unit.audit(draft('policy-removed', unit.now, { namespace, actor }, told));
    });
  }
}
