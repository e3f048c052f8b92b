import { Body, Controller, Get, HttpCode, Inject, Param, Post, Req } from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';
import { isoOf } from '@drover/kernel';
import { TokenRequest } from '@drover/contracts';
import type { TokenRecord } from '@drover/persistence';
import { TokenDesk } from '../engine/token-desk.ts';
import { Needs } from './permissions.ts';
import { actorOf, type AuthorisedRequest } from './token.guard.ts';

@ApiTags('tokens')
@ApiBearerAuth()
@Controller('tokens')
export class TokensController {
  readonly #desk: TokenDesk;

  constructor(@Inject(TokenDesk) desk: TokenDesk) {
    this.#desk = desk;
  }

  @Get()
  @Needs('administer')
  list() {
    return this.#desk.list().map(view);
  }

  /** The only time the secret is shown. */
  @Post()
  @HttpCode(200)
  @Needs('administer')
  async create(@Body() { name, role }: TokenRequest, @Req() request: AuthorisedRequest) {
    const { token, secret } = await this.#desk.create(name, role, actorOf(request));
    return { ...view(token), secret };
  }

  @Post(':id/revoke')
  @HttpCode(200)
  @Needs('administer')
  async revoke(@Param('id') id: string, @Req() request: AuthorisedRequest) {
    return view(await this.#desk.revoke(id, actorOf(request)));
  }
}

function view({ createdAt, revokedAt, id, name, role }: Omit<TokenRecord, 'hash'>) {
  return { id, name, role, createdAt: isoOf(createdAt), revokedAt: revokedAt === undefined ? undefined : isoOf(revokedAt) };
}
