import type { CoapOutput } from '../endpoint-types.ts';
import type { MarkWanted, OscoreContext } from './context.ts';
import type { OscoreError } from './errors.ts';

export interface NamedContext {
  /** Without a colon and digits at its end it cannot be taken for an address; it is in the name of its peers. */
  readonly name: string;
  readonly context: OscoreContext;
}

/** Where security contexts are found, as long as they are in force. */
export abstract class OscoreContexts {
  /** By what a request says of its sender. */
  abstract find(kid: Uint8Array, kidContext: Uint8Array | undefined): NamedContext | undefined;
  /** By its name; another answer, or none, ends what was begun with it. */
  abstract named(name: string): NamedContext | undefined;
}

export type OscoreOutput =
  | CoapOutput
  /** To be written down, and then told to the transport: `saved`. */
  | { readonly type: 'mark-wanted'; readonly context: string; readonly mark: MarkWanted }
  /** A request that was not let in. */
  | { readonly type: 'refused'; readonly peer: string; readonly error: OscoreError };

export type OscoreSink = (output: OscoreOutput) => void;

export interface OscoreParts {
  readonly sink: OscoreSink;
  readonly contexts: OscoreContexts;
  /** 32 random bytes, of this process alone. */
  readonly echoKey: Uint8Array;
  /** Whether this context has to show that it receives at this address (Echo) before it is heard from there; never, without it. */
  readonly mustShow?: (context: string, address: string) => boolean;
}

/** After a number was used, or where one is missing. */
export function tellMark({ name, context }: NamedContext, sink: OscoreSink): void {
  const mark = context.takeWanted();
  if (mark) sink({ type: 'mark-wanted', context: name, mark });
}

/** Whether what was begun under it may go on. */
export function isInForce({ name, context }: NamedContext, contexts: OscoreContexts): boolean {
  return contexts.named(name)?.context === context;
}
