import { Controller, Get, Inject, Query, Req } from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';
import { SuspectsQuery, type SuspectsPage } from '@drover/contracts';
import { Campaigns } from '../engine/campaigns.ts';
import { Engine } from '../engine/engine.ts';
import { suspectsOf } from '../engine/suspects.ts';
import { Needs } from './permissions.ts';
import { suspectView } from './suspect-view.ts';
import { namespaceOf, type AuthorisedRequest } from './token.guard.ts';

/** Devices that somebody may have to go to. */
@ApiTags('devices')
@ApiBearerAuth()
@Controller('devices/suspects')
export class SuspectsController {
  readonly #campaigns: Campaigns;
  readonly #engine: Engine;

  constructor(@Inject(Campaigns) campaigns: Campaigns, @Inject(Engine) engine: Engine) {
    this.#campaigns = campaigns;
    this.#engine = engine;
  }

  @Get()
  @Needs('read')
  list(@Query() { campaign, limit, offset }: SuspectsQuery, @Req() request: AuthorisedRequest): SuspectsPage {
    const namespace = namespaceOf(request);
    // A slip in its name must not look like a campaign without suspects.
    if (campaign !== undefined) this.#campaigns.live(namespace, campaign);
    const all = suspectsOf(this.#engine.state, namespace, campaign);
    return { total: all.length, suspects: all.slice(offset, offset + limit).map(suspectView) };
  }
}
