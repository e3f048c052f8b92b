import { CampaignError, isOver, type CampaignFact } from '@drover/campaign';
import { assessGate, EMPTY_TALLY, gateFor } from '@drover/rollout';
import type { Actor } from './audit-drafts.ts';
import type { Engine } from './engine.ts';
import type { StageDesk } from './stage-desk.ts';
import type { Staged } from './staged.ts';

type Verb = 'campaign-paused' | 'campaign-resumed' | 'campaign-aborted';
interface Wish {
  readonly type: Verb;
  readonly reason: string;
  readonly actor: Actor;
}

const VERBS = ['pause', 'resume', 'promote', 'abort'] as const;

/** Rejects with `TRANSITION_REFUSED` for any other word. */
export function stagedVerb(word: string, what: 'campaign' | 'rotation'): (typeof VERBS)[number] {
  const known = VERBS.find((each) => each === word);
  if (known) return known;
  throw new CampaignError('TRANSITION_REFUSED', `a ${what} knows ${VERBS.join(', ')}; not "${word.slice(0, 40)}"`);
}

/** What a person does to whatever goes by stages. Each is one audit event, and refused where it makes no sense. */
export class StagedControl {
  readonly #engine: Engine;
  readonly #desk: StageDesk;

  constructor(engine: Engine, desk: StageDesk) {
    this.#engine = engine;
    this.#desk = desk;
  }

  /** Nothing new begins; what is under way finishes. */
  pause(staged: Staged, reason: string, actor: Actor): Promise<void> {
    return this.#move(staged, 'pause', { type: 'campaign-paused', reason, actor });
  }

  /** Ends a pause, or continues a stage that its gate held; the failures seen until now no longer count against it. */
  async resume(staged: Staged, reason: string, actor: Actor): Promise<void> {
    const held = staged.record.stages.findIndex(({ state }) => state === 'held');
    if (staged.record.life.phase === 'paused' || held < 0) return this.#move(staged, 'resume', { type: 'campaign-resumed', reason, actor });
    const { failed: forgiven, ...counted } = staged.tallies[held] ?? EMPTY_TALLY;
    const verdict = assessGate(gateFor(staged.spec.stages[held]?.gate, counted.size), { ...counted, failed: forgiven }, forgiven);
    if (verdict.type === 'inconclusive')
      throw new CampaignError(
        'TRANSITION_REFUSED',
        `nothing of the held stage is left to go on with: ${verdict.why}; promote passes it, abort ends the campaign`,
      );
    await this.#engine.change((unit) => {
      const { openedAt = unit.now } = staged.record.stages[held] ?? {};
      this.#desk.setStage(staged, held, { state: 'open', openedAt, forgiven }, unit);
      this.#desk.audit(staged, 'campaign-resumed', { reason }, { unit, actor });
    });
  }

  /** Passes the first stage that has not passed, whatever its gate says, and lets the next one open. */
  async promote(staged: Staged, reason: string, actor: Actor): Promise<void> {
    const index = staged.record.stages.findIndex(({ state }) => state !== 'passed' && state !== 'closed');
    if (staged.record.life.phase !== 'running' || index < 0) throw refused(staged, 'promote');
    await this.#engine.change((unit) => this.#desk.passStage(staged, index, reason, { unit, actor }));
  }

  abort(staged: Staged, reason: string, actor: Actor): Promise<void> {
    return this.#move(staged, 'abort', { type: 'campaign-aborted', reason, actor });
  }

  async #move(staged: Staged, fact: CampaignFact, { type, reason, actor }: Wish): Promise<void> {
    await this.#engine.change((unit) => {
      if (isOver(staged.record.life) || !this.#desk.move(staged, fact, unit)) throw refused(staged, fact);
      this.#desk.audit(staged, type, { reason }, { unit, actor });
    });
  }
}

function refused({ title, record: { life } }: Staged, verb: string): CampaignError {
  return new CampaignError('TRANSITION_REFUSED', `${title} is ${life.phase}: ${verb} changes nothing`);
}
