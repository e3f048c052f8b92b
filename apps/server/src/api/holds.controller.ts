import { Body, Controller, Get, HttpCode, Inject, Param, Post, Req } from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';
import { DroverError, instantOf, isoOf, Namespace } from '@drover/kernel';
import { HoldRequest, ReasonRequest } from '@drover/contracts';
import type { HoldRecord } from '@drover/persistence';
import { HoldDesk } from '../engine/hold-desk.ts';
import { Needs } from './permissions.ts';
import { actorOf, namespaceOf, type AuthorisedRequest } from './token.guard.ts';

@ApiTags('holds')
@ApiBearerAuth()
@Controller('holds')
export class HoldsController {
  readonly #desk: HoldDesk;

  constructor(@Inject(HoldDesk) desk: HoldDesk) {
    this.#desk = desk;
  }

  @Get()
  @Needs('read')
  list(@Req() request: AuthorisedRequest) {
    return this.#desk.list(Namespace(namespaceOf(request))).map(view);
  }

  @Post()
  @HttpCode(200)
  @Needs('operate')
  async place(@Body() { scope, target, reason, until }: HoldRequest, @Req() request: AuthorisedRequest) {
    if (scope !== 'fleet' && target === undefined) throw new DroverError('HOLD_INVALID', 'input', `a hold on a ${scope} names its target`);
    const ask = { scope, target: target ?? '', reason, until: until === undefined ? undefined : instantOf(until) };
    return view(await this.#desk.place(Namespace(namespaceOf(request)), ask, actorOf(request)));
  }

  @Post(':id/lift')
  @HttpCode(200)
  @Needs('operate')
  async lift(@Param('id') id: string, @Body() { reason }: ReasonRequest, @Req() request: AuthorisedRequest) {
    return view(await this.#desk.lift(Namespace(namespaceOf(request)), id, reason, actorOf(request)));
  }
}

function view({ at, until, liftedAt, ...hold }: HoldRecord) {
  return {
    ...hold,
    at: isoOf(at),
    until: until === undefined ? undefined : isoOf(until),
    liftedAt: liftedAt === undefined ? undefined : isoOf(liftedAt),
  };
}
