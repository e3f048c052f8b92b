import type { FirmwareOrder, Known, Method } from './firmware-types.ts';
import { DELIVERY_METHOD, PROTOCOL_SUPPORT } from './objects.ts';

/** An absent list means CoAP (Core E.6). */
export function protocolsOf(known: Known): readonly number[] {
  return known.protocols ?? [PROTOCOL_SUPPORT.coap];
}

/**
 * Pull before push when the device can do both: it can be resumed, and leaves the device manageable meanwhile. A URI
 * of a scheme the device does not list is never written. A device that hides its delivery method may do either.
 */
export function chooseMethod(order: FirmwareOrder, known: Known): Method | undefined {
  const delivery = known.deliveryMethod ?? DELIVERY_METHOD.BOTH;
  const pulls = delivery !== DELIVERY_METHOD.PUSH && protocolsOf(known).includes(PROTOCOL_SUPPORT[order.uriScheme]);
  const pushes = delivery !== DELIVERY_METHOD.PULL;
  if (pulls && order.method !== 'Push') return 'Pull';
  if (pushes && order.method !== 'Pull') return 'Push';
  return undefined;
}

/** Whether the State a device is in comes from this attempt: it has our URI, or we have pushed to it before. */
export function isOurs(order: FirmwareOrder, known: Known, { complete }: { complete: boolean }): boolean {
  if (known.uri === order.uri) return true;
  return order.keepOffset !== undefined && order.keepOffset > 0 && (!complete || order.keepOffset >= order.size);
}
