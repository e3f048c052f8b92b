import { beforeEach, describe, expect, it } from '@jest/globals';
import { Endpoint } from '@drover/kernel';
import { TestEngine } from '../../../../test/support/engine.ts';

const D = Endpoint('d');
const FAILS = { type: 'failed', class: 'UnsupportedPackage', why: 'result 6' } as const;
let test: TestEngine;

beforeEach(() => {
  test = new TestEngine().withFirmware().withDevices('d');
});

async function failsIn(name: string, failure = 'UnsupportedPackage'): Promise<void> {
  await test.running({ retry: { quarantineAfter: 2 } }, name);
  await test.tell({ ...FAILS, class: failure }, 'd', `default/${name}/1.1/d`);
}
const device = () => test.state.devices.get(D)!;
const quarantines = () => test.writer.audited.filter((type) => type === 'device-quarantined');

describe('a device whose updates fail in campaign after campaign', () => {
  beforeEach(async () => {
    await failsIn('one');
    expect(device().quarantine).toBeUndefined();
    await failsIn('two');
  });

  it('is quarantined, shown, and audited once', () => {
    expect(device().quarantine).toMatchObject({ campaigns: ['one', 'two'] });
    expect(device().findings).toMatchObject([
      { code: 'QUARANTINED', text: 'its updates failed in 2 campaigns in a row, the last as UnsupportedPackage' },
    ]);
    expect(quarantines()).toHaveLength(1);
  });

  it('is planned no more', async () => {
    await expect(failsIn('three')).rejects.toMatchObject({ code: 'PLAN_EMPTY', details: [{ code: 'QUARANTINED' }] });
  });
});

it('what we have done ourselves does not count', async () => {
  for (const [name, failure] of [
    ['one', 'InvalidURI'],
    ['two', 'Refused'],
    ['three', 'Cancelled'],
    ['four', 'DataCap'],
    ['five', 'EnergyBudget'],
  ] as const)
    await failsIn(name, failure);
  expect([device().failedCampaigns, device().quarantine]).toEqual([undefined, undefined]);
});

it('a success ends the row', async () => {
  await failsIn('one');
  await test.running({ retry: { quarantineAfter: 2 } }, 'two');
  await test.tell({ type: 'download-finished' }, 'd', 'default/two/1.1/d');
  await test.contact('register');
  await test.tell({ type: 'version-read', version: '2.0.0', state: 0, result: 1 }, 'd', 'default/two/1.1/d');
  expect([test.update('d', 'two').state, device().failedCampaigns]).toEqual(['succeeded', undefined]);
});
