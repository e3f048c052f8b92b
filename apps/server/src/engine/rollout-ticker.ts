import { assessApprovals, isOver, nextLife, type ApprovalVerdict, type CampaignFact } from '@drover/campaign';
import { isSettled, reconcile, type RolloutCommand, type StageStatus } from '@drover/rollout';
import { draft, type Actor } from './audit-drafts.ts';
import { approvalPolicyOf } from './campaigns.ts';
import type { DeviceStepper } from './device-stepper.ts';
import type { Engine } from './engine.ts';
import { keyOf, type LiveCampaign } from './engine-state.ts';
import { Reviewer } from './reviewer.ts';
import type { UnitOfWork } from './unit-of-work.ts';

/** One executor per command. A new `RolloutCommand` breaks the build until it is handled here. */
type Executors = { readonly [C in RolloutCommand as C['type']]: (campaign: LiveCampaign, command: C, unit: UnitOfWork) => void };

/** Updates closed in one commit when their campaign ends. */
const CLOSED_AT_ONCE = 500;

/** Wakes the pure engine: load, decide, execute. */
export class RolloutTicker {
  readonly #engine: Engine;
  readonly #stepper: DeviceStepper;
  readonly #reviewer: Reviewer;
  /** Campaigns whose devices have all been sent past the deadline. */
  readonly #late = new WeakSet<LiveCampaign>();

  constructor(engine: Engine, stepper: DeviceStepper) {
    this.#engine = engine;
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

  /** What a person decides about a campaign moves its life the same way as the engine's own facts. */
  move(campaign: LiveCampaign, fact: CampaignFact, unit: UnitOfWork): boolean {
    const life = nextLife(campaign.record.life, fact);
    if (!life) return false;
    const ended = life.phase === 'finished' || life.phase === 'aborted';
    unit.putCampaign({
      ...campaign.record,
      life,
      startedAt: life.phase === 'running' ? (campaign.record.startedAt ?? unit.now) : campaign.record.startedAt,
      endedAt: ended ? unit.now : undefined,
    });
    if (life.phase === 'aborting') campaign.reviewAllSoon();
    else campaign.reviewSoon();
    return true;
  }

  setStage(campaign: LiveCampaign, index: number, status: StageStatus, unit: UnitOfWork): void {
    const stages = campaign.record.stages.map((stage, position) => (position === index ? status : stage));
    unit.putCampaign({ ...campaign.record, stages });
    campaign.reviewSoon();
  }

  /** Holds a stage for a reason found outside its gate. */
  holdStage(campaign: LiveCampaign, index: number, why: string): Promise<void> {
    return this.#engine.change((unit) =>
      this.#executors['hold-stage'](campaign, { type: 'hold-stage', campaign: campaign.record.name, index, why }, unit),
    );
  }

  /** Passes a stage by a person's word, whatever its gate says. */
  passStage(campaign: LiveCampaign, index: number, evidence: string, { unit, actor }: { unit: UnitOfWork; actor: Actor }): void {
    // What the person has seen must not breach the gate again a moment later.
    const forgiven = campaign.updates.tallies[index]?.failed ?? {};
    this.setStage(campaign, index, { ...campaign.record.stages[index], state: 'passed', why: undefined, forgiven }, unit);
    const { namespace, name } = campaign.record;
    unit.audit(draft('stage-promoted', unit.now, { namespace, campaign: name, actor }, { stage: this.#name(campaign, index), evidence }));
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
        approval: this.approvalOf(campaign),
      },
      unit.now,
    );
    for (const command of commands) this.#execute(campaign, command, unit);
  }

  approvalOf({ record, document }: LiveCampaign): ApprovalVerdict {
    const { state } = this.#engine;
    const policy = state.approvalPolicyFor(document);
    // A policy that has vanished approves nothing.
    if (document.spec.approvals.start?.policyRef !== undefined && !policy) return { type: 'waiting', given: 0, needed: 1 };
    return assessApprovals(
      policy && approvalPolicyOf(policy),
      record.plan.digest,
      state.approvals.get(keyOf(record.namespace, record.name)) ?? [],
    );
  }

  #execute<C extends RolloutCommand>(campaign: LiveCampaign, command: C, unit: UnitOfWork): void {
    (this.#executors[command.type] as (campaign: LiveCampaign, command: C, unit: UnitOfWork) => void)(campaign, command, unit);
  }

  readonly #executors: Executors = {
    approve: (campaign, _command, unit) => void this.move(campaign, 'approved', unit),
    deny: (campaign, { why }, unit) => {
      if (this.move(campaign, 'denied', unit)) this.#audit(campaign, 'campaign-denied', unit, { why });
    },
    start: (campaign, _command, unit) => {
      if (this.move(campaign, 'due', unit)) this.#audit(campaign, 'campaign-started', unit, { planDigest: campaign.record.plan.digest });
    },
    'open-stage': (campaign, { index }, unit) => {
      this.setStage(campaign, index, { state: 'open', openedAt: unit.now }, unit);
      this.#audit(campaign, 'stage-opened', unit, {
        stage: this.#name(campaign, index),
        devices: campaign.record.plan.stages[index]?.endpoints.length ?? 0,
      });
    },
    soak: (campaign, { index, until, evidence }, unit) => {
      this.setStage(campaign, index, { ...campaign.record.stages[index], state: 'soaking', soaksUntil: until }, unit);
      this.#audit(campaign, 'gate-passed', unit, { stage: this.#name(campaign, index), evidence, soaksUntil: until });
    },
    'await-promotion': (campaign, { index, evidence }, unit) => {
      this.setStage(campaign, index, { ...campaign.record.stages[index], state: 'awaiting-promotion' }, unit);
      this.#audit(campaign, 'promotion-awaited', unit, { stage: this.#name(campaign, index), evidence });
    },
    'pass-stage': (campaign, { index, evidence }, unit) => {
      this.setStage(campaign, index, { ...campaign.record.stages[index], state: 'passed' }, unit);
      this.#audit(campaign, 'stage-promoted', unit, { stage: this.#name(campaign, index), evidence });
    },
    'hold-stage': (campaign, { index, why }, unit) => {
      if (campaign.record.stages[index]?.state === 'held') return;
      this.setStage(campaign, index, { ...campaign.record.stages[index], state: 'held', why }, unit);
      this.#audit(campaign, 'gate-held', unit, { stage: this.#name(campaign, index), why });
      this.#engine.log.warn({ campaign: campaign.record.name, stage: this.#name(campaign, index), why }, 'gate holds the campaign');
    },
    abort: (campaign, { why }, unit) => {
      if (this.move(campaign, 'abort', unit)) this.#audit(campaign, 'campaign-aborted', unit, { why });
    },
    // The devices are sent past it one by one, as they are looked at.
    'pass-deadline': (campaign) => {
      if (!this.#late.has(campaign)) campaign.reviewAllSoon();
      this.#late.add(campaign);
    },
    finish: (campaign, _command, unit) => this.#finish(campaign, unit),
  };

  /** What is still open is closed in small numbers: the next tick says `finish` again. */
  #finish(campaign: LiveCampaign, unit: UnitOfWork): void {
    const key = keyOf(campaign.record.namespace, campaign.record.name);
    let closed = 0;
    for (const update of campaign.updates.touched()) {
      if (isSettled(update)) continue;
      this.#stepper.apply({ key, campaign, update }, { type: 'campaign-ends' }, unit);
      if (++closed === CLOSED_AT_ONCE) return;
    }
    if (!this.move(campaign, 'all-settled', unit)) return;
    const { outcome } = campaign.updates;
    this.#audit(campaign, 'campaign-finished', unit, { phase: campaign.record.life.phase, outcome });
    this.#engine.log.info({ campaign: campaign.record.name, outcome }, 'campaign finished');
  }

  #name({ document }: LiveCampaign, index: number): string {
    return document.spec.stages[index]?.name ?? String(index);
  }

  #audit(campaign: LiveCampaign, type: Parameters<typeof draft>[0], unit: UnitOfWork, details: Parameters<typeof draft>[3]): void {
    unit.audit(draft(type, unit.now, { namespace: campaign.record.namespace, campaign: campaign.record.name }, details));
  }
}
