import { setFlagsFromString } from 'node:v8';
import { DroverError, EXIT_CODE_OF } from '@drover/kernel';
import { createLogger, readConfig } from '@drover/platform';
import { startServer, type Opened } from './server.ts';
import { SETTINGS } from './settings.ts';

/** How far a heap may grow beyond what is alive before it is cleaned, percent. Left to itself it doubles and more: memory that a small machine has better use for. */
const HEAP_GROWTH = 30;

/** Reads the configuration once, starts the roles, stops them on a signal. `opened` is for tests that break the disk. */
export async function runServer(opened?: Opened): Promise<void> {
  setFlagsFromString(`--heap-growing-percent=${HEAP_GROWTH}`);
  try {
    const config = readConfig(SETTINGS, process.argv.slice(2), process.env);
    const log = createLogger(config.logLevel, 'server');
    const onFatal = (error: unknown): never => {
      // Memory may be ahead of the disk: the only safe way on is a fresh start from the disk.
      log.fatal({ err: error, code: (error as { code?: string }).code }, 'the server stops');
      process.exit(exitCodeOf(error));
    };
    process.on('unhandledRejection', onFatal);
    const server = await startServer(config, { log, onFatal, opened });
    if (server.firstToken) process.stdout.write(`administrator token (shown once, valid until revoked): ${server.firstToken}\n`);
    const { httpUrl: http, coapUri: coap, coapsUri: coaps, coapTcpUri: coapTcp, coapsTcpUri: coapsTcp } = server;
    const { bootstrapUri: bootstrap, bootstrapsUri: bootstraps } = server;
    const addresses = { http, coap, coaps, coapTcp, coapsTcp, bootstrap, bootstraps };
    process.stdout.write(`${JSON.stringify({ ready: true, ...addresses })}\n`);
    process.send?.({ type: 'ready', ...addresses, token: server.firstToken });
    let stopping: Promise<void> | undefined;
    const end = (): void => {
      stopping ??= server.stop().then(() => process.exit(0), onFatal);
    };
    // The last one: a program that started us over a channel of its own, a demo or a test, is gone, and nobody else would stop us.
    for (const sign of ['SIGINT', 'SIGTERM', 'disconnect']) process.once(sign, end);
    if (process.connected === false && process.send) end();
  } catch (error) {
    process.stderr.write(
      `error ${(error as { code?: string }).code ?? 'UNEXPECTED'}: ${error instanceof Error ? error.message : String(error)}\n`,
    );
    process.exit(exitCodeOf(error));
  }
}

function exitCodeOf(error: unknown): number {
  return error instanceof DroverError ? EXIT_CODE_OF[error.kind] : 70;
}
