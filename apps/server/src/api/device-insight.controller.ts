import { Body, Controller, Get, HttpCode, Inject, Param, Post, Req } from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';
import { DroverError, isoOf } from '@drover/kernel';
import { TraceRequest, type DeviceClassView, type TraceView } from '@drover/contracts';
import type { Learned } from '../link/looks.ts';
import { classSeen } from '../engine/class-view.ts';
import { DeviceDesk } from '../engine/device-desk.ts';
import { Engine } from '../engine/engine.ts';
import { GatewayLooks } from '../engine/gateway-looks.ts';
import { TraceDesk } from '../engine/trace-desk.ts';
import { Needs } from './permissions.ts';
import { actorOf, type AuthorisedRequest } from './token.guard.ts';

/** How a device is treated, and what goes to and fro on its wire. */
@ApiTags('devices')
@ApiBearerAuth()
@Controller('devices/:endpoint')
export class DeviceInsightController {
  readonly #devices: DeviceDesk;
  readonly #engine: Engine;
  readonly #looks: GatewayLooks;
  readonly #traces: TraceDesk;

  constructor(
    @Inject(DeviceDesk) devices: DeviceDesk,
    @Inject(Engine) engine: Engine,
    @Inject(GatewayLooks) looks: GatewayLooks,
    @Inject(TraceDesk) traces: TraceDesk,
  ) {
    this.#devices = devices;
    this.#engine = engine;
    this.#looks = looks;
    this.#traces = traces;
  }

  @Get('class')
  @Needs('read')
  async class(@Param('endpoint') endpoint: string): Promise<DeviceClassView> {
    const device = this.#devices.find(endpoint);
    return classSeen(device, this.#engine.state.classes, await this.#learned(device));
  }

  /** Datagrams show more of a device than its facts: whoever may change it may see them. */
  @Get('trace')
  @Needs('operate')
  async trace(@Param('endpoint') endpoint: string): Promise<TraceView> {
    const { until, dropped, entries } = await this.#traces.seen(this.#devices.find(endpoint));
    return {
      until: isoOf(until),
      isRunning: until > this.#engine.clock.now(),
      dropped,
      entries: entries.map(({ at, peer, ...entry }) => ({ at: isoOf(at), address: peer, ...entry })),
    };
  }

  @Post('trace')
  @HttpCode(200)
  @Needs('operate')
  async start(
    @Param('endpoint') endpoint: string,
    @Body() { seconds }: TraceRequest,
    @Req() request: AuthorisedRequest,
  ): Promise<{ until: string }> {
    const until = await this.#traces.start(this.#devices.find(endpoint), { forMs: seconds * 1000, actor: actorOf(request) });
    return { until: isoOf(until) };
  }

  @Post('trace/stop')
  @HttpCode(200)
  @Needs('operate')
  async stop(@Param('endpoint') endpoint: string, @Req() request: AuthorisedRequest): Promise<{ stopped: string }> {
    await this.#traces.stop(this.#devices.find(endpoint), actorOf(request));
    return { stopped: endpoint };
  }

  /** What is configured is known without the gateway, and shown without it too. */
  async #learned({ endpoint }: Parameters<TraceDesk['seen']>[0]): Promise<Learned | undefined> {
    try {
      return await this.#looks.learned(endpoint);
    } catch (error) {
      if (error instanceof DroverError && error.kind === 'transport') return undefined;
      throw error;
    }
  }
}
