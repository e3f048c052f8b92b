import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { aDeviceRecord } from '@drover/testkit';
import { Endpoint } from '@drover/kernel';
import { DeviceShelf } from './device-shelf.ts';
import { RecordPacker } from './record-packer.ts';

const value = fc.letrec((tie) => ({
  any: fc.oneof(
    { depthSize: 'small' },
    fc.string(),
    fc.boolean(),
    fc.constant(null),
    fc.oneof(fc.integer(), fc.double(), fc.constantFrom(-0, NaN, Infinity, 1_764_547_200_000)),
    fc.array(fc.anything({ withNullPrototype: false, maxDepth: 1 })),
    fc.dictionary(fc.constantFrom('', 'a', 'a#', '1:a#', '{', '}', '=', '__proto__'), tie('any'), { noNullPrototype: true }),
  ),
})).any;
const record = fc.dictionary(fc.constantFrom('', 'x', 'y', 'unique', 'x#', '0:.', '__proto__'), value, { noNullPrototype: true });

it('gives every record back equal, in whatever order others come between', () => {
  fc.assert(
    fc.property(fc.array(record, { maxLength: 8 }), (records) => {
      const packer = new RecordPacker<object>(['unique']);
      const packed = records.map((each) => packer.pack(each));
      expect(packed.map((each) => packer.unpack(each))).toEqual(records);
    }),
  );
});

it('leaves members out that are undefined', () => {
  const packer = new RecordPacker<{ a?: number | undefined; b: number }>([]);
  expect(Object.keys(packer.unpack(packer.pack({ a: undefined, b: 1 })))).toEqual(['b']);
});

it('a shelf keeps devices as they were put there last', () => {
  const shelf = new DeviceShelf();
  const devices = Array.from({ length: 10_000 }, (_, index) => aDeviceRecord(`d${index}`, { 'battery.level': index % 100 }));
  for (const device of devices) shelf.set(device.endpoint, device);
  shelf.set(Endpoint('d3'), aDeviceRecord('d3', { 'battery.level': 7 }));
  expect([shelf.size, shelf.has(Endpoint('d9999')), shelf.get(Endpoint('elsewhere'))]).toEqual([10_000, true, undefined]);
  expect(shelf.get(Endpoint('d3'))?.facts['battery.level']?.value).toBe(7);
  expect(shelf.get(Endpoint('d5'))).toEqual(devices[5]);
  expect([...shelf.values()].filter(({ endpoint }) => endpoint !== 'd3')).toEqual(devices.filter(({ endpoint }) => endpoint !== 'd3'));
});
