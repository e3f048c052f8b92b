import { attemptKey } from './attempt.ts';
import type { Engine } from './engine.ts';
import type { LiveCampaign } from './engine-state.ts';
import type { StageDesk } from './stage-desk.ts';
import { StagedControl } from './staged-control.ts';
import type { UnitOfWork } from './unit-of-work.ts';

/** What a person does to a campaign. A pause stops new offers and Execute; transfers under way finish. */
export class CampaignControl extends StagedControl {
  readonly #epoch: number;

  constructor(engine: Engine, desk: StageDesk) {
    super(engine, desk);
    this.#epoch = engine.epoch;
  }

  /** A hold also stops the serving of blocks, and an Execute that is allowed and not answered yet; lifting it lets both go on. */
  serving(campaign: LiveCampaign, isStopped: boolean, unit: UnitOfWork): void {
    for (const update of campaign.updates.inFlight())
      unit.send({
        type: isStopped ? 'suspend' : 'resume',
        attempt: attemptKey(update),
        endpoint: update.endpoint,
        epoch: this.#epoch,
      });
    campaign.reviewSoon();
  }
}
