import { Body, Controller, HttpCode, Inject, Param, Post, Req } from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';
import { RollbackRequest, type CampaignView } from '@drover/contracts';
import { Campaigns } from '../engine/campaigns.ts';
import { Engine } from '../engine/engine.ts';
import { RollbackDesk } from '../engine/rollback-desk.ts';
import { RolloutTicker } from '../engine/rollout-ticker.ts';
import { Needs } from './permissions.ts';
import { actorOf, namespaceOf, type AuthorisedRequest } from './token.guard.ts';
import { campaignView } from './views.ts';

/** Takes a campaign back. What is emitted is a campaign like any other, and is the answer. */
@ApiTags('campaigns')
@ApiBearerAuth()
@Controller('campaigns/:name/rollback')
export class RollbacksController {
  readonly #campaigns: Campaigns;
  readonly #engine: Engine;
  readonly #rollbacks: RollbackDesk;
  readonly #ticker: RolloutTicker;

  constructor(
    @Inject(Campaigns) campaigns: Campaigns,
    @Inject(Engine) engine: Engine,
    @Inject(RollbackDesk) rollbacks: RollbackDesk,
    @Inject(RolloutTicker) ticker: RolloutTicker,
  ) {
    this.#campaigns = campaigns;
    this.#engine = engine;
    this.#rollbacks = rollbacks;
    this.#ticker = ticker;
  }

  @Post()
  @HttpCode(200)
  @Needs('operate')
  async emit(
    @Param('name') name: string,
    @Body() { version, reason }: RollbackRequest,
    @Req() request: AuthorisedRequest,
  ): Promise<CampaignView> {
    const campaign = this.#campaigns.live(namespaceOf(request), name);
    const rollback = await this.#rollbacks.emit(campaign, { version, reason, actor: actorOf(request) });
    return campaignView(rollback, this.#engine.state, this.#ticker, this.#engine.clock.now());
  }
}
