import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { isAbsolute, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { DroverError } from '@drover/kernel';
import type { KeyService } from '@drover/credentials';
import { CredentialError, DATA_KEY_BYTES, LocalKeyService } from '@drover/credentials';
import { SystemEntropy } from '@drover/platform';

/** `file:PATH`, `env:NAME` or `module:PATH`, with an absolute path: both ends of the link open it by themselves. */
export type KeySource = string;

/** Where it is when nobody says otherwise: beside the database, in no row of it. */
export const DEFAULT_KEY_FILE = 'credentials.kek';

const FORM = /^(file|env|module):(.+)$/s;
/** Permission bits of others than the owner. */
const OTHERS = 0o077;

/** Reads a setting; throws a `TypeError` with what was expected. */
export function readKeySource(value: string): KeySource {
  const [, scheme, place = ''] = FORM.exec(value) ?? [];
  if (scheme === undefined) throw new TypeError('expected file:PATH, env:NAME or module:PATH; the key itself is never an option');
  return scheme === 'env' ? value : `${scheme}:${resolve(place)}`;
}

/** Throws `KEY_ENCRYPTION_KEY_INVALID` with the place, and never with what is there. */
export async function openKeyService(source: KeySource): Promise<KeyService> {
  const [, scheme, place = ''] = FORM.exec(source) ?? [];
  if (scheme === 'module') return fromModule(place);
  return new LocalKeyService(scheme === 'env' ? fromEnvironment(place) : fromFile(place), new SystemEntropy());
}

/** Makes the key where there is none. Answers whether it did. */
export function makeKeyFile(file: string): boolean {
  if (existsSync(file)) return false;
  writeFileSync(file, `${randomBytes(DATA_KEY_BYTES).toString('base64')}\n`, { mode: 0o600, flag: 'wx' });
  return true;
}

function fromFile(file: string): Buffer {
  if (!existsSync(file)) throw invalid(`there is no ${file}: without it no device key can be read`);
  if (process.platform !== 'win32' && (statSync(file).mode & OTHERS) !== 0)
    throw invalid(`${file} can be read by others: chmod 600 ${file}`);
  return keyIn(readFileSync(file, 'utf8'), file);
}

function fromEnvironment(name: string): Buffer {
  const text = process.env[name];
  if (text === undefined) throw invalid(`the environment has no ${name}`);
  return keyIn(text, name);
}

function keyIn(text: string, place: string): Buffer {
  const trimmed = text.trim();
  const key = Buffer.from(trimmed, /^[0-9a-f]{64}$/i.test(trimmed) ? 'hex' : 'base64');
  if (key.length !== DATA_KEY_BYTES) throw invalid(`${place} does not hold 32 bytes as base64 or hex (openssl rand -base64 32)`);
  return key;
}

/** Somebody's own key service: a module whose default export is a `KeyService`, or has its three members. */
async function fromModule(path: string): Promise<KeyService> {
  if (!isAbsolute(path) || !existsSync(path)) throw invalid(`there is no module ${path}`);
  const { default: service } = (await import(pathToFileURL(path).href)) as { default?: Partial<KeyService> };
  const isOne = typeof service?.keyName === 'string' && typeof service.wrap === 'function' && typeof service.unwrap === 'function';
  if (!isOne) throw invalid(`the default export of ${path} is no key service: keyName, wrap and unwrap`);
  return service as KeyService;
}

function invalid(message: string): DroverError {
  return new CredentialError('KEY_ENCRYPTION_KEY_INVALID', message);
}
