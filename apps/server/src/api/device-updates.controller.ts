import { Body, Controller, HttpCode, Inject, Param, Post, Req } from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';
import { must } from '@drover/kernel';
import { DeviceUpdateRequest, ReasonRequest, type WhyView } from '@drover/contracts';
import { Campaigns } from '../engine/campaigns.ts';
import { DeviceDesk } from '../engine/device-desk.ts';
import { Explainer } from '../engine/explain.ts';
import { UpdateDesk } from '../engine/update-desk.ts';
import { Needs } from './permissions.ts';
import { actorOf, namespaceOf, type AuthorisedRequest } from './token.guard.ts';
import { whyView } from './views.ts';

/** What a person decides about one device of a campaign. */
@ApiTags('devices')
@ApiBearerAuth()
@Controller('devices')
export class DeviceUpdatesController {
  readonly #campaigns: Campaigns;
  readonly #devices: DeviceDesk;
  readonly #explainer: Explainer;
  readonly #updates: UpdateDesk;

  constructor(
    @Inject(Campaigns) campaigns: Campaigns,
    @Inject(DeviceDesk) devices: DeviceDesk,
    @Inject(Explainer) explainer: Explainer,
    @Inject(UpdateDesk) updates: UpdateDesk,
  ) {
    this.#campaigns = campaigns;
    this.#devices = devices;
    this.#explainer = explainer;
    this.#updates = updates;
  }

  @Post(':endpoint/retry')
  @HttpCode(200)
  @Needs('operate')
  retry(@Param('endpoint') endpoint: string, @Body() body: DeviceUpdateRequest, @Req() request: AuthorisedRequest): Promise<WhyView> {
    return this.#decide('retry', endpoint, body, request);
  }

  @Post(':endpoint/skip')
  @HttpCode(200)
  @Needs('operate')
  skip(@Param('endpoint') endpoint: string, @Body() body: DeviceUpdateRequest, @Req() request: AuthorisedRequest): Promise<WhyView> {
    return this.#decide('skip', endpoint, body, request);
  }

  @Post(':endpoint/release')
  @HttpCode(200)
  @Needs('operate')
  async release(
    @Param('endpoint') endpoint: string,
    @Body() { reason }: ReasonRequest,
    @Req() request: AuthorisedRequest,
  ): Promise<{ released: string }> {
    await this.#updates.release(this.#devices.find(endpoint), { reason, actor: actorOf(request) });
    return { released: endpoint };
  }

  async #decide(
    verb: 'retry' | 'skip',
    endpoint: string,
    { campaign, reason }: DeviceUpdateRequest,
    request: AuthorisedRequest,
  ): Promise<WhyView> {
    const live = this.#campaigns.live(namespaceOf(request), campaign);
    await this.#updates[verb](live, this.#devices.find(endpoint), { reason, actor: actorOf(request) });
    const reasons = this.#explainer.why(this.#devices.find(endpoint));
    return whyView(
      must(
        reasons.find((each) => each.campaign === campaign),
        'the update that was decided about',
      ),
    );
  }
}
