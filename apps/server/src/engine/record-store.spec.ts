import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Endpoint } from '@drover/kernel';
import { aDeviceRecord } from '@drover/testkit';
import { DeviceShelf } from './device-shelf.ts';
import { RecordStore } from './record-store.ts';

const text = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.constantFrom('Grüße', '電力量計', '\ud800'));
const value = fc.letrec((tie) => ({
  any: fc.oneof(
    { depthSize: 'small' },
    text,
    fc.boolean(),
    fc.constant(null),
    fc.oneof(fc.integer(), fc.double(), fc.constantFrom(-0, NaN, Infinity, 1_764_547_200_000)),
    // JSON has no minus zero, and nothing of ours is one.
    fc.array(fc.jsonValue({ maxDepth: 1 }).map((inner) => JSON.parse(JSON.stringify(inner)) as unknown)),
    fc.dictionary(fc.constantFrom('', 'a', '{', '}', '__proto__'), tie('any'), { noNullPrototype: true }),
  ),
})).any;
const record = fc.dictionary(fc.constantFrom('', 'x', 'y', 'unique', '.', '__proto__'), value, { noNullPrototype: true });

/** As JSON would give it back: what a row in the database holds. */
const stored = (object: object): object => JSON.parse(JSON.stringify(object)) as object;

it('gives every record back equal, whatever has been put, replaced and freed before', () => {
  const put = fc.record({ slot: fc.nat(4), record });
  fc.assert(
    fc.property(fc.array(fc.oneof(put, fc.nat(4)), { maxLength: 20 }), (changes) => {
      const store = new RecordStore<object>(['unique']);
      const slots = new Map<number, number>();
      const wanted = new Map<number, object>();
      for (const change of changes) {
        if (typeof change === 'number') {
          const slot = slots.get(change);
          if (slot !== undefined) store.free(slot);
          slots.delete(change);
          wanted.delete(change);
        } else {
          slots.set(change.slot, store.put(change.record, slots.get(change.slot)));
          wanted.set(change.slot, change.record);
        }
        for (const [name, slot] of slots) expect(store.get(slot)).toEqual(wanted.get(name));
      }
    }),
  );
});

it('keeps records of shapes that it has no more room for, and remembers no more of them', () => {
  fc.assert(
    fc.property(fc.array(record, { maxLength: 8 }), (records) => {
      const store = new RecordStore<object>([], { mostSteps: 3 });
      const slots = records.map((each) => store.put(stored(each)));
      expect(slots.map((slot) => store.get(slot))).toEqual(records.map(stored));
    }),
  );
});

it('leaves members out that are undefined', () => {
  const store = new RecordStore<{ a?: number | undefined; b: number }>([]);
  expect(Object.keys(store.get(store.put({ a: undefined, b: 1 })))).toEqual(['b']);
});

it('uses memory again, and has room for a record that is larger than a page', () => {
  const store = new RecordStore<{ text: string }>(['text']);
  const large = { text: 'x'.repeat(9 << 20) };
  const slot = store.put(large);
  const beside = store.put({ text: 'beside' });
  expect(store.get(slot)).toEqual(large);
  const { bytes } = store;
  for (let turn = 0; turn < 100_000; turn++) store.free(store.put({ text: `turn ${turn % 10}` }));
  expect(store.bytes).toBe(bytes);
  expect(store.get(beside)).toEqual({ text: 'beside' });
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
