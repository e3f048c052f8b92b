import { ValidationPipe, type DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { API_PREFIX } from '@drover/contracts';
import type { Logger } from '@drover/platform';
import { ErrorFilter } from './error.filter.ts';

/** Largest JSON body, bytes; images stream and have a limit of their own. */
const MAX_JSON_BYTES = 16 * 1024 * 1024;

/** The HTTP side: Fastify under Nest, validated input, one shape for errors, OpenAPI at `/api/openapi.json`. */
export async function createHttp(root: DynamicModule, log: Logger): Promise<NestFastifyApplication> {
  const adapter = new FastifyAdapter({ bodyLimit: MAX_JSON_BYTES, requestTimeout: 600_000, routerOptions: { maxParamLength: 1024 } });
  const app = await NestFactory.create<NestFastifyApplication>(root, adapter, { logger: false, bodyParser: true, abortOnError: false });
  app
    .getHttpAdapter()
    .getInstance()
    .addContentTypeParser('application/octet-stream', (_request: unknown, stream: unknown, done: (error: null, body: unknown) => void) =>
      done(null, stream),
    );
  app.setGlobalPrefix(API_PREFIX);
  app.useGlobalPipes(new ValidationPipe({ whitelist: true, forbidNonWhitelisted: true, transform: true, validateCustomDecorators: false }));
  app.useGlobalFilters(new ErrorFilter(log));
  serveOpenApi(app);
  return app;
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
