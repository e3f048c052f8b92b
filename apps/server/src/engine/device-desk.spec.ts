import { beforeEach, expect, it } from '@jest/globals';
import { DEFAULT_NAMESPACE, Endpoint, Namespace } from '@drover/kernel';
import { aDeviceRecord } from '@drover/testkit';
import { ANN, NOW, TestEngine } from '../../../../test/support/engine.ts';
import { DeviceDesk } from './device-desk.ts';

let test: TestEngine;
let desk: DeviceDesk;

beforeEach(() => {
  test = new TestEngine();
  desk = new DeviceDesk(test.engine);
});

it('adds what the asset system knows and keeps what the device told', async () => {
  test.putDevice(aDeviceRecord('known', { model: 'WM-300' }, { labels: { old: 'label' } }));
  const devices = ['known', 'new'].map((endpoint) => ({ endpoint, labels: { site: 'mill' }, timeZone: 'Europe/Berlin' }));
  expect(await desk.import(DEFAULT_NAMESPACE, devices, ANN)).toEqual({ created: 1, changed: 1 });
  expect(desk.find('known')).toMatchObject({ labels: { site: 'mill' }, facts: { model: { value: 'WM-300' }, timeZone: { at: NOW } } });
  expect(desk.find('known').labels).not.toHaveProperty('old');
  expect(desk.find('new')).toMatchObject({ registration: undefined, firstSeenAt: undefined });
  expect(test.writer.audited).toEqual(['device-imported']);
});

it('imports all or nothing, in memory as in the file', async () => {
  test.putDevice(aDeviceRecord('theirs', {}, { namespace: Namespace('other'), registration: undefined }));
  const devices = ['mine', 'theirs'].map((endpoint) => ({ endpoint, labels: {} }));
  await expect(desk.import(DEFAULT_NAMESPACE, devices, ANN)).rejects.toMatchObject({ code: 'DEVICE_ELSEWHERE', kind: 'conflict' });
  expect(test.state.devices.has(Endpoint('mine'))).toBe(false);
  expect(test.writer.commits).toEqual([]);
});

it('finds nobody by a name that is none', () => {
  expect(() => desk.find('../nobody\n')).toThrow(
    expect.objectContaining({ code: 'DEVICE_NOT_FOUND', message: expect.not.stringContaining('\n') }),
  );
});
