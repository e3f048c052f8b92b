import { expect, it } from '@jest/globals';
import { BadRequestException, NotFoundException, UnauthorizedException, type ArgumentsHost } from '@nestjs/common';
import { DroverError, HTTP_STATUS_OF, type ErrorKind } from '@drover/kernel';
import { createLogger } from '@drover/platform';
import { ErrorFilter } from './error.filter.ts';

function answerTo(error: unknown): { status: number; body: { error: { code: string; kind: string; message: string } } } {
  let status = 0;
  let body: unknown;
  const reply = {
    status: (code: number) => {
      status = code;
      return reply;
    },
    send: (sent: unknown) => (body = sent),
  };
  new ErrorFilter(createLogger('silent', 'test')).catch(error, {
    switchToHttp: () => ({ getResponse: () => reply }),
  } as unknown as ArgumentsHost);
  return { status, body: body as never };
}

it.each(Object.keys(HTTP_STATUS_OF) as ErrorKind[])('answers an error of ours by its kind: %s', (kind) => {
  const { status, body } = answerTo(new DroverError('SOME_CODE', kind, 'a sentence', { details: [1] }));
  expect(status).toBe(HTTP_STATUS_OF[kind]);
  expect(body).toEqual({ error: { code: 'SOME_CODE', kind, message: 'a sentence', details: [1] } });
});

it.each<[unknown, number, string, string]>([
  [new BadRequestException(['a is wrong', 'b too']), 400, 'REQUEST_INVALID', 'input'],
  [new UnauthorizedException('no token'), 401, 'TOKEN_INVALID', 'denied'],
  [new NotFoundException('Cannot GET /x'), 404, 'ROUTE_NOT_FOUND', 'missing'],
  [Object.assign(new Error('too big'), { statusCode: 413 }), 413, 'REQUEST_TOO_LARGE', 'input'],
  [Object.assign(new Error('aborted'), { code: 'ECONNRESET' }), 400, 'REQUEST_INVALID', 'input'],
])('answers an error of the framework in the same shape: %s', (error, status, code, kind) => {
  expect(answerTo(error)).toEqual({ status, body: { error: { code, kind, message: expect.stringMatching(/./) } } });
});

it.each([new TypeError('SELECT secret FROM token'), 'text', undefined, null, 7])('tells nobody what it did not foresee: %s', (error) => {
  const { status, body } = answerTo(error);
  expect([status, body.error.code]).toEqual([500, 'UNEXPECTED']);
  expect(JSON.stringify(body)).not.toContain('secret');
});

it('names the first faults of a request and counts the rest', () => {
  const { message } = answerTo(new BadRequestException(Array.from({ length: 5000 }, (_, index) => `fault ${index}`))).body.error;
  expect(message).toMatch(/^fault 0; .*fault 19; and 4980 more$/);
});
