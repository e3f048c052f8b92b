import { Body, Controller, Get, HttpCode, Inject, Param, Post, Req } from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';
import { ApprovalRequest, DocumentsRequest, ReasonRequest, type CampaignView, type PlanView } from '@drover/contracts';
import { CampaignControl } from '../engine/campaign-control.ts';
import { Campaigns } from '../engine/campaigns.ts';
import { Engine } from '../engine/engine.ts';
import { stagedVerb } from '../engine/staged-control.ts';
import { RolloutTicker } from '../engine/rollout-ticker.ts';
import { decisionIn } from './approval-decision.ts';
import { Needs, roleMay } from './permissions.ts';
import { readAll } from './read-documents.ts';
import { actorOf, namespaceOf, type AuthorisedRequest } from './token.guard.ts';
import { campaignView, planView } from './views.ts';

@ApiTags('campaigns')
@ApiBearerAuth()
@Controller()
export class CampaignsController {
  readonly #campaigns: Campaigns;
  readonly #control: CampaignControl;
  readonly #engine: Engine;
  readonly #ticker: RolloutTicker;

  constructor(
    @Inject(Campaigns) campaigns: Campaigns,
    @Inject(CampaignControl) control: CampaignControl,
    @Inject(Engine) engine: Engine,
    @Inject(RolloutTicker) ticker: RolloutTicker,
  ) {
    this.#campaigns = campaigns;
    this.#control = control;
    this.#engine = engine;
    this.#ticker = ticker;
  }

  @Post('plan')
  @HttpCode(200)
  @Needs('read')
  async plan(@Body() { documents }: DocumentsRequest): Promise<PlanView[]> {
    return (await this.#campaigns.plan(readAll(documents))).map(planView);
  }

  @Post('apply')
  @HttpCode(200)
  @Needs('operate')
  async apply(@Body() { documents, expected }: DocumentsRequest, @Req() request: AuthorisedRequest): Promise<PlanView[]> {
    const read = readAll(documents);
    const { bearer } = request;
    if (!bearer || !roleMay(bearer.role, 'administer')) this.#campaigns.requireNoPolicyChange(read);
    return (await this.#campaigns.apply(read, actorOf(request), expected)).map(planView);
  }

  @Get('campaigns')
  @Needs('read')
  list(@Req() request: AuthorisedRequest): CampaignView[] {
    const namespace = namespaceOf(request);
    return [...this.#engine.state.campaigns.values()]
      .filter(({ record }) => record.namespace === namespace)
      .map((campaign) => this.#view(campaign));
  }

  @Get('campaigns/:name')
  @Needs('read')
  one(@Param('name') name: string, @Req() request: AuthorisedRequest): CampaignView {
    return this.#view(this.#campaigns.live(namespaceOf(request), name));
  }

  @Post('campaigns/:name/approvals')
  @HttpCode(200)
  @Needs('approve')
  async approve(@Param('name') name: string, @Body() body: ApprovalRequest, @Req() request: AuthorisedRequest): Promise<CampaignView> {
    const campaign = this.#campaigns.live(namespaceOf(request), name);
    await this.#ticker.approvals.decide(campaign, decisionIn(body), actorOf(request));
    await this.#ticker.tick();
    return this.#view(campaign);
  }

  @Post('campaigns/:name/:verb')
  @HttpCode(200)
  @Needs('operate')
  async act(
    @Param('name') name: string,
    @Param('verb') verb: string,
    @Body() { reason }: ReasonRequest,
    @Req() request: AuthorisedRequest,
  ): Promise<CampaignView> {
    const campaign = this.#campaigns.live(namespaceOf(request), name);
    await this.#control[stagedVerb(verb, 'campaign')](campaign, reason, actorOf(request));
    return this.#view(campaign);
  }

  #view(campaign: Parameters<typeof campaignView>[0]): CampaignView {
    return campaignView(campaign, this.#engine.state, this.#ticker, this.#engine.clock.now());
  }
}
