import { expect, it } from '@jest/globals';
import { DEFAULT_NAMESPACE, Endpoint, Instant } from '@drover/kernel';
import { carrierOf, isCellKnown, type Device, type FactName } from './index.ts';

const device = (facts: Partial<Record<FactName, string | number>>): Device => ({
  namespace: DEFAULT_NAMESPACE,
  endpoint: Endpoint('d'),
  labels: {},
  facts: Object.fromEntries(Object.entries(facts).map(([name, value]) => [name, { value, at: Instant(0) }])),
  firstSeenAt: undefined,
  lastContactAt: undefined,
});
const operator = { 'radio.mcc': 262, 'radio.mnc': 1, 'radio.bearer': 'NB-IoT' };

it.each<[string, Partial<Record<FactName, string | number>>, string, boolean]>([
  ['a cell', { ...operator, 'radio.cell': 0x1a2b00, 'radio.area': 7 }, '262-1/1A2B00/NB-IoT', true],
  ['an area without a cell', { ...operator, 'radio.area': 0x2f }, '262-1/?2F/NB-IoT', false],
  ['an operator alone', operator, '262-1/?/NB-IoT', false],
  ['nothing', {}, '?-?/?/unknown', false],
])('a device that tells %s is on this carrier', (_what, facts, carrier, isKnown) => {
  expect([carrierOf(device(facts)), isCellKnown(device(facts))]).toEqual([carrier, isKnown]);
});
