import { DroverError, must } from '@drover/kernel';
import { CampaignError, isOver, readDocument, rollbackDocument, type CampaignDocument } from '@drover/campaign';
import { rollbackDue } from '@drover/rollout';
import { draft, type Actor } from './audit-drafts.ts';
import type { Campaigns } from './campaigns.ts';
import type { Engine } from './engine.ts';
import { keyOf, type LiveCampaign } from './engine-state.ts';
import { holdOver } from './holds.ts';
import type { RolloutTicker } from './rollout-ticker.ts';
import type { TrustDesk } from './trust-desk.ts';

/** Who emits a rollback that nobody asked for: what the campaign itself says. */
const POLICY: Actor = { type: 'system', id: 'rollback-policy' };
const NAME_LENGTH = 63;

interface Ask {
  readonly version: string | undefined;
  readonly reason: string;
  readonly actor: Actor;
}

/** Takes campaigns back: by an ordinary campaign that goes through the same doors as any other. */
export class RollbackDesk {
  readonly #engine: Engine;
  readonly #campaigns: Campaigns;
  readonly #trust: TrustDesk;
  readonly #ticker: RolloutTicker;

  constructor(parts: { engine: Engine; campaigns: Campaigns; trust: TrustDesk; ticker: RolloutTicker }) {
    this.#engine = parts.engine;
    this.#campaigns = parts.campaigns;
    this.#trust = parts.trust;
    this.#ticker = parts.ticker;
  }

  /** By a person's word. The campaign must have been stopped: it would go on updating what is taken back. */
  async emit(campaign: LiveCampaign, { version, reason, actor }: Ask): Promise<LiveCampaign> {
    const to = version ?? campaign.document.spec.rollback.to?.version;
    const { name } = campaign.record;
    if (to === undefined) throw new CampaignError('ROLLBACK_UNKNOWN', `campaign ${name} names no version to go back to: say which one`);
    this.#requireStopped(campaign);
    this.#requireFirst(campaign);
    this.#trust.requireStepBack(campaign.document, to, this.#engine.clock.now());
    return this.#apply(campaign, { to, reason, actor });
  }

  /** What campaigns with mode Automatic have come to. One that cannot be emitted is told once, and left to people. */
  async tick(): Promise<void> {
    for (const campaign of [...this.#engine.state.campaigns.values()]) {
      const { spec } = campaign.document;
      if (spec.rollback.mode !== 'Automatic' || campaign.record.rollback || isOver(campaign.record.life)) continue;
      const why = rollbackDue(spec, campaign.updates.tallies);
      if (why === undefined) continue;
      // Devices of stages that have passed still go on: the last one that was opened stops them too.
      const opened = campaign.record.stages.findLastIndex(({ state }) => state !== 'closed');
      if (opened >= 0) await this.#ticker.holdStage(campaign, opened, `rolled back: ${why}`);
      await this.#emitByItself(campaign, why);
    }
  }

  async #emitByItself(campaign: LiveCampaign, reason: string): Promise<void> {
    try {
      await this.emit(campaign, { version: undefined, reason, actor: POLICY });
    } catch (error) {
      // A store that does not answer is asked again with the next tick.
      if (!(error instanceof DroverError) || error.kind === 'transport' || error.kind === 'invariant') throw error;
      await this.#engine.change((unit) => {
        const { namespace, name } = campaign.record;
        unit.putCampaign({ ...campaign.record, rollback: { at: unit.now, refused: `${error.code}: ${error.message}` } });
        const version = campaign.document.spec.rollback.to?.version ?? '';
        const details = { version, code: error.code, why: error.message };
        unit.audit(draft('rollback-refused', unit.now, { namespace, campaign: name, actor: POLICY, result: 'failure' }, details));
        this.#engine.log.error({ campaign: name, code: error.code, why: error.message }, 'a rollback cannot be emitted');
      });
    }
  }

  async #apply(campaign: LiveCampaign, { to, reason, actor }: { to: string; reason: string; actor: Actor }): Promise<LiveCampaign> {
    const { namespace, name } = campaign.record;
    const rollback = this.#freeName(campaign);
    const succeeded = [...campaign.updates.touched()].filter(({ state }) => state === 'succeeded').map(({ endpoint }) => endpoint);
    const source = rollbackDocument(campaign.document, { name: rollback, version: to, reason, succeeded });
    const document = must(readDocument(source).document, 'a rollback');
    await this.#campaigns.apply([document as CampaignDocument], actor, undefined);
    await this.#engine.change((unit) => {
      unit.putCampaign({ ...campaign.record, rollback: { at: unit.now, campaign: rollback } });
      unit.audit(draft('rollback-emitted', unit.now, { namespace, campaign: name, actor }, { rollback, version: to, why: reason }));
      this.#engine.log.warn({ campaign: name, rollback, version: to, why: reason }, 'a campaign is taken back');
    });
    return this.#campaigns.live(namespace, rollback);
  }

  #requireStopped({ record }: LiveCampaign): void {
    const { phase } = record.life;
    const isHeld = record.stages.some(({ state }) => state === 'held') || holdOver(this.#engine.state, record) !== undefined;
    if (isHeld || isOver(record.life) || phase === 'paused' || phase === 'aborting') return;
    throw new CampaignError('TRANSITION_REFUSED', `campaign ${record.name} is ${phase}: pause or abort it before it is taken back`);
  }

  #requireFirst({ record }: LiveCampaign): void {
    const earlier = record.rollback?.campaign;
    const live = earlier === undefined ? undefined : this.#engine.state.campaigns.get(keyOf(record.namespace, earlier));
    if (live && !isOver(live.record.life))
      throw new CampaignError(
        'TRANSITION_REFUSED',
        `campaign ${record.name} is already taken back by ${earlier}, which is ${live.record.life.phase}`,
      );
  }

  #freeName({ record: { namespace, name } }: LiveCampaign): string {
    for (let count = 1; ; count++) {
      const ending = count === 1 ? '-rollback' : `-rollback-${count}`;
      const rollback = `${name.slice(0, NAME_LENGTH - ending.length)}${ending}`;
      if (!this.#engine.state.campaigns.has(keyOf(namespace, rollback))) return rollback;
    }
  }
}
