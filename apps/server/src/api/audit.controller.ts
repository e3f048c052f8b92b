import { Controller, Get, Inject, Param, Query, Req, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';
import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';
import { PageQuery } from '@drover/contracts';
import { Reader } from '@drover/persistence';
import { EvidenceDesk } from '../engine/evidence-desk.ts';
import { Needs } from './permissions.ts';
import { actorOf, namespaceOf, type AuthorisedRequest } from './token.guard.ts';

@ApiTags('audit')
@ApiBearerAuth()
@Controller()
export class AuditController {
  readonly #reader: Reader;
  readonly #evidence: EvidenceDesk;

  constructor(@Inject(Reader) reader: Reader, @Inject(EvidenceDesk) evidence: EvidenceDesk) {
    this.#reader = reader;
    this.#evidence = evidence;
  }

  /** The newest records in the order of the log; `offset` counts from the newest. */
  @Get('audit')
  @Needs('audit')
  tail(@Query() { limit, offset }: PageQuery): Promise<unknown[]> {
    return this.#reader.auditTail(limit, offset);
  }

  /** The public half of the key that signs tree heads and exports: what an auditor keeps. */
  @Get('audit/key')
  @Needs('read')
  key(): { publicKey: string } {
    return { publicKey: this.#evidence.publicKey };
  }

  @Get('campaigns/:name/evidence')
  @Needs('audit')
  async evidence(@Param('name') name: string, @Req() request: AuthorisedRequest, @Res() reply: FastifyReply): Promise<void> {
    const lines = await this.#evidence.export(namespaceOf(request), name, actorOf(request));
    await reply.type('application/x-ndjson').send(Readable.from(lines));
  }
}
