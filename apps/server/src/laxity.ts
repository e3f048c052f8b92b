import type { Logger } from '@drover/platform';
import type { Security } from './api/health.controller.ts';
import type { ServerConfig } from './settings.ts';

/** What a server was told to be less strict in than it is by itself. */
export function laxityOf({ noSec, bootstrapPort, devKeyLog }: ServerConfig): Security {
  return { noSec, bootstrapNoSec: bootstrapPort === 'off' ? 'refused' : 'allowed', ...(devKeyLog && { keyLog: true }) };
}

const NO_SEC =
  'CoAP WITHOUT SECURITY (NoSec) is open: anybody who reaches these ports can register as a device and read image blocks; closed networks and tests only';
const BOOTSTRAP_NO_SEC =
  'BOOTSTRAP WITHOUT SECURITY is open: anybody who reaches this port can have the first key of a device that has none; closed networks and tests only';
const KEY_LOG =
  'THE SECRETS OF ALL SESSIONS ARE WRITTEN TO A FILE (--dev-key-log): whoever has it can read what devices and this server say; never outside of development';

export function warnOf(config: ServerConfig, log: Logger): void {
  const { noSec, bootstrapNoSec, keyLog } = laxityOf(config);
  if (config.timeScale !== 1) log.warn({ scale: config.timeScale }, 'campaign time is compressed');
  if (noSec === 'allowed') log.warn(NO_SEC);
  if (bootstrapNoSec === 'allowed') log.warn(BOOTSTRAP_NO_SEC);
  if (keyLog) log.warn({ file: config.devKeyLog }, KEY_LOG);
}
