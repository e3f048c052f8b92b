import { beforeEach, expect, it } from '@jest/globals';
import { DAY, Instant, plus } from '@drover/kernel';
import type { DeviceUpdate } from '@drover/rollout';
import { NOW, TestEngine } from '../../../../test/support/engine.ts';
import { suspectsOf } from './suspects.ts';

const NAMES = ['a', 'b', 'c', 'd', 'e'];
let test: TestEngine;

beforeEach(async () => {
  test = new TestEngine().withFirmware().withDevices(...NAMES);
  await test.running();
});

function put(name: string, change: Partial<DeviceUpdate>, campaign = 'c'): void {
  test.state.putUpdate({ ...test.update(name, campaign), ...change }, test.clock.now());
}
const found = (only?: string) => suspectsOf(test.state, 'default', only).map(({ device, what }) => `${device.endpoint} ${what}`);

it('are the silent, the stuck and the quarantined, the longest silent first', () => {
  put('a', { state: 'suspect' });
  put('b', { state: 'failed', failure: 'SuspectedBrick' });
  put('c', { state: 'failed', failure: 'Integrity' });
  put('d', { state: 'unreachable' });
  test.putDevice({ ...test.device('e'), quarantine: { since: NOW, campaigns: ['x', 'c'] } });
  test.putDevice({ ...test.device('d'), lastContactAt: Instant(1) });
  expect(found()).toEqual(['d unreachable', 'a suspect', 'b SuspectedBrick', 'e quarantined']);
  expect(found('c')).toHaveLength(4);
  expect(found('x')).toEqual([]);
  expect(suspectsOf(test.state, 'other')).toEqual([]);
});

it('come with what a technician wants to know', () => {
  put('a', { state: 'failed', failure: 'InstallTimeout', offset: 1024, versionBefore: '1.0.0', since: NOW, log: [] });
  test.putDevice({ ...test.device('a'), lastContactAt: plus(NOW, DAY) });
  expect(suspectsOf(test.state, 'default')).toMatchObject([
    { what: 'InstallTimeout', campaign: 'c', heardSince: true, offset: 1024, size: 2048, versionBefore: '1.0.0', attempts: [] },
  ]);
  const [suspect] = suspectsOf(test.state, 'default');
  expect(suspect?.signs.map(({ fact, value }) => `${fact} ${value}`)).toEqual([
    'radio.ce 0',
    'radio.cell 42',
    'battery.level 80',
    'battery.status Normal',
  ]);
});

it('are none any more once another campaign has brought them through', async () => {
  for (const name of NAMES) put(name, { state: 'failed', failure: 'Unreachable', since: NOW });
  await test.running({}, 'next');
  put('a', { state: 'succeeded', since: plus(NOW, DAY) }, 'next');
  put('b', { state: 'succeeded', since: Instant(0) }, 'next');
  expect(found('c')).toEqual(['b Unreachable', 'c Unreachable', 'd Unreachable', 'e Unreachable']);
});
