import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query, Req } from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';
import { ForecastQuery, ForecastRequest, PlanForecastRequest, type ForecastView } from '@drover/contracts';
import { Campaigns } from '../engine/campaigns.ts';
import { Engine } from '../engine/engine.ts';
import { holdOver } from '../engine/holds.ts';
import { ForecastDesk } from '../outlook/forecast-desk.ts';
import type { ForecastTicket } from '../outlook/forecast-ticket.ts';
import { assumptionsOf, requireFuture, requireSmaller } from '../outlook/forecast-question.ts';
import { plannedSource, soleCampaign } from '../outlook/planned-source.ts';
import type { OutlookSource } from '../outlook/snapshot-maker.ts';
import { forecastView } from '../outlook/views.ts';
import { Needs } from './permissions.ts';
import { readAll } from './read-documents.ts';
import { namespaceOf, type AuthorisedRequest } from './token.guard.ts';

/** What is to be expected of campaigns, computed beside the engine. Nothing here changes anything. */
@ApiTags('forecasts')
@ApiBearerAuth()
@Controller()
export class ForecastsController {
  readonly #campaigns: Campaigns;
  readonly #desk: ForecastDesk;
  readonly #engine: Engine;

  constructor(@Inject(Campaigns) campaigns: Campaigns, @Inject(ForecastDesk) desk: ForecastDesk, @Inject(Engine) engine: Engine) {
    this.#campaigns = campaigns;
    this.#desk = desk;
    this.#engine = engine;
  }

  /** Begins one, or joins the same one under way. Whoever wants its end asks for it at least every thirty seconds. */
  @Post('campaigns/:name/forecast')
  @HttpCode(200)
  @Needs('read')
  start(@Param('name') name: string, @Body() body: ForecastRequest, @Req() request: AuthorisedRequest): ForecastView {
    return this.#ofLive(namespaceOf(request), name, { ...body });
  }

  /** The newest of a campaign. */
  @Get('campaigns/:name/forecast')
  @Needs('read')
  async latest(@Param('name') name: string, @Query() query: ForecastQuery, @Req() request: AuthorisedRequest): Promise<ForecastView> {
    const namespace = namespaceOf(request);
    const { record } = this.#campaigns.live(namespace, name);
    return this.#newer(this.#desk.latest(namespace, record.name), query, request);
  }

  /** Of a campaign that has not been applied; of one that has been, and is the same, as it stands. */
  @Post('plan/forecast')
  @HttpCode(200)
  @Needs('read')
  async plan(@Body() { documents, ...options }: PlanForecastRequest): Promise<ForecastView> {
    const planned = soleCampaign(await this.#campaigns.plan(readAll(documents)));
    if (planned.change === 'none') return this.#ofLive(planned.namespace, planned.name, options);
    const source = plannedSource(planned, this.#engine.clock.now());
    return this.#ask({ source, isPlan: true }, options, planned.namespace);
  }

  @Get('forecasts/:id')
  @Needs('read')
  async one(@Param('id') id: string, @Query() query: ForecastQuery, @Req() request: AuthorisedRequest): Promise<ForecastView> {
    return this.#newer(this.#desk.find(id), query, request);
  }

  @Post('forecasts/:id/cancel')
  @HttpCode(200)
  @Needs('read')
  cancel(@Param('id') id: string): ForecastView {
    const ticket = this.#desk.find(id);
    this.#desk.cancel(ticket);
    return forecastView(ticket);
  }

  #ofLive(namespace: string, name: string, options: ForecastRequest): ForecastView {
    const campaign = this.#campaigns.live(namespace, name);
    requireFuture(campaign);
    return this.#ask({ source: campaign, isPlan: false }, options, namespace);
  }

  #ask({ source, isPlan }: { source: OutlookSource; isPlan: boolean }, options: ForecastRequest, namespace: string): ForecastView {
    const { record } = source;
    requireSmaller(options.deltaBytes, record.plan.firmware.size);
    const assumes = assumptionsOf(source, holdOver(this.#engine.state, record));
    return forecastView(this.#desk.ask({ namespace, campaign: record.name, isPlan, source, options, assumes }));
  }

  async #newer(
    ticket: ForecastTicket,
    { after, waitSeconds }: ForecastQuery,
    { raw: { socket } }: AuthorisedRequest,
  ): Promise<ForecastView> {
    const gone = new AbortController();
    const leave = (): void => gone.abort();
    socket.once('close', leave);
    try {
      await this.#desk.news(ticket, { after, ms: waitSeconds * 1000 }, gone.signal);
    } finally {
      socket.off('close', leave);
    }
    return forecastView(ticket);
  }
}
