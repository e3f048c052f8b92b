import { expect, it } from '@jest/globals';
import { must } from '@drover/kernel';
import { aDeviceRecord, aRegistration } from '@drover/testkit';
import { ANN, NOW, TestEngine } from '../../../../test/support/engine.ts';

it.each([
  ['higher', 501, [true, false]],
  ['the same', 500, [false, false]],
  ['lower', 499, [false, true]],
] as const)('beside one of a priority that is %s', async (_what, priority, outranked) => {
  const test = new TestEngine().withFirmware();
  for (const name of ['a', 'b']) test.putDevice(aDeviceRecord(name, {}, { registration: aRegistration({ queueMode: true }) }));
  const usual = await test.running({ targets: { where: 'endpoint == "a"' } }, 'usual');
  const other = await test.running({ targets: { where: 'endpoint == "b"' }, priority }, 'other');
  expect([test.state.isOutranked(usual), test.state.isOutranked(other)]).toEqual(outranked);
  expect([...test.state.active.values()].map(({ record }) => record.name)).toEqual(
    priority > 500 ? ['other', 'usual'] : ['usual', 'other'],
  );
});

it('a campaign gives way while one for security has devices waiting, and no longer', async () => {
  const test = new TestEngine().withFirmware();
  for (const name of ['a', 'b'])
    test.putDevice(aDeviceRecord(name, {}, { registration: aRegistration({ refreshedAt: NOW, queueMode: true }), lastContactAt: NOW }));
  const feature = await test.running({ targets: { where: 'endpoint == "a"' } }, 'feature');
  expect(test.state.isOutranked(feature)).toBe(false);
  const security = await test.running({ targets: { where: 'endpoint == "b"' }, purpose: 'Security' }, 'security');
  expect([test.state.isOutranked(feature), test.state.isOutranked(security)]).toEqual([true, false]);
  const view = (name: string, campaign = feature) => {
    const update = test.update(name, campaign.record.name);
    return test.stepper.views.of({ key: `default/${campaign.record.name}`, campaign, update }, test.device(name), test.clock.at);
  };
  expect(view('a').isOutranked).toBe(true);
  await test.control.pause(security, 'not tonight', ANN);
  expect(test.state.isOutranked(feature)).toBe(false);
  await test.control.resume(must(test.state.campaigns.get('default/security'), 'security'), 'now', ANN);
  await test.decisions.skip(security, test.device('b'), { reason: 'gone', actor: ANN });
  expect(test.state.isOutranked(feature)).toBe(false);
});
