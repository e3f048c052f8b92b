import { expect, it } from '@jest/globals';
import { pathsOf, standingOf } from './index.ts';

it.each([
  ['Firmware', 0, { state: '/5/0/3', result: '/5/0/5', execute: '/5/0/2', automaticUpgrade: '/5/0/14' }],
  ['Firmware', 1, { state: '/5/1/3', packageUri: '/5/1/1', cancel: '/5/1/10' }],
  ['AdvancedFirmware', 2, { state: '/33629/2/3', currentVersion: '/33629/2/15', linked: '/33629/2/16' }],
  ['Software', 7, { state: '/9/7/7', result: '/9/7/9', execute: '/9/7/4', uninstall: '/9/7/6', activation: '/9/7/12' }],
] as const)('%s instance %d', (object, instance, paths) => {
  expect(pathsOf({ object, instance })).toMatchObject(paths);
});

it('Object 9 has neither a list of protocols nor a Cancel, and 33629 no automatic upgrade', () => {
  expect(pathsOf({ object: 'Software', instance: 0 })).not.toHaveProperty('protocols');
  expect(pathsOf({ object: 'Software', instance: 0 })).not.toHaveProperty('cancel');
  expect(pathsOf({ object: 'AdvancedFirmware', instance: 0 })).not.toHaveProperty('automaticUpgrade');
});

it.each([
  ['Firmware', 2, 8, { state: 2, result: 8 }],
  ['AdvancedFirmware', 0, 12, { state: 0, result: 12 }],
  ['Software', 0, 0, { state: 0, result: 0, installed: false }],
  ['Software', 1, 1, { state: 1, result: 0, installed: false }],
  ['Software', 2, 3, { state: 1, result: 0, installed: false }],
  ['Software', 3, 3, { state: 2, result: 0, installed: false }],
  ['Software', 3, 58, { state: 2, result: 8, installed: false }],
  ['Software', 4, 2, { state: 0, result: 1, installed: true }],
  ['Software', 4, 59, { state: 0, result: 1, installed: true }],
  ['Software', 0, 50, { state: 0, result: 2, installed: false }],
  ['Software', 0, 51, { state: 0, result: 3, installed: false }],
  ['Software', 0, 52, { state: 0, result: 4, installed: false }],
  ['Software', 0, 53, { state: 0, result: 5, installed: false }],
  ['Software', 0, 54, { state: 0, result: 6, installed: false }],
  ['Software', 0, 55, { state: 0, result: 255, installed: false }],
  ['Software', 0, 56, { state: 0, result: 7, installed: false }],
  ['Software', 0, 57, { state: 0, result: 8, installed: false }],
  ['Software', 0, 58, { state: 0, result: 8, installed: false }],
  ['Software', 0, 200, { state: 0, result: 255, installed: false }],
  ['Software', 5, 0, undefined],
] as const)('%s State %d, Result %d', (object, state, result, standing) => {
  expect(standingOf(object, state, result)).toEqual(standing);
});
