import { Body, Controller, Get, HttpCode, Inject, Param, Post, Req } from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';
import { DroverError, isoOf } from '@drover/kernel';
import type { NetworkHintView, NetworkView } from '@drover/contracts';
import type { NetworkHint } from '@drover/schedule';
import { Engine } from '../engine/engine.ts';
import { CONGESTION, HintDesk, type Congestion } from '../engine/hint-desk.ts';
import { Needs } from './permissions.ts';
import { actorOf, type AuthorisedRequest } from './token.guard.ts';

/** Hints that are listed; feeds may have thousands. */
const MOST_LISTED = 200;

/** What mobile networks say of themselves. */
@ApiTags('network')
@ApiBearerAuth()
@Controller('network')
export class NetworkController {
  readonly #engine: Engine;
  readonly #hints: HintDesk;

  constructor(@Inject(Engine) engine: Engine, @Inject(HintDesk) hints: HintDesk) {
    this.#engine = engine;
    this.#hints = hints;
  }

  @Get()
  @Needs('read')
  view(): NetworkView {
    const now = this.#engine.clock.now();
    const hints: NetworkHintView[] = [];
    let total = 0;
    for (const { source, hint } of this.#engine.state.hints.standing(now)) if (++total <= MOST_LISTED) hints.push(hintView(source, hint));
    const sources = this.#hints.sources.map(({ readAt, ...rest }) => ({
      ...rest,
      readAt: readAt === undefined ? undefined : isoOf(readAt),
    }));
    return { sources, total, hints };
  }

  /** A notification of Reporting of Network Status (3GPP TS 29.122) about one operator. */
  @Post('reports/:operator')
  @HttpCode(200)
  @Needs('operate')
  async report(@Param('operator') operator: string, @Body() body: unknown, @Req() request: AuthorisedRequest): Promise<NetworkHintView> {
    if (!/^\d{3}-\d{1,3}$/.test(operator)) throw new DroverError('OPERATOR_INVALID', 'input', 'an operator is MCC-MNC, such as 262-1');
    const hint = await this.#hints.report(operator, congestionIn(body), actorOf(request));
    return hintView(`report ${operator}`, hint);
  }
}

/** A network sends more than this with it, and may send what comes with later releases: that is left alone. */
function congestionIn(body: unknown): Congestion {
  const { nsiType } = (body ?? {}) as { nsiType?: unknown };
  if (typeof nsiType === 'string' && Object.hasOwn(CONGESTION, nsiType)) return nsiType as Congestion;
  throw new DroverError('REQUEST_INVALID', 'input', `nsiType: expected one of ${Object.keys(CONGESTION).join(', ')}`);
}

function hintView(source: string, { operator, cells, bearer, from, until, share, text }: NetworkHint): NetworkHintView {
  return { source, operator, cells: cells?.length, bearer, from: isoOf(from), until: isoOf(until), share, text };
}
