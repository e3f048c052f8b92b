import { type CanActivate, type ExecutionContext, UnauthorizedException } from '@nestjs/common';
import type { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import { DroverError } from '@drover/kernel';
import type { Actor } from '../engine/audit-drafts.ts';
import type { Bearer, TokenDesk } from '../engine/token-desk.ts';
import { NEEDS, roleMay, type Permission } from './permissions.ts';

export type AuthorisedRequest = FastifyRequest & { bearer?: Bearer };

/** Most refused requests that are written to the audit log per minute: a flood of bad tokens must not fill the disk. */
const DENIALS_PER_MINUTE = 30;

/** Bearer tokens, and nothing without one but what is marked public. */
export class TokenGuard implements CanActivate {
  readonly #tokens: TokenDesk;
  readonly #reflector: Reflector;
  #window = { minute: 0, count: 0 };

  constructor(tokens: TokenDesk, reflector: Reflector) {
    this.#tokens = tokens;
    this.#reflector = reflector;
  }

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const needed = this.#reflector.get<Permission | undefined>(NEEDS, context.getHandler());
    if (needed === undefined) return true;
    const request = context.switchToHttp().getRequest<AuthorisedRequest>();
    const bearer = this.#tokens.bearerOf(secretIn(request));
    if (bearer && roleMay(bearer.role, needed)) {
      request.bearer = bearer;
      return true;
    }
    if (this.#mayNote()) await this.#tokens.denied(bearer, `${request.method} ${request.url}`);
    if (!bearer) throw new UnauthorizedException('a valid bearer token is needed');
    throw new DroverError('NOT_PERMITTED', 'denied', `role ${bearer.role} may not ${needed}`);
  }

  #mayNote(): boolean {
    const minute = Math.floor(performance.now() / 60_000);
    if (minute !== this.#window.minute) this.#window = { minute, count: 0 };
    return ++this.#window.count <= DENIALS_PER_MINUTE;
  }
}

/** Empty where none came. */
export function secretIn({ headers }: FastifyRequest): string {
  return /^Bearer ([\x21-\x7e]{1,200})$/.exec(headers.authorization ?? '')?.[1] ?? '';
}

export function actorOf(request: AuthorisedRequest): Actor {
  return { type: 'person', id: request.bearer?.name ?? 'unknown', authn: `token:${request.bearer?.id ?? '?'}` };
}

export function namespaceOf(request: AuthorisedRequest): string {
  const { namespace } = request.query as { namespace?: unknown };
  if (namespace !== undefined && typeof namespace !== 'string') throw new DroverError('NAME_INVALID', 'input', 'one namespace at a time');
  return namespace ?? 'default';
}
