import { Body, Controller, Get, HttpCode, Inject, Param, Post, Req } from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';
import { Namespace } from '@drover/kernel';
import { ReasonRequest, type ClassView } from '@drover/contracts';
import { ClassDesk } from '../engine/class-desk.ts';
import { Needs } from './permissions.ts';
import { actorOf, namespaceOf, type AuthorisedRequest } from './token.guard.ts';

/** Classes are applied like all documents; here they are listed and removed. */
@ApiTags('device classes')
@ApiBearerAuth()
@Controller('device-classes')
export class DeviceClassesController {
  readonly #desk: ClassDesk;

  constructor(@Inject(ClassDesk) desk: ClassDesk) {
    this.#desk = desk;
  }

  @Get()
  @Needs('read')
  list(@Req() request: AuthorisedRequest): ClassView[] {
    return this.#desk.list(Namespace(namespaceOf(request))).map(({ document, devices }) => ({
      name: document.metadata.name,
      precedence: document.spec.precedence,
      devices,
      source: document.source,
    }));
  }

  @Post(':name/remove')
  @HttpCode(200)
  @Needs('administer')
  async remove(
    @Param('name') name: string,
    @Body() { reason }: ReasonRequest,
    @Req() request: AuthorisedRequest,
  ): Promise<{ removed: string }> {
    await this.#desk.remove(Namespace(namespaceOf(request)), name, { reason, actor: actorOf(request) });
    return { removed: name };
  }
}
