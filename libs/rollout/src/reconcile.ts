import { isoOf, plus, type Instant } from '@drover/kernel';
import { isOver as isCampaignOver, type ApprovalVerdict, type CampaignLife, type FailureClass, type StageSpec } from '@drover/campaign';
import { assessGate, gateFor, isStageOver, type Tally } from './gate.ts';

/** A stage's own life. `passed` stages keep running: their remaining devices go on. */
export interface StageStatus {
  readonly state: 'closed' | 'open' | 'soaking' | 'awaiting-promotion' | 'held' | 'passed';
  readonly openedAt?: Instant;
  readonly soaksUntil?: Instant;
  readonly why?: string;
  /** Failures a person has resumed over; they no longer breach. */
  readonly forgiven?: Readonly<Partial<Record<FailureClass, number>>>;
}

/** What of a document decides about its stages: firmware and keys go by the same. */
export interface StagedSpec {
  readonly schedule: { readonly notBefore?: Instant | undefined; readonly deadline?: { readonly at: Instant } | undefined };
  readonly stages: readonly Pick<StageSpec, 'soak' | 'gate'>[];
}

/** All that deciding about a campaign needs. */
export interface RolloutView {
  readonly campaign: string;
  readonly life: CampaignLife;
  readonly spec: StagedSpec;
  readonly stages: readonly StageStatus[];
  readonly tallies: readonly Tally[];
  readonly approval: ApprovalVerdict;
}

export type RolloutCommand =
  | { readonly type: 'approve'; readonly campaign: string }
  | { readonly type: 'deny'; readonly campaign: string; readonly why: string }
  | { readonly type: 'start'; readonly campaign: string }
  | { readonly type: 'open-stage'; readonly campaign: string; readonly index: number }
  | { readonly type: 'soak'; readonly campaign: string; readonly index: number; readonly until: Instant; readonly evidence: string }
  | { readonly type: 'await-promotion'; readonly campaign: string; readonly index: number; readonly evidence: string }
  | { readonly type: 'pass-stage'; readonly campaign: string; readonly index: number; readonly evidence: string }
  | { readonly type: 'hold-stage'; readonly campaign: string; readonly index: number; readonly why: string }
  | { readonly type: 'abort'; readonly campaign: string; readonly why: string }
  | { readonly type: 'pass-deadline'; readonly campaign: string }
  | { readonly type: 'finish'; readonly campaign: string };

/**
 * Compares what is with what is wanted and says what to do next. Level-based: it keeps no memory
 * between calls, so a crashed, repeated or late tick gives the same answer as a punctual one.
 */
export function reconcile(view: RolloutView, now: Instant): RolloutCommand[] {
  const { campaign, life, spec } = view;
  if (isCampaignOver(life)) return [];
  const approval = onApproval(view);
  if (approval) return [approval];
  const everyoneOver = view.tallies.every(isStageOver);
  if (life.phase === 'aborting') return everyoneOver ? [{ type: 'finish', campaign }] : [];
  if (life.phase === 'scheduled' && (spec.schedule.notBefore ?? now) <= now) return [{ type: 'start', campaign }];
  const late: RolloutCommand[] = isPastDeadline(spec, now) && !everyoneOver ? [{ type: 'pass-deadline', campaign }] : [];
  if (life.phase !== 'running') return late;
  if (everyoneOver) return [{ type: 'finish', campaign }];
  return [...late, ...reconcileStages(view, now)];
}

function onApproval({ campaign, life, approval }: RolloutView): RolloutCommand | undefined {
  const waits = life.phase === 'awaiting-approval' || (life.phase === 'paused' && life.resumeTo === 'awaiting-approval');
  if (!waits) return undefined;
  if (approval.type === 'granted') return { type: 'approve', campaign };
  return approval.type === 'denied' ? { type: 'deny', campaign, why: `${approval.by}: ${approval.remark}` } : undefined;
}

export function isPastDeadline(spec: Pick<StagedSpec, 'schedule'>, now: Instant): boolean {
  return spec.schedule.deadline !== undefined && now >= spec.schedule.deadline.at;
}

function reconcileStages(view: RolloutView, now: Instant): RolloutCommand[] {
  const commands: RolloutCommand[] = [];
  const nextIndex = view.stages.findIndex(({ state }) => state !== 'passed');
  view.stages.forEach((stage, index) => {
    if (stage.state !== 'closed' && stage.state !== 'held') commands.push(...judge(view, index, now));
  });
  if (nextIndex >= 0 && view.stages[nextIndex]?.state === 'closed')
    commands.push({ type: 'open-stage', campaign: view.campaign, index: nextIndex });
  return commands;
}

function judge({ campaign, spec, stages, tallies }: RolloutView, index: number, now: Instant): RolloutCommand[] {
  const [stage, stageSpec, tally] = [stages[index], spec.stages[index], tallies[index]];
  if (!stage || !stageSpec || !tally) return [];
  const gate = gateFor(stageSpec.gate, tally.size);
  const verdict = assessGate(gate, tally, stage.forgiven);
  if (verdict.type === 'breached') {
    return verdict.action === 'Abort'
      ? [{ type: 'abort', campaign, why: verdict.why }]
      : [{ type: 'hold-stage', campaign, index, why: verdict.why }];
  }
  if (stage.state === 'open' && verdict.type === 'inconclusive') return [{ type: 'hold-stage', campaign, index, why: verdict.why }];
  if (stage.state === 'open' && verdict.type === 'passed') {
    return [{ type: 'soak', campaign, index, until: plus(now, stageSpec.soak), evidence: verdict.evidence }];
  }
  if (stage.state === 'soaking' && (stage.soaksUntil ?? now) <= now) {
    const evidence = verdict.type === 'passed' ? verdict.evidence : `soaked until ${isoOf(stage.soaksUntil ?? now)}`;
    return [{ type: gate.promote === 'Manual' ? 'await-promotion' : 'pass-stage', campaign, index, evidence }];
  }
  return [];
}
