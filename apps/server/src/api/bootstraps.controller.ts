import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query, Req } from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';
import { DroverError, Namespace, type Endpoint } from '@drover/kernel';
import { BootstrapsQuery, ReasonRequest, TriggerBootstrapRequest, type BootstrapTemplateView, type BootstrapView } from '@drover/contracts';
import { BootstrapWishes } from '../bootstrap/bootstrap-wishes.ts';
import { TemplateDesk } from '../bootstrap/template-desk.ts';
import { Engine } from '../engine/engine.ts';
import { bootstrapView } from './bootstrap-view.ts';
import { Needs } from './permissions.ts';
import { actorOf, namespaceOf, type AuthorisedRequest } from './token.guard.ts';

/** Templates are applied like all documents; here it is seen who was given what, and who is to come. */
@ApiTags('bootstrap')
@ApiBearerAuth()
@Controller()
export class BootstrapsController {
  readonly #engine: Engine;
  readonly #wishes: BootstrapWishes;
  readonly #templates: TemplateDesk;

  constructor(
    @Inject(Engine) engine: Engine,
    @Inject(BootstrapWishes) wishes: BootstrapWishes,
    @Inject(TemplateDesk) templates: TemplateDesk,
  ) {
    this.#engine = engine;
    this.#wishes = wishes;
    this.#templates = templates;
  }

  @Get('bootstraps')
  @Needs('read')
  list(@Query() { state, wanted, limit, offset }: BootstrapsQuery, @Req() request: AuthorisedRequest): BootstrapView[] {
    const namespace = namespaceOf(request);
    const found: BootstrapView[] = [];
    let passed = 0;
    for (const record of this.#engine.state.bootstraps.values()) {
      const isAsked = record.namespace === namespace && (state ?? record.state) === record.state && (wanted === undefined || record.wish);
      if (!isAsked || passed++ < offset) continue;
      if (found.push(this.#view(record)) === limit) break;
    }
    return found;
  }

  @Get('bootstraps/:endpoint')
  @Needs('read')
  show(@Param('endpoint') endpoint: string, @Req() request: AuthorisedRequest): BootstrapView {
    const record = this.#engine.state.bootstraps.get(endpoint as Endpoint);
    if (record?.namespace === namespaceOf(request)) return this.#view(record);
    throw new DroverError('BOOTSTRAP_NOT_FOUND', 'missing', `${JSON.stringify(endpoint.slice(0, 80))} has never come to bootstrap`);
  }

  /** Asked by Execute where they listen; the others are waited for, with the reason. */
  @Post('bootstraps/trigger')
  @HttpCode(200)
  @Needs('operate')
  async trigger(@Body() { endpoints, reason }: TriggerBootstrapRequest, @Req() request: AuthorisedRequest): Promise<BootstrapView[]> {
    const records = await this.#wishes.want(Namespace(namespaceOf(request)), endpoints, { reason, actor: actorOf(request) });
    return records.map((record) => this.#view(record));
  }

  @Post('bootstraps/:endpoint/cancel')
  @HttpCode(200)
  @Needs('operate')
  async cancel(
    @Param('endpoint') endpoint: string,
    @Body() { reason }: ReasonRequest,
    @Req() request: AuthorisedRequest,
  ): Promise<BootstrapView> {
    return this.#view(await this.#wishes.cancel(Namespace(namespaceOf(request)), endpoint, { reason, actor: actorOf(request) }));
  }

  @Get('bootstrap-templates')
  @Needs('read')
  templates(@Req() request: AuthorisedRequest): BootstrapTemplateView[] {
    return this.#templates.list(Namespace(namespaceOf(request))).map(({ record: { name, generation, digest }, spec, source }) => ({
      name,
      precedence: spec.precedence,
      generation,
      digest,
      source,
    }));
  }

  @Post('bootstrap-templates/:name/remove')
  @HttpCode(200)
  @Needs('administer')
  async remove(
    @Param('name') name: string,
    @Body() { reason }: ReasonRequest,
    @Req() request: AuthorisedRequest,
  ): Promise<{ removed: string }> {
    await this.#templates.remove(Namespace(namespaceOf(request)), name, { reason, actor: actorOf(request) });
    return { removed: name };
  }

  #view(record: Parameters<typeof bootstrapView>[0]): BootstrapView {
    return bootstrapView(record, this.#engine.state.credentials);
  }
}
