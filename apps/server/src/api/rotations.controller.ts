import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query, Req } from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';
import type { Endpoint } from '@drover/kernel';
import { ApprovalRequest, ReasonRequest, RotationDevicesQuery, type RotationDeviceView, type RotationView } from '@drover/contracts';
import { Engine } from '../engine/engine.ts';
import { stagedVerb, StagedControl } from '../engine/staged-control.ts';
import type { LiveRotation } from '../rotation/live-rotation.ts';
import { RotationDesk } from '../rotation/rotation-desk.ts';
import { RotationTicker } from '../rotation/rotation-ticker.ts';
import { decisionIn } from './approval-decision.ts';
import { Needs } from './permissions.ts';
import { rotationDeviceView, rotationsOf, rotationView } from './rotation-view.ts';
import { actorOf, namespaceOf, type AuthorisedRequest } from './token.guard.ts';

/** Rotations are applied like all documents; here they are watched, paused and ended. */
@ApiTags('bootstrap')
@ApiBearerAuth()
@Controller()
export class RotationsController {
  readonly #engine: Engine;
  readonly #desk: RotationDesk;
  readonly #control: StagedControl;
  readonly #ticker: RotationTicker;

  constructor(
    @Inject(Engine) engine: Engine,
    @Inject(RotationDesk) desk: RotationDesk,
    @Inject(StagedControl) control: StagedControl,
    @Inject(RotationTicker) ticker: RotationTicker,
  ) {
    this.#engine = engine;
    this.#desk = desk;
    this.#control = control;
    this.#ticker = ticker;
  }

  @Get('rotations')
  @Needs('read')
  list(@Req() request: AuthorisedRequest): RotationView[] {
    const namespace = namespaceOf(request);
    return [...this.#engine.state.rotations.all()].filter(({ record }) => record.namespace === namespace).map((each) => this.#view(each));
  }

  @Get('rotations/:name')
  @Needs('read')
  one(@Param('name') name: string, @Req() request: AuthorisedRequest): RotationView {
    return this.#view(this.#desk.live(namespaceOf(request), name));
  }

  @Get('rotations/:name/devices')
  @Needs('read')
  devices(
    @Param('name') name: string,
    @Query() { state, limit, offset }: RotationDevicesQuery,
    @Req() request: AuthorisedRequest,
  ): RotationDeviceView[] {
    const rotation = this.#desk.live(namespaceOf(request), name);
    const found: RotationDeviceView[] = [];
    let passed = 0;
    for (const own of rotation.book.all()) {
      if ((state ?? own.state) !== own.state || passed++ < offset) continue;
      if (found.push(rotationDeviceView(rotation, own, this.#engine.state, this.#engine.clock.now())) === limit) break;
    }
    return found;
  }

  /** Every rotation that has it, the newest first. */
  @Get('devices/:endpoint/rotations')
  @Needs('read')
  why(@Param('endpoint') endpoint: string, @Req() request: AuthorisedRequest): RotationDeviceView[] {
    const { state, clock } = this.#engine;
    return rotationsOf(endpoint as Endpoint, namespaceOf(request), state).flatMap((rotation) => {
      const own = rotation.book.get(endpoint as Endpoint);
      return own ? [rotationDeviceView(rotation, own, state, clock.now())] : [];
    });
  }

  @Post('rotations/:name/approvals')
  @HttpCode(200)
  @Needs('approve')
  async approve(@Param('name') name: string, @Body() body: ApprovalRequest, @Req() request: AuthorisedRequest): Promise<RotationView> {
    const rotation = this.#desk.live(namespaceOf(request), name);
    await this.#ticker.approvals.decide(rotation, decisionIn(body), actorOf(request));
    await this.#ticker.tick();
    return this.#view(rotation);
  }

  @Post('rotations/:name/:verb')
  @HttpCode(200)
  @Needs('operate')
  async act(
    @Param('name') name: string,
    @Param('verb') verb: string,
    @Body() { reason }: ReasonRequest,
    @Req() request: AuthorisedRequest,
  ): Promise<RotationView> {
    const rotation = this.#desk.live(namespaceOf(request), name);
    await this.#control[stagedVerb(verb, 'rotation')](rotation, reason, actorOf(request));
    return this.#view(rotation);
  }

  #view(rotation: LiveRotation): RotationView {
    const approval = this.#ticker.approvals.verdictOf(rotation);
    return rotationView(rotation, { approval, state: this.#engine.state, now: this.#engine.clock.now() });
  }
}
