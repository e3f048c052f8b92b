import { describe, expect, it } from '@jest/globals';
import { ObjectModels } from './object-models.ts';
import type { DeviceOperation } from './operation.ts';
import { operationFrom, type OperationOrder } from './operation-order.ts';
import { loggedValue, plainOf } from './plain-value.ts';

const models = ObjectModels.with();
const code = (order: OperationOrder): unknown => {
  try {
    return operationFrom(order, models);
  } catch (error) {
    return (error as { code: string }).code;
  }
};

it.each<[OperationOrder, DeviceOperation]>([
  [
    { operation: 'read', path: '/003/0' },
    { type: 'read', path: '/3/0' },
  ],
  [
    { operation: 'discover', path: '/5', depth: 2 },
    { type: 'discover', path: '/5', depth: 2 },
  ],
  [
    { operation: 'observe', path: '/5/0/3' },
    { type: 'observe', path: '/5/0/3' },
  ],
  [
    { operation: 'delete', path: '/1/7' },
    { type: 'delete', path: '/1/7' },
  ],
  [
    { operation: 'write', path: '/1/0/1', value: '300' },
    { type: 'write', path: '/1/0/1', value: 300 },
  ],
  [
    { operation: 'write', path: '/1/0/6', value: true },
    { type: 'write', path: '/1/0/6', value: true },
  ],
  [
    { operation: 'write', path: '/26241/0/0', value: '300' },
    { type: 'write', path: '/26241/0/0', value: '300' },
  ],
  [
    { operation: 'update', path: '/1/0', data: { '1': 60 } },
    { type: 'update', path: '/1/0', values: [{ path: '/1/0/1', value: 60 }] },
  ],
  [
    { operation: 'replace', path: '/2/0/2', data: [7] },
    { type: 'replace', path: '/2/0/2', values: [{ path: '/2/0/2/0', value: 7 }] },
  ],
  [
    { operation: 'execute', path: '/1/0/8', arguments: "0='U'" },
    { type: 'execute', path: '/1/0/8', arguments: [{ id: 0, value: 'U' }] },
  ],
  [
    { operation: 'create', path: '/1', data: { '1': 60 } },
    { type: 'create', path: '/1', values: [{ path: '/1/0/1', value: 60 }] },
  ],
  [
    { operation: 'create', path: '/1', instance: 7, data: { '1': 60 } },
    { type: 'create', path: '/1', instance: 7, values: [{ path: '/1/7/1', value: 60 }] },
  ],
  [
    { operation: 'create', path: '/1' },
    { type: 'create', path: '/1', values: [] },
  ],
  [
    { operation: 'read-composite', paths: ['/3/0/3', '/05/0'] },
    { type: 'read-composite', paths: ['/3/0/3', '/5/0'] },
  ],
  [
    { operation: 'write-composite', data: { '/1/0/1': 60 } },
    { type: 'write-composite', values: [{ path: '/1/0/1', value: 60 }] },
  ],
  [
    { operation: 'write-attributes', path: '/3/0/9', attributes: { pmin: 5 }, unset: ['pmax'] },
    { type: 'write-attributes', path: '/3/0/9', attributes: { pmin: 5 }, unset: ['pmax'] },
  ],
])('%j', (order, operation) => {
  expect(operationFrom(order, models)).toEqual(operation);
});

it.each<[OperationOrder, string]>([
  [{ operation: 'read' }, 'VALUE_INVALID'],
  [{ operation: 'read', path: 'x' }, 'PATH_INVALID'],
  [{ operation: 'write', path: '/1/0/1' }, 'VALUE_INVALID'],
  [{ operation: 'write', path: '/1/0/1', value: 'long' }, 'VALUE_INVALID'],
  [{ operation: 'update', path: '/1/0' }, 'VALUE_INVALID'],
  [{ operation: 'discover', path: '/5', depth: 4 }, 'VALUE_INVALID'],
  [{ operation: 'execute', path: '/1/0/8', arguments: 'U' }, 'ARGUMENTS_INVALID'],
  [{ operation: 'create', path: '/1/0' }, 'PATH_INVALID'],
  [{ operation: 'create', path: '/1', instance: 65_535, data: { '1': 60 } }, 'PATH_INVALID'],
  [{ operation: 'read-composite' }, 'VALUE_INVALID'],
])('%j is refused: %s', (order, expected) => {
  expect(code(order)).toBe(expected);
});

describe('values leave as plain JSON', () => {
  it.each([
    [Uint8Array.of(1, 2), 'AQI='],
    [2n ** 60n, '1152921504606846976'],
    [{ object: 66, instance: 0 }, '66:0'],
    [1.5, 1.5],
    [false, false],
  ])('%p as %j', (value, expected) => {
    expect(plainOf({ path: '/1/0/0', value, unit: 's' }, 0)).toEqual({ path: '/1/0/0', value: expected, unit: 's' });
  });

  it('with times of their own, counted from 1970', () => {
    expect(plainOf({ path: '/1/0/0', value: 1, time: -5, timeIsRelative: true }, 1000)).toMatchObject({ time: 995 });
    expect(plainOf({ path: '/1/0/0', value: 1, time: 1_700_000_000 }, 1000)).toMatchObject({ time: 1_700_000_000 });
  });
});

it.each([
  ['/1/0/1', 300, { value: 300 }],
  ['/3/0/15', 'x'.repeat(300), { value: 'x'.repeat(255) }],
  ['/10/0/9', Uint8Array.of(1), { hidden: 'bytes' }],
  ['/5/0/0', 'bytes in disguise', { hidden: 'bytes' }],
  ['/0/0/0', 'coaps://x', { hidden: 'confidential' }],
  ['/21/0/3', 1, { hidden: 'confidential' }],
  ['/11/0/6', 'hunter2', { hidden: 'confidential' }],
  ['/9/0/15', 'hunter2', { hidden: 'confidential' }],
  ['/26241/0/0', 'who knows', { hidden: 'unknown resource' }],
])('the log shows of %s no more than it may', (path, value, expected) => {
  expect(loggedValue({ path, value }, models)).toEqual({ path, ...expected });
});
