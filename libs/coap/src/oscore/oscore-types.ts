import type { CoapOutput } from '../endpoint-types.ts';
import type { MarkWanted, OscoreContext } from './context.ts';
import type { OscoreError } from './errors.ts';

export interface NamedContext {
  readonly name: string;
  readonly context: OscoreContext;
}

/** Where security contexts are found. */
export abstract class OscoreContexts {
  /** By what a request says of its sender. */
  abstract find(kid: Uint8Array, kidContext: Uint8Array | undefined): NamedContext | undefined;
}

export type OscoreOutput =
  | CoapOutput
  /** To be written down, and then told to the context: `saved`. */
  | { readonly type: 'mark-wanted'; readonly context: string; readonly mark: MarkWanted }
  /** A request that was not let in. */
  | { readonly type: 'refused'; readonly peer: string; readonly error: OscoreError };

export type OscoreSink = (output: OscoreOutput) => void;

/** After a number was used. */
export function tellMark({ name, context }: NamedContext, sink: OscoreSink): void {
  const mark = context.takeWanted();
  if (mark) sink({ type: 'mark-wanted', context: name, mark });
}
