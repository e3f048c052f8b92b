import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { DroverError, HTTP_STATUS_OF } from '@drover/kernel';
import type { ErrorBody } from '@drover/contracts';
import type { Logger } from '@drover/platform';

const CODE_OF_STATUS: Record<number, string> = {
  400: 'REQUEST_INVALID',
  401: 'TOKEN_INVALID',
  403: 'NOT_PERMITTED',
  404: 'ROUTE_NOT_FOUND',
  408: 'REQUEST_TIMEOUT',
  413: 'REQUEST_TOO_LARGE',
  414: 'REQUEST_TOO_LARGE',
  415: 'MEDIA_TYPE_UNSUPPORTED',
  431: 'REQUEST_TOO_LARGE',
};
const KIND_OF_STATUS: Record<number, string> = { 401: 'denied', 403: 'denied', 404: 'missing' };

/** As many faults of a request as anybody reads. */
const MAX_FAULTS = 20;

/** One shape for every error; the kind alone decides the status. What we did not foresee is ours to hear about, not the caller's to read. */
@Catch()
export class ErrorFilter implements ExceptionFilter {
  readonly #log: Logger;

  constructor(log: Logger) {
    this.#log = log;
  }

  catch(error: unknown, host: ArgumentsHost): void {
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    const { status, body } = this.#answerTo(error);
    void reply.status(status).send(body);
  }

  #answerTo(error: unknown): { status: number; body: ErrorBody } {
    if (error instanceof DroverError) {
      if (error.kind === 'invariant') this.#log.error({ err: error, code: error.code }, 'request met a broken promise');
      if (error.kind === 'trust' || error.kind === 'denied') this.#log.warn({ code: error.code }, 'request refused');
      return {
        status: HTTP_STATUS_OF[error.kind],
        body: { error: { code: error.code, kind: error.kind, message: error.message, details: error.details } },
      };
    }
    const status = statusOf(error);
    if (status < 500) {
      const message = error instanceof HttpException ? messageOf(error) : error instanceof Error ? error.message : 'refused';
      return { status, body: refusal(status, message) };
    }
    this.#log.error({ err: error }, 'request failed');
    return {
      status: 500,
      body: { error: { code: 'UNEXPECTED', kind: 'invariant', message: 'the server met an unexpected error; its log says more' } },
    };
  }
}

/** The one shape, for what has no code of its own. */
export function refusal(status: number, message: string): ErrorBody {
  return { error: { code: CODE_OF_STATUS[status] ?? 'REQUEST_INVALID', kind: KIND_OF_STATUS[status] ?? 'input', message } };
}

/** Nest's own exceptions and Fastify's errors both carry a status; a client that went away in the middle is no error of ours. */
function statusOf(error: unknown): number {
  if (error instanceof HttpException) return error.getStatus();
  const { code, statusCode: status } = (error ?? {}) as { code?: unknown; statusCode?: unknown };
  if (code === 'ECONNRESET') return 400;
  return typeof status === 'number' ? status : 500;
}

function messageOf(error: HttpException): string {
  const response = error.getResponse() as { message?: string | string[] } | string;
  const message = typeof response === 'string' ? response : (response.message ?? error.message);
  if (!Array.isArray(message)) return message;
  const rest = message.length - MAX_FAULTS;
  return [...message.slice(0, MAX_FAULTS), ...(rest > 0 ? [`and ${rest} more`] : [])].join('; ');
}
