import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query, Req } from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';
import { DroverError } from '@drover/kernel';
import { ChangeRequest, InquiryRequest, OperationQuery, type OperationView } from '@drover/contracts';
import type { Json } from '@drover/kernel';
import type { OperationOrder } from '@drover/lwm2m';
import { DeviceDesk } from '../engine/device-desk.ts';
import { OperationDesk } from '../engine/operation-desk.ts';
import { operationView } from './operation-views.ts';
import { Needs, roleMay } from './permissions.ts';
import { actorOf, type AuthorisedRequest } from './token.guard.ts';

/** A device that listens answers within this; who asks need not come back then, ms. */
const ANSWER_MS = 10_000;

@ApiTags('operations')
@ApiBearerAuth()
@Controller('devices/:endpoint')
export class DeviceOperationsController {
  readonly #devices: DeviceDesk;
  readonly #desk: OperationDesk;

  constructor(@Inject(DeviceDesk) devices: DeviceDesk, @Inject(OperationDesk) desk: OperationDesk) {
    this.#devices = devices;
    this.#desk = desk;
  }

  /** Reads, discovers or observes. An observation ends when nobody has looked at it for a minute. */
  @Post('inquiries')
  @HttpCode(200)
  @Needs('read')
  inquire(@Param('endpoint') endpoint: string, @Body() body: InquiryRequest, @Req() request: AuthorisedRequest): Promise<OperationView> {
    const { operation, path, paths, depth } = body;
    if ((path === undefined) === (paths === undefined))
      throw new DroverError('REQUEST_INVALID', 'input', 'one of path and paths says what is asked for');
    if (paths && operation === 'discover') throw new DroverError('REQUEST_INVALID', 'input', 'one path is discovered at a time');
    const order = paths ? ({ operation: `${operation as 'read' | 'observe'}-composite`, paths } as const) : { operation, path, depth };
    return this.#ask(endpoint, order, { body, request });
  }

  /** Anything that changes the device; in the audit log before it is sent. */
  @Post('changes')
  @HttpCode(200)
  @Needs('operate')
  change(@Param('endpoint') endpoint: string, @Body() body: ChangeRequest, @Req() request: AuthorisedRequest): Promise<OperationView> {
    const { waitSeconds: _, data, attributes, ...order } = body;
    return this.#ask(
      endpoint,
      { ...order, data: data as Json | undefined, attributes: attributes && { ...attributes } },
      { body, request },
    );
  }

  @Get('operations')
  @Needs('read')
  list(@Param('endpoint') endpoint: string): Omit<OperationView, 'notifications'>[] {
    const { endpoint: name } = this.#devices.find(endpoint);
    return this.#desk.list(name).map((ticket) => {
      const { notifications: _, ...view } = operationView(ticket);
      return view;
    });
  }

  @Get('operations/:id')
  @Needs('read')
  async look(
    @Param('endpoint') endpoint: string,
    @Param('id') id: string,
    @Query() { after, waitSeconds }: OperationQuery,
  ): Promise<OperationView> {
    const ticket = this.#desk.find(endpoint, id);
    if (!ticket.isSettled) await ticket.newerThan(after, waitSeconds * 1000);
    return operationView(ticket, after);
  }

  /** Takes back what waits, ends what observes. One's own, or with the right to change devices. */
  @Post('operations/:id/cancel')
  @HttpCode(200)
  @Needs('read')
  async cancel(@Param('endpoint') endpoint: string, @Param('id') id: string, @Req() request: AuthorisedRequest): Promise<OperationView> {
    const ticket = this.#desk.find(endpoint, id);
    const isOwn = ticket.asked.by.authn === actorOf(request).authn;
    if (!isOwn && !(request.bearer && roleMay(request.bearer.role, 'operate')))
      throw new DroverError('NOT_PERMITTED', 'denied', `operation ${id} was asked for by ${ticket.asked.by.id}`);
    await this.#desk.cancel(ticket);
    return operationView(ticket);
  }

  async #ask(
    endpoint: string,
    order: OperationOrder,
    { body, request }: { body: { waitSeconds?: number }; request: AuthorisedRequest },
  ): Promise<OperationView> {
    const device = this.#devices.find(endpoint);
    const ticket = await this.#desk.ask(device, order, { waitMs: (body.waitSeconds ?? 0) * 1000, by: actorOf(request) });
    if (ticket.state === 'sent') await ticket.newerThan(ticket.revision, ANSWER_MS);
    return operationView(ticket);
  }
}
