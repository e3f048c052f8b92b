import { expect, it } from '@jest/globals';
import { localAddress } from './local-address.ts';

it.each([
  [0, '127.0.0.1:5683', 'linux', '127.1.1.1'],
  [253, '127.0.0.1:5683', 'linux', '127.1.1.254'],
  [254, '127.0.0.1:5683', 'linux', '127.1.2.1'],
  [254 * 254, '127.0.0.1:5683', 'linux', '127.2.1.1'],
  [5, '127.0.0.1:5683', 'darwin', '127.0.0.1'],
  [5, '192.0.2.7:5683', 'linux', '0.0.0.0'],
] as const)('device %d towards %s on %s is at %s', (index, server, platform, address) => {
  expect(localAddress(index, server, platform)).toBe(address);
});

it('no two of a hundred thousand share one', () => {
  expect(new Set(Array.from({ length: 100_000 }, (_, index) => localAddress(index, '127.0.0.1:1', 'linux'))).size).toBe(100_000);
});
