import { Body, Controller, Get, HttpCode, Inject, Param, Post, Req } from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';
import { CampaignError, costModelNamed, type CostModelKind } from '@drover/campaign';
import { ReasonRequest, type CalibrationView, type ModelView } from '@drover/contracts';
import { ModelDesk } from '../engine/model-desk.ts';
import { Needs } from './permissions.ts';
import { actorOf, type AuthorisedRequest } from './token.guard.ts';

/** What costs are counted by: figures are applied like all documents; here they are shown and taken away. */
@ApiTags('cost models')
@ApiBearerAuth()
@Controller('models')
export class ModelsController {
  readonly #desk: ModelDesk;

  constructor(@Inject(ModelDesk) desk: ModelDesk) {
    this.#desk = desk;
  }

  /** Before the names of models, of which it is none. */
  @Get('calibration')
  @Needs('read')
  calibration(): CalibrationView {
    return this.#desk.calibration();
  }

  @Get(':model')
  @Needs('read')
  show(@Param('model') model: string): ModelView {
    return { model, ...this.#desk.show(kindOf(model)) };
  }

  @Post(':model/remove')
  @HttpCode(200)
  @Needs('administer')
  async remove(
    @Param('model') model: string,
    @Body() { reason }: ReasonRequest,
    @Req() request: AuthorisedRequest,
  ): Promise<{ removed: string }> {
    return { removed: await this.#desk.remove(kindOf(model), { reason, actor: actorOf(request) }) };
  }
}

function kindOf(model: string): CostModelKind {
  const kind = costModelNamed(model);
  if (kind === undefined)
    throw new CampaignError('MODEL_NOT_FOUND', `there are the models radio and energy, not ${JSON.stringify(model.slice(0, 40))}`);
  return kind;
}
