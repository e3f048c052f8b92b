import { expect, it } from '@jest/globals';
import { FormatMemory } from './format-memory.ts';

it('remembers by device and use', () => {
  const memory = new FormatMemory();
  memory.worked('a', 'read-many', 112);
  memory.worked('a', 'write-many', 'any');
  memory.worked('a', 'read-many', 110);
  expect([memory.formatFor('a', 'read-many'), memory.formatFor('a', 'write-many'), memory.formatFor('a', 'composite')]).toEqual([
    110,
    'any',
    undefined,
  ]);
  expect(memory.formatFor('b', 'read-many')).toBeUndefined();
});

it('hands on to the next device of a model what the last one liked, and lets each have its own way', () => {
  const memory = new FormatMemory();
  memory.isOf('a', 'WM-300');
  memory.isOf('b', 'WM-300');
  memory.worked('a', 'read-many', 11_542);
  memory.noteComposite('a', false);
  expect([memory.formatFor('b', 'read-many'), memory.knowsComposite('b')]).toEqual([11_542, false]);
  memory.worked('b', 'read-many', 112);
  expect([memory.formatFor('a', 'read-many'), memory.formatFor('b', 'read-many')]).toEqual([11_542, 112]);
  expect(memory.knowsComposite('c')).toBeUndefined();
});

it('tells all it knows of a device, its own before that of its model', () => {
  const memory = new FormatMemory();
  memory.isOf('a', 'WM-300');
  memory.isOf('b', 'WM-300');
  memory.worked('a', 'read-many', 11_542);
  memory.worked('a', 'write-one', 0);
  memory.worked('b', 'read-many', 112);
  memory.noteComposite('a', false);
  memory.worked('a', 'read-many', 110);
  expect(memory.known('b')).toEqual({
    formats: new Map([
      ['read-many', 112],
      ['write-one', 0],
    ]),
    composite: false,
  });
  expect(memory.known('c')).toEqual({ formats: new Map(), composite: undefined });
});

it('keeps what a device has shown when it tells its model afterwards', () => {
  const memory = new FormatMemory();
  memory.worked('a', 'read-one', 0);
  memory.isOf('a', '');
  memory.isOf('a', 'WM-300');
  expect(memory.formatFor('a', 'read-one')).toBe(0);
});

it('stays within its bound, and forgets what was learnt longest ago', () => {
  const memory = new FormatMemory(10);
  for (let index = 0; index < 1000; index++) {
    memory.isOf(`device ${index}`, `model ${index}`);
    memory.worked(`device ${index}`, 'read-many', 112);
  }
  expect(memory.size).toBe(20);
  expect([memory.formatFor('device 0', 'read-many'), memory.formatFor('device 999', 'read-many')]).toEqual([undefined, 112]);
});
