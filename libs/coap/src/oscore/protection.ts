import { CODE } from '../codes.ts';
import type { CoapOptions } from '../options.ts';
import { OPTION, writeOptions } from '../options.ts';
import { NO_BYTES, type RawOption } from '../message.ts';
import type { OscoreContext } from './context.ts';
import { OscoreError } from './errors.ts';
import { decodeOscoreOption, encodeOscoreOption, sequenceOf, type OscoreOption } from './option.ts';
import { open, seal, type InnerMessage, type RequestBinding } from './sealing.ts';

/** What goes outside: the OSCORE option, and the sealed message as payload. */
export interface Sealed {
  readonly oscore: Uint8Array;
  readonly payload: Uint8Array;
}

/** Of the others nothing is sealed (RFC 8613 section 4.1): where a message goes is for everybody to read. */
const OUTER: readonly number[] = [OPTION.URI_HOST, OPTION.URI_PORT, OPTION.HOP_LIMIT, OPTION.PROXY_URI, OPTION.PROXY_SCHEME, OPTION.OSCORE];

export const innerOptions = (options: readonly RawOption[]): RawOption[] => options.filter(({ number }) => !OUTER.includes(number));

/** A request of ours, with a number of its own. Throws OSCORE_SEQUENCE_EXHAUSTED. */
export function protectRequest(context: OscoreContext, inner: InnerMessage): { sealed: Sealed; binding: RequestBinding } {
  const { keys } = context;
  const binding = { kid: keys.senderId, piv: context.nextPiv() };
  const oscore = encodeOscoreOption({ ...binding, kidContext: keys.idContext });
  return { sealed: { oscore, payload: seal(keys, inner, { id: keys.senderId, piv: binding.piv }, binding) }, binding };
}

/**
 * A request of the other side (section 8.2). Throws OSCORE_OPTION, OSCORE_REPLAY, OSCORE_DECRYPTION or OSCORE_MESSAGE. That it was
 * received is for the caller to say, once the context is in no doubt about it.
 */
export function openRequest(
  context: OscoreContext,
  { piv, kid }: OscoreOption,
  payload: Uint8Array,
): { inner: InnerMessage; binding: RequestBinding } {
  if (piv === undefined || kid === undefined) throw new OscoreError('OSCORE_OPTION', 'a request names its sender and has a number');
  if (!context.isNew(sequenceOf(piv))) throw new OscoreError('OSCORE_REPLAY', `number ${sequenceOf(piv)} was received before`);
  const binding = { kid: kid.slice(), piv: piv.slice() };
  return { inner: open(context.keys, payload, { id: binding.kid, piv: binding.piv }, binding), binding };
}

/**
 * The answer to a request of the other side. With the number of the request, which is good for one answer, or with one of our
 * own (section 8.3): of notifications, and where the request may have been answered before.
 */
export function protectResponse(
  context: OscoreContext,
  binding: RequestBinding,
  inner: InnerMessage,
  { ownNumber }: { readonly ownNumber: boolean },
): Sealed {
  const { keys } = context;
  const piv = ownNumber ? context.nextPiv() : undefined;
  const nonce = piv ? { id: keys.senderId, piv } : { id: keys.recipientId, piv: binding.piv };
  return { oscore: encodeOscoreOption({ piv }), payload: seal(keys, inner, nonce, binding) };
}

/** An answer to a request of ours (section 8.4), with its own number where it has one: the order of notifications. */
export function openResponse(
  { keys }: OscoreContext,
  binding: RequestBinding,
  { oscore, payload }: Sealed,
): { inner: InnerMessage; sequence: number | undefined } {
  const { piv } = decodeOscoreOption(oscore);
  const nonce = piv ? { id: keys.recipientId, piv } : { id: keys.senderId, piv: binding.piv };
  return { inner: open(keys, payload, nonce, binding), sequence: piv && sequenceOf(piv) };
}

/** What an answer of ours has inside. Observe is empty there: the number outside orders notifications (section 4.1.3.5.2). */
export function innerResponse(code: number, options: Partial<CoapOptions>, payload: Uint8Array = NO_BYTES): InnerMessage {
  const inside = options.observe === undefined ? options : { ...options, observe: 0 };
  return { code, options: innerOptions(writeOptions(inside)), payload };
}

/** How a request that cannot be opened is answered, unprotected (section 8.2). */
export function refusalOf({ code }: OscoreError): { code: number; text: string } {
  switch (code) {
    case 'OSCORE_OPTION':
      return { code: CODE.BAD_OPTION, text: 'Failed to decode COSE' };
    case 'OSCORE_UNKNOWN_CONTEXT':
      return { code: CODE.UNAUTHORIZED, text: 'Security context not found' };
    case 'OSCORE_REPLAY':
      return { code: CODE.UNAUTHORIZED, text: 'Replay detected' };
    case 'OSCORE_SEQUENCE_EXHAUSTED':
      return { code: CODE.SERVICE_UNAVAILABLE, text: '' };
    default:
      return { code: CODE.BAD_REQUEST, text: 'Decryption failed' };
  }
}
