import { DEFAULT_NAMESPACE, Endpoint, Instant } from '@drover/kernel';
import type { Device, FactName, FactValue } from '@drover/fleet';

const HEALTHY: Partial<Record<FactName, FactValue>> = {
  model: 'WM-300',
  firmwareVersion: '1.0.0',
  'radio.bearer': 'NB-IoT',
  'radio.ce': 0,
  'radio.cell': 42,
  'radio.mcc': 262,
  'radio.mnc': 1,
  'battery.level': 80,
  'battery.status': 'Normal',
  'power.mains': false,
};

/** A healthy battery meter on NB-IoT; `undefined` takes a fact away. */
export function aDevice(name = 'd', facts: Partial<Record<FactName, FactValue | undefined>> = {}, at = Instant(0)): Device {
  const known = Object.entries({ ...HEALTHY, ...facts }).filter((entry): entry is [string, FactValue] => entry[1] !== undefined);
  return {
    namespace: DEFAULT_NAMESPACE,
    endpoint: Endpoint(name),
    labels: {},
    facts: Object.fromEntries(known.map(([key, value]) => [key, { value, at }])),
    firstSeenAt: at,
    lastContactAt: at,
  };
}
