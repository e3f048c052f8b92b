import type { DeviceRecord } from '@drover/persistence';

/** Those of one namespace. */
export function* devicesIn(devices: Iterable<DeviceRecord>, namespace: string): Generator<DeviceRecord> {
  for (const device of devices) if (device.namespace === namespace) yield device;
}
