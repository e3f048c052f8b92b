import { expect, it } from '@jest/globals';
import { volumeText } from './index.ts';

it.each([
  [0, '0 bytes'],
  [999, '999 bytes'],
  [1000, '1.00 kB'],
  [84_736, '84.7 kB'],
  [999_950, '1000 kB'],
  [236e9, '236 GB'],
  [5e15, '5000 TB'],
])('%d bytes are %s', (bytes, text) => {
  expect(volumeText(bytes)).toBe(text);
});
