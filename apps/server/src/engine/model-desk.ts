import { CampaignError, costModelSource, type CostModelKind } from '@drover/campaign';
import type { Json } from '@drover/kernel';
import type { CalibrationView } from '@drover/contracts';
import { draft, type Actor } from './audit-drafts.ts';
import { calibrationView } from './calibration-view.ts';
import type { Engine } from './engine.ts';
import { documentKey } from './engine-state.ts';

/** The figures in force, and the way back to the built-in ones. They are applied like all documents. */
export class ModelDesk {
  readonly #engine: Engine;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** With `isApplied` false, nobody has said anything else than what is built in. */
  show(kind: CostModelKind): { readonly isApplied: boolean; readonly source: Json } {
    const applied = this.#engine.state.models.inForce(kind);
    return { isApplied: applied !== undefined, source: costModelSource(kind, applied?.source) };
  }

  /** What transfers have shown, beside what the figures say. */
  calibration(): CalibrationView {
    return calibrationView(this.#engine.state.models);
  }

  /** From now on the built-in figures count; what is under way keeps what it was counted by. */
  async remove(kind: CostModelKind, { reason, actor }: { reason: string; actor: Actor }): Promise<string> {
    return this.#engine.change((unit) => {
      const { documents, models } = this.#engine.state;
      const place = models.inForce(kind)?.metadata;
      const record = place && documents.get(documentKey(place.namespace, kind, place.name));
      if (!record) throw new CampaignError('MODEL_NOT_FOUND', `no ${kind} is applied: the built-in figures are in force`);
      unit.putDocument({ ...record, removedAt: unit.now });
      const { namespace, name, digest } = record;
      unit.audit(draft('policy-removed', unit.now, { namespace, actor }, { kind, name, digest, reason }));
      return name;
    });
  }
}
