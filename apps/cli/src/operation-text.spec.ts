import { describe, expect, it } from '@jest/globals';
import type { OperationView, ValueView } from '@drover/contracts';
import { operationText, valuesText, waitText } from './operation-text.ts';

const view = (change: Partial<OperationView> = {}): OperationView => ({
  id: 'a',
  endpoint: 'd',
  operation: 'read',
  path: '/3/0',
  paths: undefined,
  by: 'ann',
  askedAt: '2026-12-01T01:00:00.000Z',
  state: 'done',
  revision: 1,
  wait: undefined,
  answer: { code: '2.05', values: [] },
  failure: undefined,
  notifications: [],
  missed: 0,
  ended: undefined,
  ...change,
});
const lineOf = (value: ValueView): string => valuesText([value]).split('\n')[1] ?? '';

describe('a value is shown', () => {
  it.each<[ValueView, string]>([
    [{ path: '/3/0/9', value: 95, name: 'Battery Level', type: 'Integer', unit: '/100' }, '/3/0/9  Battery Level  95     /100'],
    [{ path: '/3/0/13', value: 1_767_225_600, name: 'Current Time', type: 'Time' }, '2026-01-01T00:00:00Z'],
    [{ path: '/3/0/13', value: 1e18, name: 'Current Time', type: 'Time' }, '1000000000000000000'],
    [{ path: '/10/0/9', value: 'AQI=', name: 'eDRX', type: 'Opaque' }, 'AQI=         base64'],
    [{ path: '/3/0/9', value: 255, name: 'Battery Level', outOfRange: true }, 'out of range'],
    [{ path: '/3/0/9', value: 5, time: 1_767_225_600 }, 'at 2026-01-01T00:00:00Z'],
    [{ path: '/26241/0/0', value: 'x\u001b[2J' }, 'x\\u001b[2J'],
  ])('%j', (value, text) => {
    expect(lineOf(value)).toContain(text);
  });
});

it.each<[Partial<OperationView>, string]>([
  [{}, 'no values'],
  [{ operation: 'write', path: '/1/0/1' }, 'write /1/0/1: done'],
  [{ operation: 'write-composite', path: undefined }, 'write-composite: done'],
  [{ operation: 'create', answer: { code: '2.01', values: [], created: '/3300/4' } }, 'created /3300/4'],
  [{ operation: 'create', answer: { code: '2.01', values: [] } }, 'created an instance'],
  [{ operation: 'discover', answer: { code: '2.05', values: [], links: [] } }, 'nothing there'],
  [{ answer: undefined }, ''],
])('%j says %j', (change, text) => {
  expect(operationText(view(change))).toContain(text);
});

it('shows links with what the device says of them', () => {
  const links = [{ path: '/5', name: 'Firmware Update', version: '1.1', dim: 2, attributes: { pmin: 1, pmax: 600 }, ignored: ['gt'] }];
  expect(operationText(view({ operation: 'discover', answer: { code: '2.05', values: [], links } }))).toContain(
    'ver=1.1 dim=2 pmin=1 pmax=600 gt=?',
  );
});

it('says why something waits, since when and until when', () => {
  const wait = { code: 'ASLEEP', evidence: 'the device sleeps', since: 'S', nextAt: 'N', until: 'U' };
  expect(waitText(view({ state: 'waiting', wait }))).toBe('waiting since S until U: ASLEEP: the device sleeps, next contact expected N');
  expect([waitText(view({ state: 'sent' })), waitText(view())]).toEqual(['sent, no answer yet', '']);
});

it('orders values by number, those of one path as they came', () => {
  const paths = ['/3/0/11/0', '/3/0/2', '/3/0', '/10/0/1', '/3/0/11', '/3/0/2'];
  const lines = valuesText(paths.map((path, value) => ({ path, value })))
    .split('\n')
    .slice(1);
  expect(lines.map((line) => line.split(/ +/).slice(0, 2).join(' '))).toEqual([
    '/3/0 2',
    '/3/0/2 1',
    '/3/0/2 5',
    '/3/0/11 4',
    '/3/0/11/0 0',
    '/10/0/1 3',
  ]);
});
