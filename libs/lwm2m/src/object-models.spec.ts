import { describe, expect, it } from '@jest/globals';
import { BUILT_IN_OBJECTS } from './built-in-objects.ts';
import { compareObjectVersions } from './object-model.ts';
import type { ObjectModel, ResourceModel } from './object-model.ts';
import { BUILT_IN, ObjectModels } from './object-models.ts';

const resource = (id: number, change: Partial<ResourceModel> = {}): ResourceModel => ({
  id,
  name: `r${id}`,
  operations: 'RW',
  type: 'Integer',
  multiple: false,
  mandatory: false,
  ...change,
});
const model = (id: number, version: string, resources: readonly ResourceModel[]): ObjectModel => ({
  id,
  name: `o${id}`,
  version,
  lwm2mVersion: '1.1',
  multiple: true,
  mandatory: false,
  resources,
});

describe('built in', () => {
  it('are the objects a campaign meets', () => {
    expect(BUILT_IN_OBJECTS.map(({ id }) => id).sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 13, 19, 21, 33_629]);
  });

  it.each<[string, Partial<ResourceModel>]>([
    ['/3/0/9', { name: 'Battery Level', operations: 'R', type: 'Integer', rangeText: '0..100', unit: '/100', mandatory: false }],
    ['/3/0/7/1', { name: 'Power Source Voltage', multiple: true, unit: 'mV' }],
    ['/3/0/4', { name: 'Reboot', operations: 'E', type: 'None', mandatory: true }],
    ['/5/0/0', { name: 'Package', operations: 'W', type: 'Opaque' }],
    ['/5/0/13', { type: 'Unsigned', unit: 's' }],
    ['/1/1/1', { name: 'Lifetime', operations: 'RW', mandatory: true }],
    ['/0/0/5', { name: 'Secret Key', operations: '' }],
    ['/33629/2/5', { name: 'Update Result', range: { of: 'value', spans: [{ min: 0, max: 13 }] } }],
  ])('%s', (path, expected) => {
    expect(BUILT_IN.resource(path)).toMatchObject(expected);
  });

  it('have no name, no type and no resource for what is unknown or no resource', () => {
    for (const path of ['/', '/3', '/3/0', '/3/0/999', '/26241/0/0']) expect(BUILT_IN.resource(path)).toBeUndefined();
    expect([BUILT_IN.typeOf(3, 4), BUILT_IN.typeOf(3, 9), BUILT_IN.typeOf(65_535, 0)]).toEqual([undefined, 'Integer', undefined]);
  });

  it('never give one number to two resources', () => {
    for (const { resources } of BUILT_IN_OBJECTS) expect(new Set(resources.map(({ id }) => id)).size).toBe(resources.length);
  });
});

describe('several versions of one object', () => {
  const models = ObjectModels.with([
    model(3300, '1.0', [resource(1, { name: 'old' }), resource(2)]),
    model(3300, '1.10', [resource(1, { name: 'new' }), resource(3)]),
    model(3300, '1.9', [resource(1, { name: 'middle' })]),
  ]);

  it('the newest answers when nobody says which', () => {
    expect(models.object(3300)?.version).toBe('1.10');
    expect(models.resource('/3300/0/1')?.name).toBe('new');
  });

  it.each([
    ['1.0', 'old'],
    ['1.9', 'middle'],
    ['1.10', 'new'],
    ['7.7', 'new'],
  ])('a device that announces %s has the resource of %s', (version, name) => {
    const device = models.for([{ object: 3300, version }]);
    expect(device.resource('/3300/0/1')?.name).toBe(name);
  });

  it('a resource that the announced version lacks is found in a newer one', () => {
    expect(models.for([{ object: 3300, version: '1.0' }]).resource('/3300/0/3')?.name).toBe('r3');
  });

  it('asks by version where one is named', () => {
    expect(models.object(3300, '1.9')?.version).toBe('1.9');
    expect(models.object(9999)).toBeUndefined();
  });
});

it('a loaded definition takes the place of a built-in one, and only of that version', () => {
  const models = ObjectModels.with([
    model(3, '1.2', [resource(3, { name: 'ours', type: 'String' })]),
    model(4, '1.0', [resource(0, { name: 'first edition' })]),
  ]);
  expect(models.resource('/3/0/3')?.name).toBe('ours');
  expect(models.resource('/3/0/9')).toBeUndefined();
  expect(models.resource('/4/0/0')?.name).toBe('Network Bearer');
  expect(models.for([{ object: 4, version: '1.0' }]).resource('/4/0/0')?.name).toBe('first edition');
});

it('refuses two definitions of one version', () => {
  expect(() => ObjectModels.with([model(3300, '1.0', []), model(3301, '1.0', []), model(3300, '1.0', [])])).toThrow(
    expect.objectContaining({ code: 'MODEL_DUPLICATE', message: expect.stringContaining('object 3300 version 1.0') }),
  );
});

it('compares versions by number', () => {
  expect(['1.10', '2.0', '1.9', '1.0'].sort(compareObjectVersions)).toEqual(['1.0', '1.9', '1.10', '2.0']);
});
