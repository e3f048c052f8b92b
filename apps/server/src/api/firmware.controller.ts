import type { Readable } from 'node:stream';
import { Body, Controller, Get, HttpCode, Inject, Post, Req } from '@nestjs/common';
import { ApiBearerAuth, ApiBody, ApiConsumes, ApiTags } from '@nestjs/swagger';
import { Digest, DroverError, Namespace } from '@drover/kernel';
import { FirmwareRequest, WithdrawRequest } from '@drover/contracts';
import type { FirmwareRecord } from '@drover/persistence';
import { FirmwareDesk } from '../engine/firmware-desk.ts';
import { Needs } from './permissions.ts';
import { actorOf, namespaceOf, type AuthorisedRequest } from './token.guard.ts';

@ApiTags('firmware')
@ApiBearerAuth()
@Controller('firmware')
export class FirmwareController {
  readonly #desk: FirmwareDesk;

  constructor(@Inject(FirmwareDesk) desk: FirmwareDesk) {
    this.#desk = desk;
  }

  /** The image streams to the store; nothing of it is held in memory, and it is no firmware yet. */
  @Post('images')
  @HttpCode(200)
  @Needs('operate')
  @ApiConsumes('application/octet-stream')
  @ApiBody({ schema: { type: 'string', format: 'binary' } })
  upload(@Req() request: AuthorisedRequest): Promise<{ digest: Digest; size: number }> {
    const stream = request.body as Readable | undefined;
    if (!stream || typeof stream[Symbol.asyncIterator] !== 'function')
      throw new DroverError('MEDIA_TYPE_UNSUPPORTED', 'input', 'an image is sent as application/octet-stream');
    return this.#desk.upload(stream as AsyncIterable<Uint8Array>);
  }

  @Post()
  @HttpCode(200)
  @Needs('operate')
  push(@Body() { envelope, digest }: FirmwareRequest, @Req() request: AuthorisedRequest): Promise<FirmwareRecord> {
    return this.#desk.push(Namespace(namespaceOf(request)), { envelope, digest: Digest(digest) }, actorOf(request));
  }

  @Post('withdraw')
  @HttpCode(200)
  @Needs('operate')
  withdraw(@Body() body: WithdrawRequest, @Req() request: AuthorisedRequest): Promise<FirmwareRecord> {
    return this.#desk.withdraw(Namespace(namespaceOf(request)), body, actorOf(request));
  }

  @Get()
  @Needs('read')
  list(@Req() request: AuthorisedRequest): FirmwareRecord[] {
    return this.#desk.list(Namespace(namespaceOf(request)));
  }
}
