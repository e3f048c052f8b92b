import type { Instant } from '@drover/kernel';
import type { DeviceRecord } from '@drover/persistence';
import { serverInstance } from '../engine/server-instance.ts';

/** Whether a device can be sent to the bootstrap server now. `OWN_REQUEST`: it speaks LwM2M 1.0, or has several accounts. */
export function reachOf(
  device: DeviceRecord | undefined,
  awakeUntil: Instant | undefined,
  now: Instant,
): 'LISTENS' | 'ASLEEP' | 'NOT_REGISTERED' | 'OWN_REQUEST' {
  if (!device?.registration) return 'NOT_REGISTERED';
  if (device.registration.lwm2mVersion === '1.0' || serverInstance(device) === undefined) return 'OWN_REQUEST';
  return !device.registration.queueMode || now <= (awakeUntil ?? 0) ? 'LISTENS' : 'ASLEEP';
}
