import type { Socket } from 'node:net';
import { UnsupportedMediaTypeException, ValidationPipe, type DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { API_PREFIX } from '@drover/contracts';
import type { Logger } from '@drover/platform';
import { ErrorFilter, refusal } from './error.filter.ts';
import { TokenDesk } from '../engine/token-desk.ts';
import { BoundedBodyPipe } from './bounded-body.pipe.ts';
import { secretIn } from './token.guard.ts';

/** Largest JSON body, bytes; images stream and have a limit of their own. */
const MAX_JSON_BYTES = 16 * 1024 * 1024;

/** Bytes that a stranger may make us read, JSON; everybody else has `MAX_JSON_BYTES`. */
const STRANGER_BYTES = 64 * 1024;

/** The HTTP side: Fastify under Nest, validated input, one shape for errors, OpenAPI at `/api/openapi.json`. */
export async function createHttp(root: DynamicModule, log: Logger): Promise<NestFastifyApplication> {
  const adapter = new FastifyAdapter({
    bodyLimit: MAX_JSON_BYTES,
    requestTimeout: 600_000,
    routerOptions: { maxParamLength: 1024 },
    frameworkErrors: refuseUrl,
    clientErrorHandler: refuseBytes,
  });
  const app = await NestFactory.create<NestFastifyApplication>(root, adapter, { logger: false, bodyParser: true, abortOnError: false });
  app.getHttpAdapter().getInstance().addContentTypeParser('application/octet-stream', takeImage);
  app.setGlobalPrefix(API_PREFIX);
  app.useGlobalPipes(
    new BoundedBodyPipe(),
    new ValidationPipe({ whitelist: true, forbidNonWhitelisted: true, transform: true, validateCustomDecorators: false }),
  );
  app.useGlobalFilters(new ErrorFilter(log));
  refuseStrangers(app);
  serveOpenApi(app);
  return app;
}

/** A large body is parsed before any guard runs: who brings no valid token is turned away before a byte of it is read. */
function refuseStrangers(app: NestFastifyApplication): void {
  const tokens = app.get(TokenDesk);
  const isLarge = ({ headers }: FastifyRequest): boolean =>
    headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > STRANGER_BYTES;
  app
    .getHttpAdapter()
    .getInstance()
    .addHook('onRequest', async (request: FastifyRequest, reply: FastifyReply) => {
      if (isLarge(request) && !tokens.bearerOf(secretIn(request)))
        await reply.status(401).send(refusal(401, 'a valid bearer token is needed'));
    });
}

/** An address that no route can match, refused before there is a handler. */
function refuseUrl(error: FastifyError, _request: FastifyRequest, reply: FastifyReply): void {
  const status = error.statusCode ?? 400;
  void reply.status(status).send(refusal(status, status === 414 ? 'the address is too long' : 'the address is not well formed'));
}

const STATUS_OF_PARSER: Record<string, [status: number, reason: string]> = {
  HPE_HEADER_OVERFLOW: [431, 'Request Header Fields Too Large'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'Request Timeout'],
};

/** Bytes that are no HTTP: there is no reply to send with, only a socket. */
function refuseBytes(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  const [status, reason] = STATUS_OF_PARSER[error.code ?? ''] ?? [400, 'Bad Request'];
  const body = JSON.stringify(refusal(status, reason));
  socket.end(
    `HTTP/1.1 ${status} ${reason}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}

/** Only where images are taken: everywhere else a stream would be read as if it were a parsed body. */
function takeImage(request: FastifyRequest, stream: unknown, done: (error: Error | null, body?: unknown) => void): void {
  if (request.routeOptions.url === `${API_PREFIX}/firmware/images`) done(null, stream);
  else done(new UnsupportedMediaTypeException('bytes are taken at /firmware/images alone'));
}

function serveOpenApi(app: NestFastifyApplication): void {
  const config = new DocumentBuilder()
    .setTitle('Drover')
    .setDescription('Firmware campaigns for LwM2M devices')
    .setVersion('1')
    .addBearerAuth()
    .build();
  const document = SwaggerModule.createDocument(app, config);
  app.getHttpAdapter().get('/api/openapi.json', (_request: unknown, reply: { send(body: unknown): void }) => reply.send(document));
}
