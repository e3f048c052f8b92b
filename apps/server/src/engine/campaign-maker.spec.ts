import { expect, it } from '@jest/globals';
import { Endpoint, must, type Json } from '@drover/kernel';
import { readDocument } from '@drover/campaign';
import { planOf } from '@drover/persistence';
import { aCampaign } from '@drover/testkit';
import { ANN, TestEngine } from '../../../../test/support/engine.ts';

const names = (count: number): string[] => Array.from({ length: count }, (_, index) => `d${String(index).padStart(5, '0')}`);

function engineWith(devices: number): TestEngine {
  return new TestEngine().withFirmware().withDevices(...names(devices));
}

const apply = (test: TestEngine, name = 'c') => {
  const document = must(readDocument(aCampaign({}, name).source as Json).document, 'a campaign');
  return test.campaigns.apply([document], ANN, undefined);
};

it('writes a small plan with its campaign, in one commit and one event', async () => {
  const test = engineWith(3);
  await apply(test);
  expect(test.writer.audited).toEqual(['campaign-applied', 'campaign-planned']);
  expect(test.writer.commits).toHaveLength(1);
  expect(test.writer.commits[0]?.changes.updates).toEqual([]);
});

it('writes a large plan ahead of its campaign, part by part; together they are the plan', async () => {
  const test = engineWith(5001);
  const [planned] = await apply(test);
  expect(test.writer.audited).toEqual(['campaign-planned', 'campaign-planned', 'campaign-applied']);
  const commits = test.writer.commits.map(({ changes }) => changes);
  const record = must(commits.at(-1)?.campaigns?.at(-1), 'the campaign');
  const stored = { ...record, plan: { ...record.plan, stages: record.plan.stages.map(({ name }) => ({ name, endpoints: [] })) } };
  const parts = commits.flatMap(({ planParts = [] }) => planParts);
  expect(planOf(stored, parts)).toEqual(planned?.plan);
  const listed = test.writer.commits.flatMap(({ events }) =>
    events.flatMap(({ details }) =>
      ((details as { stages?: { endpoints: string[] }[] }).stages ?? []).flatMap(({ endpoints }) => endpoints),
    ),
  );
  expect([...listed].sort()).toEqual(names(5001));
});

it('lets contacts have their turn while it plans', async () => {
  const test = engineWith(5001);
  const applying = apply(test);
  await test.contact('update', 'd00000');
  expect(test.state.campaigns.size).toBe(0);
  await applying;
  expect(test.state.campaigns.size).toBe(1);
});

it('plans one after the other: the second finds the devices of the first taken', async () => {
  const test = engineWith(3);
  const [first, second] = await Promise.allSettled([apply(test, 'one'), apply(test, 'two')]);
  expect(first.status).toBe('fulfilled');
  expect(second).toMatchObject({ status: 'rejected', reason: { code: 'PLAN_EMPTY' } });
});

it('refuses to replace a campaign that has begun while the change was prepared', async () => {
  const test = engineWith(3);
  await apply(test);
  const changed = must(readDocument(aCampaign({ stages: [{ name: 'all', take: '100%' }] }).source as Json).document, 'a campaign');
  const applying = test.campaigns.apply([changed], ANN, undefined);
  await test.ticker.tick();
  await expect(applying).rejects.toMatchObject({ code: 'CAMPAIGN_RUNNING' });
  expect(test.update('d00000').stage).toBe(
    test.state.campaigns.get('default/c')?.record.plan.stages.findIndex(({ endpoints }) => endpoints.includes(Endpoint('d00000'))),
  );
});

it('closes a large campaign in small numbers', async () => {
  const test = engineWith(1200);
  const campaign = await test.running();
  await test.control.abort(campaign, 'enough', ANN);
  test.writer.commits.length = 0;
  for (let round = 0; round < 4; round++) await test.ticker.tick();
  expect(campaign.updates.outcome.pending).toBeUndefined();
  expect(Math.max(...test.writer.commits.map(({ changes }) => changes.updates?.length ?? 0))).toBeLessThanOrEqual(500);
});
