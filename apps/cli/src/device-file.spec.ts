import { describe, expect, it } from '@jest/globals';
import { readDeviceFile } from './device-file.ts';

describe('readDeviceFile', () => {
  it('reads CSV with quoted cells; other columns are labels', () => {
    expect(readDeviceFile('a.csv', 'endpoint,site,product\r\nurn:a,"Main St, 1",wm-300\n\nurn:b,,"say ""hi"""\n')).toEqual([
      { endpoint: 'urn:a', site: 'Main St, 1', labels: { product: 'wm-300' } },
      { endpoint: 'urn:b', labels: { product: 'say "hi"' } },
    ]);
  });
  it('reads what is in a battery as a number', () => {
    const read = { endpoint: 'urn:a', batteryCapacityMah: 8500, labels: {} };
    expect(readDeviceFile('a.csv', 'endpoint,batteryCapacityMah\nurn:a,8500\n')).toEqual([read]);
    expect(readDeviceFile('a.json', '[{"endpoint":"urn:a","batteryCapacityMah":8500}]')).toEqual([read]);
  });
  it('reads JSON', () => {
    expect(readDeviceFile('a.json', '[{"endpoint":"urn:a","timeZone":"Europe/Berlin","labels":{"product":"x"}}]')).toEqual([
      { endpoint: 'urn:a', timeZone: 'Europe/Berlin', labels: { product: 'x' } },
    ]);
  });
  it.each([
    ['no header', 'urn:a,b\n', 'a.csv:1'],
    ['too few cells', 'endpoint,site\nurn:a\n', 'a.csv:2'],
    ['a battery of nothing', 'endpoint,batteryCapacityMah\nurn:a,0\n', 'a.csv:2'],
    ['no endpoint', 'endpoint,site\n,x\n', 'a.csv:2'],
    ['an open quote', 'endpoint,site\nurn:a,"x\n', 'a.csv:2'],
    ['broken JSON', '[{', 'a.csv:1'],
    ['an entry that is no object', '[1]', 'a.csv:1'],
  ])('refuses %s with its place', (_name, text, place) => {
    expect(() => readDeviceFile('a.csv', text)).toThrow(
      expect.objectContaining({ code: 'DEVICE_FILE_INVALID', message: expect.stringContaining(place) }),
    );
  });
});
