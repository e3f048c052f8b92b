import { expect, it } from '@jest/globals';
import { factsOfValues } from './facts-of-values.ts';

it.each([
  ['/3/0/1', 'WM-300', { model: 'WM-300' }],
  ['/3/0/3', '', {}],
  ['/3/0/9', 80, { 'battery.level': 80 }],
  ['/3/0/9', 'high', {}],
  ['/3/0/20', 4, { 'battery.status': 'BatteryLow' }],
  ['/3/0/20', 99, {}],
  ['/3/0/7/0', 3600, { 'battery.voltage': 3.6 }],
  ['/4/0/0', 7, { 'radio.bearer': 'NB-IoT' }],
  ['/4/0/0', 6, { 'radio.bearer': 'LTE-M' }],
  ['/4/0/0', 42, { 'radio.bearer': 'other' }],
  ['/4/0/13', 0, { 'radio.ce': 0 }],
  ['/4/0/13', 3, { 'radio.ce': 2 }],
  ['/4/0/8', 27_447_297n, { 'radio.cell': 27_447_297 }],
  ['/5/0/9', 1, { 'update.delivery': 'Push' }],
  ['/3/0/6/0', 1, { 'power.mains': false }],
  ['/3/0/6/0', 6, { 'power.mains': true }],
  ['/33000/0/1', 'vendor', {}],
])('%s = %j gives %j', (path, value, facts) => {
  expect(factsOfValues([{ path, value }])).toEqual(facts);
});
