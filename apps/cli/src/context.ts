import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { DroverError, Namespace } from '@drover/kernel';
import { ApiClient } from './api-client.ts';
import { outputFor, type Output } from './output.ts';

export interface GlobalOptions {
  readonly server: string;
  readonly token?: string;
  readonly tokenFile?: string;
  readonly namespace: string;
  readonly json?: boolean;
}

/** What a command works with. */
export interface Context {
  readonly api: ApiClient;
  readonly out: Output;
  readonly json: boolean;
}

export function contextOf(command: Command): Context {
  const options = command.optsWithGlobals<GlobalOptions>();
  const json = options.json === true;
  return {
    api: new ApiClient({ server: serverOf(options), token: tokenOf(options), namespace: Namespace(options.namespace) }),
    out: outputFor(json),
    json,
  };
}

function tokenOf({ token, tokenFile }: GlobalOptions): string | undefined {
  if (token) return token;
  return tokenFile ? readFileSync(tokenFile, 'utf8').trim() : undefined;
}

function serverOf({ server }: GlobalOptions): string {
  const protocol = URL.canParse(server) ? new URL(server).protocol : '';
  if (protocol !== 'http:' && protocol !== 'https:')
    throw new DroverError('USAGE', 'input', `--server takes an address like http://127.0.0.1:8470, not "${server}"`);
  return server;
}

/** A number above 0 from an option, or a sentence that names the option. */
export function positive(option: string, text: string): number {
  const value = Number(text);
  if (!(value > 0) || !Number.isFinite(value)) throw new DroverError('USAGE', 'input', `${option} takes a number above 0, not "${text}"`);
  return value;
}

/** A whole number from an option, not below 0, or a sentence that names the option. */
export function whole(option: string, text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isSafeInteger(value) || value < 0)
    throw new DroverError('USAGE', 'input', `${option} takes a whole number, not "${text}"`);
  return value;
}

/** Wraps a command's work: the last argument that commander hands over is the command itself. */
export function action<A extends unknown[]>(
  work: (context: Context, ...args: A) => Promise<number | void>,
): (...args: [...A, ...unknown[]]) => Promise<void> {
  return async (...args) => {
    const command = args.at(-1) as Command;
    const status = await work(contextOf(command), ...(args.slice(0, -1) as A));
    if (typeof status === 'number') process.exitCode = status;
  };
}
