import { DroverError, type Entropy, type Instant, type Namespace } from '@drover/kernel';
import type { HoldRecord } from '@drover/persistence';
import { draft, type Actor } from './audit-drafts.ts';
import type { CampaignControl } from './campaign-control.ts';
import type { Engine } from './engine.ts';
import { keyOf } from './engine-state.ts';
import { covers, holdOver, isLifted } from './holds.ts';
import type { UnitOfWork } from './unit-of-work.ts';

/** A person's stop. Git can neither create nor clear it. */
export class HoldDesk {
  readonly #engine: Engine;
  readonly #control: CampaignControl;
  readonly #entropy: Entropy;

  constructor(engine: Engine, control: CampaignControl, entropy: Entropy) {
    this.#engine = engine;
    this.#control = control;
    this.#entropy = entropy;
  }

  place(
    namespace: Namespace,
    ask: { scope: HoldRecord['scope']; target: string; reason: string; until: Instant | undefined },
    actor: Actor,
  ): Promise<HoldRecord> {
    this.#requireTarget(namespace, ask);
    return this.#engine.change((unit) => {
      const id = Buffer.from(this.#entropy.bytes(6)).toString('hex');
      const hold: HoldRecord = { ...ask, id, namespace, by: actor.id, at: unit.now, liftedAt: undefined, liftedBy: undefined };
      this.#put(hold, unit);
      unit.audit(
        draft(
          'hold-placed',
          unit.now,
          { namespace, actor, ...(hold.scope === 'campaign' ? { campaign: hold.target } : {}) },
          { id, scope: hold.scope, target: hold.target, reason: hold.reason },
        ),
      );
      for (const campaign of this.#engine.state.campaigns.values())
        if (covers(hold, campaign.record)) this.#control.serving(campaign, true, unit);
      return hold;
    });
  }

  lift(namespace: Namespace, id: string, reason: string, actor: Actor): Promise<HoldRecord> {
    return this.#engine.change((unit) => {
      const known = this.#engine.state.holds.get(id);
      if (!known || known.namespace !== namespace) throw new DroverError('HOLD_NOT_FOUND', 'missing', `no hold has the id "${id}"`);
      if (isLifted(known)) throw new DroverError('HOLD_LIFTED', 'conflict', `hold ${id} was lifted by ${known.liftedBy ?? '?'}`);
      const hold: HoldRecord = { ...known, liftedAt: unit.now, liftedBy: actor.id };
      this.#put(hold, unit);
      unit.audit(
        draft(
          'hold-lifted',
          unit.now,
          { namespace, actor, ...(hold.scope === 'campaign' ? { campaign: hold.target } : {}) },
          { id, reason },
        ),
      );
      for (const campaign of this.#engine.state.campaigns.values()) {
        if (covers(hold, campaign.record) && !holdOver(this.#engine.state, campaign.record)) this.#control.serving(campaign, false, unit);
      }
      return hold;
    });
  }

  list(namespace: Namespace): HoldRecord[] {
    return [...this.#engine.state.holds.values()].filter((hold) => hold.namespace === namespace);
  }

  /** A hold that covers nothing because of a slip of the pen is worse than a refusal. */
  #requireTarget(namespace: Namespace, { scope, target }: Pick<HoldRecord, 'scope' | 'target'>): void {
    const { campaigns, firmware } = this.#engine.state;
    if (scope === 'campaign' && !campaigns.has(keyOf(namespace, target)))
      throw new DroverError('CAMPAIGN_NOT_FOUND', 'missing', `no campaign is called "${target}"`);
    if (scope === 'firmware' && ![...firmware.values()].some((record) => record.namespace === namespace && record.digest === target))
      throw new DroverError('ARTIFACT_NOT_FOUND', 'missing', `no firmware in the store has the digest "${target}"`);
  }

  #put(hold: HoldRecord, unit: UnitOfWork): void {
    this.#engine.state.holds.set(hold.id, hold);
    unit.changes.holds.push(hold);
  }
}
