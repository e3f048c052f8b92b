import { describe, expect, it } from '@jest/globals';
import { aDevice } from '@drover/testkit';
import { bearerOf, carrierFor, isKnownCarrier } from './link-of.ts';

describe('a carrier', () => {
  it.each([
    ['NB-IoT', 42, true, 'NB-IoT'],
    ['NB-IoT', undefined, false, 'NB-IoT'],
    [undefined, undefined, false, 'NB-IoT'],
    ['LTE-M', undefined, false, 'LTE-M'],
    ['WLAN', undefined, true, 'other'],
    ['Ethernet', undefined, true, 'other'],
    ['other', undefined, true, 'other'],
  ] as const)('of bearer %s in cell %s is known: %s', (bearer, cell, isKnown, kind) => {
    const device = aDevice('d', { 'radio.bearer': bearer, 'radio.cell': cell });
    const carrier = carrierFor(device);
    expect([carrier.isKnown, isKnownCarrier(carrier.key), bearerOf(device)]).toEqual([isKnown, isKnown, kind]);
  });
});
