import { existsSync, readFileSync } from 'node:fs';
import type { Command } from 'commander';
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
    api: new ApiClient({ server: options.server, token: tokenOf(options), namespace: options.namespace }),
    out: outputFor(json),
    json,
  };
}

function tokenOf({ token, tokenFile }: GlobalOptions): string | undefined {
  if (token) return token;
  return tokenFile && existsSync(tokenFile) ? readFileSync(tokenFile, 'utf8').trim() : undefined;
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
