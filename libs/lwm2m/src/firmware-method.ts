import type { Conversation, FirmwareOrder, Known, Method, PackageUri } from './firmware-types.ts';
import { DELIVERY_METHOD, PROTOCOL_SUPPORT } from './objects.ts';
import { isWithin } from './paths.ts';
import type { ResourceValue } from './values.ts';

export function protocolList(values: readonly ResourceValue[], path: string | undefined): number[] {
  if (path === undefined) return [];
  return values.flatMap(({ path: at, value }) => (isWithin(at, path) && typeof value === 'number' ? [value] : []));
}

/** An absent list means CoAP (Core E.6). */
export function protocolsOf(known: Known): readonly number[] {
  return known.protocols ?? [PROTOCOL_SUPPORT.coap];
}

type Choosing = Pick<Conversation, 'order' | 'known' | 'paths'>;

/** A URI of a scheme the device does not list is never written. Object 9 has no list: there the device's Result tells. */
export function usableUris({ order, known, paths }: Choosing): readonly PackageUri[] {
  if (paths.protocols === undefined) return order.uris;
  const protocols = protocolsOf(known);
  return order.uris.filter(({ scheme }) => protocols.includes(PROTOCOL_SUPPORT[scheme]));
}

/**
 * Pull before push when the device can do both: it can be resumed, and leaves the device manageable meanwhile. A device
 * that hides its delivery method may do either.
 */
export function chooseMethod(c: Choosing): Method | undefined {
  const { order } = c;
  if (mayPull(c) && order.method !== 'Push') return 'Pull';
  return mayPush(c) && order.method !== 'Pull' ? 'Push' : undefined;
}

function mayPull(c: Choosing): boolean {
  return (c.known.deliveryMethod ?? DELIVERY_METHOD.BOTH) !== DELIVERY_METHOD.PUSH && usableUris(c).length > 0;
}

export function mayPush({ known }: Pick<Choosing, 'known'>): boolean {
  return (known.deliveryMethod ?? DELIVERY_METHOD.BOTH) !== DELIVERY_METHOD.PULL;
}

export function uriOf(c: Choosing & Pick<Conversation, 'uriAt'>): PackageUri | undefined {
  return usableUris(c)[c.uriAt];
}

/** By CoAP the blocks come from us, and a block is a sign of life; a file host tells nothing. */
export function isServedByUs({ scheme }: PackageUri): boolean {
  return scheme.startsWith('coap');
}

/** Whether a device of this class goes on where a transfer was interrupted. */
export function resumes({ resume = 'Both' }: FirmwareOrder, method: Method): boolean {
  return resume === 'Both' || resume === method;
}

/**
 * Whether the State a device is in comes from this attempt: it has one of our URIs, or we have sent to it before. An
 * instance of Object 9 never shows its URI, but names what was delivered.
 */
export function isOurs({ order, known, paths }: Choosing, { complete }: { complete: boolean }): boolean {
  if (known.uri !== undefined && order.uris.some(({ uri }) => uri === known.uri)) return true;
  const isNamed = known.packageName === order.target?.component && known.packageVersion === order.expectedVersion;
  if (paths.activate !== undefined && complete && isNamed) return true;
  const { keepOffset } = order;
  if (keepOffset === undefined) return false;
  if (complete) return keepOffset > 0 && keepOffset >= order.size;
  // Begun before, and the device does not say with what: nobody else has offered it anything.
  return keepOffset > 0 || known.uri === undefined;
}
