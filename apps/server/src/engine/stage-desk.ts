import type { Json } from '@drover/kernel';
import { isOver, nextLife, type CampaignFact } from '@drover/campaign';
import type { RolloutCommand, StageStatus } from '@drover/rollout';
import type { AuditDraft } from '@drover/audit';
import { draft, type Actor } from './audit-drafts.ts';
import type { Engine } from './engine.ts';
import type { Staged } from './staged.ts';
import type { UnitOfWork } from './unit-of-work.ts';

type StageCommand = Exclude<RolloutCommand, { type: 'pass-deadline' | 'finish' }>;

/** One executor per command. A new one breaks the build until it is handled here. */
type Executors = { readonly [C in StageCommand as C['type']]: (staged: Staged, command: C, unit: UnitOfWork) => void };

/** Carries out what is decided about lives and stages: one change, one event in the log. */
export class StageDesk {
  readonly #engine: Engine;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** What a person decides moves a life the same way as the engine's own facts. `false`: it changes nothing there. */
  move(staged: Staged, fact: CampaignFact, unit: UnitOfWork): boolean {
    const { life: before, startedAt } = staged.record;
    const life = nextLife(before, fact);
    if (!life) return false;
    const endedAt = isOver(life) ? unit.now : undefined;
    staged.change({ life, startedAt: life.phase === 'running' ? (startedAt ?? unit.now) : startedAt, endedAt }, unit);
    if (life.phase === 'aborting') staged.reviewAllSoon();
    else staged.reviewSoon();
    return true;
  }

  setStage(staged: Staged, index: number, status: StageStatus, unit: UnitOfWork): void {
    staged.change({ stages: staged.record.stages.map((stage, position) => (position === index ? status : stage)) }, unit);
    staged.reviewSoon();
  }

  /** Passes a stage by a person's word, whatever its gate says. */
  passStage(staged: Staged, index: number, evidence: string, { unit, actor }: { unit: UnitOfWork; actor: Actor }): void {
    // What the person has seen must not breach the gate again a moment later.
    const forgiven = staged.tallies[index]?.failed ?? {};
    this.setStage(staged, index, { ...staged.record.stages[index], state: 'passed', why: undefined, forgiven }, unit);
    this.audit(staged, 'stage-promoted', { stage: nameOf(staged, index), evidence }, { unit, actor });
  }

  execute<C extends StageCommand>(staged: Staged, command: C, unit: UnitOfWork): void {
    (this.#executors[command.type] as (staged: Staged, command: C, unit: UnitOfWork) => void)(staged, command, unit);
  }

  audit(staged: Staged, type: AuditDraft['type'], details: Json, { unit, actor }: { unit: UnitOfWork; actor?: Actor }): void {
    const common = { namespace: staged.record.namespace, campaign: staged.subject, ...(actor && { actor }) };
    unit.audit(draft(type, unit.now, common, details));
  }

  readonly #executors: Executors = {
    approve: (staged, _command, unit) => void this.move(staged, 'approved', unit),
    deny: (staged, { why }, unit) => {
      if (this.move(staged, 'denied', unit)) this.audit(staged, 'campaign-denied', { why }, { unit });
    },
    start: (staged, _command, unit) => {
      if (this.move(staged, 'due', unit)) this.audit(staged, 'campaign-started', { planDigest: staged.record.plan.digest }, { unit });
    },
    'open-stage': (staged, { index }, unit) => {
      this.setStage(staged, index, { state: 'open', openedAt: unit.now }, unit);
      const devices = staged.record.plan.stages[index]?.endpoints.length ?? 0;
      this.audit(staged, 'stage-opened', { stage: nameOf(staged, index), devices }, { unit });
    },
    soak: (staged, { index, until, evidence }, unit) => {
      this.setStage(staged, index, { ...staged.record.stages[index], state: 'soaking', soaksUntil: until }, unit);
      this.audit(staged, 'gate-passed', { stage: nameOf(staged, index), evidence, soaksUntil: until }, { unit });
    },
    'await-promotion': (staged, { index, evidence }, unit) => {
      this.setStage(staged, index, { ...staged.record.stages[index], state: 'awaiting-promotion' }, unit);
      this.audit(staged, 'promotion-awaited', { stage: nameOf(staged, index), evidence }, { unit });
    },
    'pass-stage': (staged, { index, evidence }, unit) => {
      this.setStage(staged, index, { ...staged.record.stages[index], state: 'passed' }, unit);
      this.audit(staged, 'stage-promoted', { stage: nameOf(staged, index), evidence }, { unit });
    },
    'hold-stage': (staged, { index, why }, unit) => {
      if (staged.record.stages[index]?.state === 'held') return;
      this.setStage(staged, index, { ...staged.record.stages[index], state: 'held', why }, unit);
      this.audit(staged, 'gate-held', { stage: nameOf(staged, index), why }, { unit });
      this.#engine.log.warn({ campaign: staged.subject, stage: nameOf(staged, index), why }, 'gate holds the campaign');
    },
    abort: (staged, { why }, unit) => {
      if (this.move(staged, 'abort', unit)) this.audit(staged, 'campaign-aborted', { why }, { unit });
    },
  };
}

const nameOf = ({ record }: Staged, index: number): string => record.plan.stages[index]?.name ?? String(index);
