import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query, Req } from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';
import { isoOf, Namespace } from '@drover/kernel';
import { EVERYTHING, parseWhere } from '@drover/fleet';
import { ImportRequest, PageQuery, type DeviceView, type TimelineEntry, type WhyView } from '@drover/contracts';
import { Reader } from '@drover/persistence';
import { DeviceDesk } from '../engine/device-desk.ts';
import { Engine } from '../engine/engine.ts';
import { Explainer } from '../engine/explain.ts';
import { Needs } from './permissions.ts';
import { actorOf, namespaceOf, type AuthorisedRequest } from './token.guard.ts';
import { deviceView, whyView } from './views.ts';

@ApiTags('devices')
@ApiBearerAuth()
@Controller('devices')
export class DevicesController {
  readonly #desk: DeviceDesk;
  readonly #explainer: Explainer;
  readonly #reader: Reader;
  readonly #engine: Engine;

  constructor(
    @Inject(DeviceDesk) desk: DeviceDesk,
    @Inject(Explainer) explainer: Explainer,
    @Inject(Reader) reader: Reader,
    @Inject(Engine) engine: Engine,
  ) {
    this.#desk = desk;
    this.#explainer = explainer;
    this.#reader = reader;
    this.#engine = engine;
  }

  @Get()
  @Needs('read')
  async list(@Query() page: PageQuery, @Req() request: AuthorisedRequest): Promise<DeviceView[]> {
    const predicate = page.where === undefined ? EVERYTHING : parseWhere(page.where);
    const devices = await this.#reader.devices(Namespace(namespaceOf(request)), predicate, page);
    const { state, clock } = this.#engine;
    return devices.map((device) => deviceView(device, state, clock.now()));
  }

  @Get(':endpoint')
  @Needs('read')
  one(@Param('endpoint') endpoint: string): DeviceView {
    const { state, clock } = this.#engine;
    return deviceView(this.#desk.find(endpoint), state, clock.now());
  }

  @Get(':endpoint/why')
  @Needs('read')
  why(@Param('endpoint') endpoint: string): WhyView[] {
    return this.#explainer.why(this.#desk.find(endpoint)).map(whyView);
  }

  @Get(':endpoint/timeline')
  @Needs('read')
  async timeline(@Param('endpoint') endpoint: string, @Query() { limit }: PageQuery): Promise<TimelineEntry[]> {
    const device = this.#desk.find(endpoint);
    const entries = await this.#reader.timeline(device.namespace, device.endpoint, limit);
    return entries.map(({ at, kind, detail }) => ({ at: isoOf(at), kind, detail }));
  }

  @Post('import')
  @HttpCode(200)
  @Needs('operate')
  import(@Body() { devices }: ImportRequest, @Req() request: AuthorisedRequest): Promise<{ created: number; changed: number }> {
    return this.#desk.import(Namespace(namespaceOf(request)), devices, actorOf(request));
  }
}
