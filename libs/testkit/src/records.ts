import { DEFAULT_NAMESPACE, Instant } from '@drover/kernel';
import type { FactName, FactValue } from '@drover/fleet';
import type { DeviceRecord, RegistrationRecord, TimelineRecord, TokenRecord } from '@drover/persistence';
import { aDevice } from './devices.ts';

export function aRegistration(change: Partial<RegistrationRecord> = {}): RegistrationRecord {
  return {
    location: 'rd/1',
    lifetimeS: 86_400,
    lwm2mVersion: '1.1',
    binding: 'U',
    queueMode: false,
    address: '192.0.2.1:5683',
    links: '</>;rt="oma.lwm2m";ct=112,</1/0>,</3/0>,</4/0>,</5/0>',
    registeredAt: Instant(0),
    refreshedAt: Instant(0),
    ...change,
  };
}

/** A healthy device that is registered and listens, as a row. */
export function aDeviceRecord(
  name = 'd',
  facts: Partial<Record<FactName, FactValue | undefined>> = {},
  change: Partial<DeviceRecord> = {},
): DeviceRecord {
  return { ...aDevice(name, facts), registration: aRegistration(), pattern: undefined, findings: [], ...change };
}

export function aToken(id: string, change: Partial<TokenRecord> = {}): TokenRecord {
  return { id, name: `name of ${id}`, role: 'viewer', hash: id, createdAt: Instant(0), revokedAt: undefined, ...change };
}

export function aTimelineEntry(kind: string, at = Instant(0), name = 'd'): TimelineRecord {
  return { namespace: DEFAULT_NAMESPACE, endpoint: aDevice(name).endpoint, at, kind, detail: { kind } };
}
