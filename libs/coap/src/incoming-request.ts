import { CODE, methodOf } from './codes.ts';
import type { Method } from './codes.ts';
import { OPTION, readOptions } from './options.ts';
import type { CoapOptions } from './options.ts';
import type { RawOption } from './message.ts';

export type ReadRequest =
  | { readonly type: 'request'; readonly method: Method; readonly options: CoapOptions }
  /** `code` is the answer that the request gets at once. */
  | { readonly type: 'refused'; readonly code: number; readonly options: CoapOptions };

/**
 * What every request goes through before it is handed out: critical options (RFC 7252 section 5.4.1), conditions, which no
 * resource of ours can heed, Hop-Limit (RFC 8768 section 3), the method, and that we are no proxy (section 5.7.2).
 */
export function readRequest(
  message: { readonly code: number; readonly options: readonly RawOption[] },
  how?: { readonly maxSzx?: number; readonly takesOscore?: boolean },
): ReadRequest {
  const { options, badCritical } = readOptions(message, how);
  const refused = (code: number): ReadRequest => ({ type: 'refused', code, options });
  const isConditional = options.ifMatch !== undefined || options.ifNoneMatch !== undefined;
  if (badCritical !== undefined || isConditional) return refused(CODE.BAD_OPTION);
  if (hasBadHopLimit(message.options, options)) return refused(CODE.BAD_REQUEST);
  const method = methodOf(message.code);
  if (method === undefined) return refused(CODE.METHOD_NOT_ALLOWED);
  if (options.proxyUri !== undefined || options.proxyScheme !== undefined) return refused(CODE.PROXYING_NOT_SUPPORTED);
  return { type: 'request', method, options };
}

/** One of 0, or of more than a byte, is 4.00 although the option is elective. */
function hasBadHopLimit(raw: readonly RawOption[], { hopLimit }: CoapOptions): boolean {
  return hopLimit === undefined && raw.some(({ number }) => number === OPTION.HOP_LIMIT);
}
