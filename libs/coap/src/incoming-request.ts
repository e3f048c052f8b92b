import { CODE, methodOf } from './codes.ts';
import type { Method } from './codes.ts';
import { readOptions } from './options.ts';
import type { CoapOptions } from './options.ts';
import type { RawOption } from './message.ts';

export type ReadRequest =
  | { readonly type: 'request'; readonly method: Method; readonly options: CoapOptions }
  /** `code` is the answer that the request gets at once. */
  | { readonly type: 'refused'; readonly code: number };

/**
 * What every request goes through before it is handed out: critical options (RFC 7252 section 5.4.1), conditions, which no
 * resource of ours can heed, the method, and that we are no proxy (section 5.7.2).
 */
export function readRequest(message: { readonly code: number; readonly options: readonly RawOption[] }, maxSzx?: number): ReadRequest {
  const { options, badCritical } = readOptions(message, maxSzx);
  const isConditional = options.ifMatch !== undefined || options.ifNoneMatch !== undefined;
  if (badCritical !== undefined || isConditional) return { type: 'refused', code: CODE.BAD_OPTION };
  const method = methodOf(message.code);
  if (method === undefined) return { type: 'refused', code: CODE.METHOD_NOT_ALLOWED };
  if (options.proxyUri !== undefined || options.proxyScheme !== undefined) return { type: 'refused', code: CODE.PROXYING_NOT_SUPPORTED };
  return { type: 'request', method, options };
}
