import { isOver } from '@drover/campaign';
import { isSettled, reconcile, type RolloutCommand } from '@drover/rollout';
import { ApprovalDesk } from './approval-desk.ts';
import type { DeviceStepper } from './device-stepper.ts';
import type { Engine } from './engine.ts';
import { keyOf, type LiveCampaign } from './engine-state.ts';
import { Reviewer } from './reviewer.ts';
import { StageDesk } from './stage-desk.ts';
import type { UnitOfWork } from './unit-of-work.ts';

/** Updates closed in one commit when their campaign ends. */
const CLOSED_AT_ONCE = 500;

/** Wakes the pure engine: load, decide, execute. */
export class RolloutTicker {
  /** Lives and stages, as decided here and by people. */
  readonly stages: StageDesk;
  readonly approvals: ApprovalDesk;
  readonly #engine: Engine;
  readonly #stepper: DeviceStepper;
  readonly #reviewer: Reviewer;
  /** Campaigns whose devices have all been sent past the deadline. */
  readonly #late = new WeakSet<LiveCampaign>();

  constructor(engine: Engine, stepper: DeviceStepper) {
    this.#engine = engine;
    this.stages = new StageDesk(engine);
    this.approvals = new ApprovalDesk(engine);
    this.#stepper = stepper;
    this.#reviewer = new Reviewer(engine, stepper);
  }

  async tick(): Promise<void> {
    for (const [key, campaign] of this.#engine.state.active) {
      if (isOver(campaign.record.life)) continue;
      await this.#engine.change((unit) => this.#reconcile(campaign, unit));
      await this.#reviewer.review({ key, campaign });
    }
  }

  /** Holds a stage for a reason found outside its gate. */
  holdStage(campaign: LiveCampaign, index: number, why: string): Promise<void> {
    return this.#engine.change((unit) =>
      this.stages.execute(campaign, { type: 'hold-stage', campaign: campaign.record.name, index, why }, unit),
    );
  }

  #reconcile(campaign: LiveCampaign, unit: UnitOfWork): void {
    const { record, document } = campaign;
    const commands = reconcile(
      {
        campaign: record.name,
        life: record.life,
        spec: document.spec,
        stages: record.stages,
        tallies: campaign.updates.tallies,
        approval: this.approvals.verdictOf(campaign),
      },
      unit.now,
    );
    for (const command of commands) this.#execute(campaign, command, unit);
  }

  #execute(campaign: LiveCampaign, command: RolloutCommand, unit: UnitOfWork): void {
    switch (command.type) {
      case 'pass-deadline':
        // The devices are sent past it one by one, as they are looked at.
        if (!this.#late.has(campaign)) campaign.reviewAllSoon();
        this.#late.add(campaign);
        return;
      case 'finish':
        return this.#finish(campaign, unit);
      default:
        this.stages.execute(campaign, command, unit);
    }
  }

  /** What is still open is closed in small numbers: the next tick says `finish` again. */
  #finish(campaign: LiveCampaign, unit: UnitOfWork): void {
    const key = keyOf(campaign.record.namespace, campaign.record.name);
    let closed = 0;
    for (const update of campaign.updates.touched()) {
      if (isSettled(update)) continue;
      this.#stepper.moves.apply({ key, campaign, update }, { type: 'campaign-ends' }, unit);
      if (++closed === CLOSED_AT_ONCE) return;
    }
    if (!this.stages.move(campaign, 'all-settled', unit)) return;
    const { outcome } = campaign.updates;
    this.stages.audit(campaign, 'campaign-finished', { phase: campaign.record.life.phase, outcome }, { unit });
    this.#engine.log.info({ campaign: campaign.record.name, outcome }, 'campaign finished');
  }
}
