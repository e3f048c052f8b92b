import 'reflect-metadata';
import { DroverError, EXIT_CODE_OF } from '@drover/kernel';
import { createLogger, readConfig } from '@drover/platform';
import { startServer } from './server.ts';
import { SETTINGS } from './settings.ts';

/** Reads the configuration once, starts the roles, stops them on a signal. */
try {
  const config = readConfig(SETTINGS, process.argv.slice(2), process.env);
  const log = createLogger(config.logLevel, 'server');
  const onFatal = (error: unknown): never => {
    // Memory may be ahead of the disk: the only safe way on is a fresh start from the disk.
    log.fatal({ err: error, code: (error as { code?: string }).code }, 'the server stops');
    process.exit(error instanceof DroverError ? EXIT_CODE_OF[error.kind] : 70);
  };
  process.on('unhandledRejection', onFatal);
  const server = await startServer(config, log, onFatal);
  if (server.firstToken) process.stdout.write(`administrator token (shown once, valid until revoked): ${server.firstToken}\n`);
  process.stdout.write(`${JSON.stringify({ ready: true, http: server.httpUrl, coap: server.coapUri, coapTcp: server.coapTcpUri })}\n`);
  process.send?.({ type: 'ready', http: server.httpUrl, coap: server.coapUri, coapTcp: server.coapTcpUri, token: server.firstToken });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      server.stop().then(() => process.exit(0), onFatal);
    });
  }
} catch (error) {
  process.stderr.write(
    `error ${(error as { code?: string }).code ?? 'UNEXPECTED'}: ${error instanceof Error ? error.message : String(error)}\n`,
  );
  process.exit(error instanceof DroverError ? EXIT_CODE_OF[error.kind] : 70);
}
