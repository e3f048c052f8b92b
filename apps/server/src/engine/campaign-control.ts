import { CampaignError, isOver, type CampaignFact } from '@drover/campaign';
import { assessGate, EMPTY_TALLY, gateFor } from '@drover/rollout';
import { attemptKey } from './attempt.ts';
import { draft, type Actor } from './audit-drafts.ts';
import type { Engine } from './engine.ts';
import type { LiveCampaign } from './engine-state.ts';
import type { RolloutTicker } from './rollout-ticker.ts';
import type { UnitOfWork } from './unit-of-work.ts';

/** What a person does to a campaign: pause, resume, promote, abort. Each is one audit event, and refused where it makes no sense. */
export class CampaignControl {
  readonly #engine: Engine;
  readonly #ticker: RolloutTicker;

  constructor(engine: Engine, ticker: RolloutTicker) {
    this.#engine = engine;
    this.#ticker = ticker;
  }

  /** No new offers and no Execute; transfers under way finish. */
  pause(campaign: LiveCampaign, reason: string, actor: Actor): Promise<void> {
    return this.#move(campaign, 'pause', { type: 'campaign-paused', reason, actor });
  }

  /** Ends a pause, or continues a stage that its gate held; the failures seen until now no longer count against it. */
  async resume(campaign: LiveCampaign, reason: string, actor: Actor): Promise<void> {
    const held = campaign.record.stages.findIndex(({ state }) => state === 'held');
    if (campaign.record.life.phase === 'paused' || held < 0)
      return this.#move(campaign, 'resume', { type: 'campaign-resumed', reason, actor });
    const { failed: forgiven, ...counted } = campaign.updates.tallies[held] ?? EMPTY_TALLY;
    const verdict = assessGate(
      gateFor(campaign.document.spec.stages[held]?.gate, counted.size),
      { ...counted, failed: forgiven },
      forgiven,
    );
    if (verdict.type === 'inconclusive')
      throw new CampaignError(
        'TRANSITION_REFUSED',
        `nothing of the held stage is left to go on with: ${verdict.why}; promote passes it, abort ends the campaign`,
      );
    await this.#engine.change((unit) => {
      const { openedAt = unit.now } = campaign.record.stages[held] ?? {};
      this.#ticker.setStage(campaign, held, { state: 'open', openedAt, forgiven }, unit);
      this.#audit(campaign, unit, { type: 'campaign-resumed', reason, actor });
    });
  }

  /** Passes the first stage that has not passed, whatever its gate says, and lets the next one open. */
  async promote(campaign: LiveCampaign, reason: string, actor: Actor): Promise<void> {
    const index = campaign.record.stages.findIndex(({ state }) => state !== 'passed' && state !== 'closed');
    if (campaign.record.life.phase !== 'running' || index < 0) throw refused(campaign, 'promote');
    await this.#engine.change((unit) => this.#ticker.passStage(campaign, index, reason, { unit, actor }));
  }

  async abort(campaign: LiveCampaign, reason: string, actor: Actor): Promise<void> {
    await this.#move(campaign, 'abort', { type: 'campaign-aborted', reason, actor });
  }

  /** A hold also stops the serving of blocks, and an Execute that is allowed and not answered yet; lifting it lets both go on. */
  serving(campaign: LiveCampaign, isStopped: boolean, unit: UnitOfWork): void {
    for (const update of campaign.updates.inFlight())
      unit.send({
        type: isStopped ? 'suspend' : 'resume',
        attempt: attemptKey(update),
        endpoint: update.endpoint,
        epoch: this.#engine.epoch,
      });
    campaign.reviewSoon();
  }

  async #move(
    campaign: LiveCampaign,
    fact: CampaignFact,
    event: { type: 'campaign-paused' | 'campaign-resumed' | 'campaign-aborted'; reason: string; actor: Actor },
  ): Promise<void> {
    await this.#engine.change((unit) => {
      if (isOver(campaign.record.life) || !this.#ticker.move(campaign, fact, unit)) throw refused(campaign, fact);
      this.#audit(campaign, unit, event);
    });
  }

  #audit(
    { record }: LiveCampaign,
    unit: UnitOfWork,
    { type, reason, actor }: { type: 'campaign-paused' | 'campaign-resumed' | 'campaign-aborted'; reason: string; actor: Actor },
  ): void {
    unit.audit(draft(type, unit.now, { namespace: record.namespace, campaign: record.name, actor }, { reason }));
  }
}

function refused({ record }: LiveCampaign, verb: string): CampaignError {
  return new CampaignError('TRANSITION_REFUSED', `campaign ${record.name} is ${record.life.phase}: ${verb} changes nothing`);
}
