import { describe, expect, it } from '@jest/globals';
import { changesDevice, isRepeatable, type DeviceOperation } from './operation.ts';
import { ruleAgainst } from './operator-rules.ts';

const one = (path: string): DeviceOperation => ({ type: 'write', path, value: 1 });
const update = (path: string, ...paths: string[]): DeviceOperation => ({
  type: 'update',
  path,
  values: paths.map((each) => ({ path: each, value: 1 })),
});

describe('the way of an image belongs to campaigns', () => {
  it.each<[string, DeviceOperation]>([
    ['the package', one('/5/0/0')],
    ['the package by its instance', one('/5/0/0/0')],
    ['the URI', one('/5/0/1')],
    ['the URI in odd dress', one('/005/0/01')],
    ['the update', { type: 'execute', path: '/5/0/2' }],
    ['the update that asks nobody', one('/5/0/14')],
    ['a resource in the instance', update('/5/0', '/5/0/11', '/5/0/1')],
    ['the instance as a whole', { type: 'replace', path: '/5/0', values: [] }],
    ['the instance, to be rid of it', { type: 'delete', path: '/5/0' }],
    ['a new instance with a URI in it', { type: 'create', path: '/5', values: [{ path: '/5/0/1', value: 'coap://x' }] }],
    ['one among many', { type: 'write-composite', values: ['/1/0/1', '/5/0/1'].map((path) => ({ path, value: 1 })) }],
    ['a software package', one('/9/3/2')],
    ['the URI of software', one('/9/3/3')],
    ['the installation of software', { type: 'execute', path: '/9/3/4' }],
    ['the software itself', { type: 'delete', path: '/9/3' }],
    ['the package of a component', one('/33629/1/0')],
    ['the update of a component', { type: 'execute', path: '/33629/1/2' }],
  ])('%s', (_name, operation) => {
    expect(ruleAgainst(operation)?.code).toBe('CAMPAIGN_ONLY');
  });
});

describe('keys are nobody’s to read or write', () => {
  it.each<DeviceOperation>([
    { type: 'read', path: '/0' },
    { type: 'read', path: '/00/0/5' },
    { type: 'discover', path: '/21/0' },
    { type: 'observe', path: '/0/0/0' },
    { type: 'write-attributes', path: '/21', attributes: { pmin: 1 } },
    { type: 'read-composite', paths: ['/3/0/3', '/0/0'] },
    { type: 'observe-composite', paths: ['/21/0/0'] },
    { type: 'create', path: '/0', values: [] },
    { type: 'delete', path: '/0/1' },
    { type: 'execute', path: '/0/0/1' },
    { type: 'replace', path: '/23/0', values: [] },
    { type: 'write-composite', values: [{ path: '/0/0/5', value: 'x' }] },
  ])('%j', (operation) => {
    expect(ruleAgainst(operation)?.code).toBe('OBJECT_SECRET');
  });
});

it.each<DeviceOperation>([
  { type: 'read', path: '/5/0' },
  { type: 'read', path: '/5/0/1' },
  { type: 'observe', path: '/5/0/3' },
  { type: 'discover', path: '/9' },
  { type: 'write-attributes', path: '/5/0', attributes: { pmax: 60 } },
  { type: 'execute', path: '/3/0/4' },
  { type: 'execute', path: '/5/0/10' },
  one('/5/0/11'),
  update('/5/0', '/5/0/11'),
  one('/1/0/1'),
  { type: 'create', path: '/9', values: [] },
  { type: 'delete', path: '/3300/1' },
])('nothing stands against %j', (operation) => {
  expect(ruleAgainst(operation)).toBeUndefined();
});

it('knows what changes a device, and what may be sent twice', () => {
  const types: DeviceOperation['type'][] = [
    'read',
    'write',
    'replace',
    'update',
    'write-attributes',
    'execute',
    'create',
    'delete',
    'write-composite',
  ];
  const of = (type: string) => ({ type }) as DeviceOperation;
  expect(types.filter((type) => changesDevice(of(type)))).toEqual(types.slice(1));
  expect(types.filter((type) => !isRepeatable(of(type)))).toEqual(['execute', 'create', 'delete']);
});
