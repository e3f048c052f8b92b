import { beforeEach, describe, expect, it } from '@jest/globals';
import { must, type Json } from '@drover/kernel';
import { ANN, TestEngine } from '../../../../test/support/engine.ts';
import type { LiveCampaign } from './engine-state.ts';

const ALLOWED = { downgrade: 'AllowListed', downgradeTo: ['1.0.0'] };
const AUTOMATIC = { mode: 'Automatic', to: { version: '1.0.0' }, when: { failure: { max: 1, minSample: 2 } } };
const NAMES = ['a', 'b', 'c', 'd'];
let test: TestEngine;

const start = (downgrade: Record<string, Json> = ALLOWED): void => {
  test = new TestEngine()
    .withFirmware()
    .withOlderFirmware(downgrade)
    .withDevices(...NAMES);
};
beforeEach(() => start());

async function succeed(name: string): Promise<void> {
  await test.tell({ type: 'download-finished' }, name);
  await test.contact('register', name);
  await test.tell({ type: 'version-read', version: '2.0.0', state: 0, result: 1 }, name);
}
const fail = (name: string) => test.tell({ type: 'failed', class: 'UnsupportedPackage', why: 'result 6' }, name);
const emit = (campaign: LiveCampaign, version?: string) => test.rollbacks.emit(campaign, { version, reason: 'bricks', actor: ANN });
const planned = (campaign: LiveCampaign) => campaign.record.plan.stages.flatMap(({ endpoints }) => endpoints);
const ticks = async (): Promise<void> => {
  for (let round = 0; round < 4; round++) {
    await test.ticker.tick();
    test.clock.pass(1);
  }
};

describe('a rollback by a person', () => {
  let campaign: LiveCampaign;
  beforeEach(async () => {
    campaign = await test.running({
      stages: [
        { name: 'some', take: 3 },
        { name: 'rest', take: '100%' },
      ],
      delivery: { blockSize: { preferred: 256 } },
      schedule: { notBefore: '2026-11-01', timeZone: 'UTC' },
    });
    const [first, second] = must(campaign.record.plan.stages[0]?.endpoints, 'three');
    await succeed(must(first, 'one'));
    await fail(must(second, 'two'));
    await test.control.pause(campaign, 'something is wrong', ANN);
  });

  it('is a campaign like any other, for the devices that were attempted and do not run the version', async () => {
    const [first, second, third] = must(campaign.record.plan.stages[0]?.endpoints, 'three');
    const rollback = await emit(campaign, '1.0.0');
    expect(rollback.record).toMatchObject({ name: 'c-rollback', author: 'ann', life: { phase: 'scheduled' } });
    expect(rollback.document).toMatchObject({
      metadata: { ownerReferences: [{ kind: 'Campaign', name: 'c' }] },
      spec: {
        purpose: 'Rollback',
        delivery: { blockSize: { preferred: 256 } },
        schedule: { timeZone: 'UTC' },
        targets: { attemptedBy: 'c' },
      },
    });
    expect(rollback.record.plan.stages).toMatchObject([
      { name: 'canary', endpoints: [first] },
      { name: 'rest', endpoints: [third] },
    ]);
    expect(rollback.document.spec.schedule.notBefore).toBeUndefined();
    // Whoever is under way in the campaign is in it too, and waits there.
    expect(planned(rollback).sort()).toEqual([first, third].sort());
    expect(rollback.record.plan.excluded).toMatchObject([{ endpoint: second, code: 'ALREADY_CURRENT' }]);
    expect(campaign.record.rollback).toMatchObject({ campaign: 'c-rollback' });
    expect(test.writer.audited).toContain('rollback-emitted');
  });

  it('leaves alone what the campaign has in its hands, until that is resolved', async () => {
    const third = must(campaign.record.plan.stages[0]?.endpoints[2], 'three');
    await test.tell({ type: 'download-finished' }, third);
    const rollback = await emit(campaign, '1.0.0');
    rollback.record = { ...rollback.record, stages: rollback.record.stages.map(() => ({ state: 'open', openedAt: test.clock.now() })) };
    await ticks();
    expect(test.update(third, 'c-rollback')).toMatchObject({ state: 'waiting', attempt: 0, reason: { code: 'OTHER_CAMPAIGN' } });
  });

  it('needs a version, from the campaign or from the person', async () => {
    await expect(emit(campaign)).rejects.toMatchObject({ code: 'ROLLBACK_UNKNOWN', kind: 'input' });
    await expect(emit(campaign, '0.9.0')).rejects.toMatchObject({ code: 'ARTIFACT_NOT_FOUND' });
  });

  it('is refused while the campaign goes on, and while an earlier one does', async () => {
    await emit(campaign, '1.0.0');
    await expect(emit(campaign, '1.0.0')).rejects.toMatchObject({ code: 'TRANSITION_REFUSED' });
    await test.control.resume(campaign, 'on', ANN);
    await expect(emit(campaign, '1.0.0')).rejects.toMatchObject({
      code: 'TRANSITION_REFUSED',
      message: expect.stringContaining('pause or abort it'),
    });
  });

  it('has a name of its own each time', async () => {
    const first = await emit(campaign, '1.0.0');
    await test.control.abort(first, 'no', ANN);
    await ticks();
    expect((await emit(campaign, '1.0.0')).record.name).toBe('c-rollback-2');
  });
});

describe('the trust policy', () => {
  it.each<[string, Record<string, Json>]>([
    ['never lets a version follow a newer one', {}],
    ['lets another version', { downgrade: 'AllowListed', downgradeTo: ['0.9.0'] }],
  ])('that %s refuses the rollback', async (_what, downgrade) => {
    start(downgrade);
    const campaign = await test.running();
    await test.control.pause(campaign, 'x', ANN);
    await expect(emit(campaign, '1.0.0')).rejects.toMatchObject({ code: 'ARTIFACT_ROLLBACK', kind: 'trust' });
    expect(test.state.campaigns.has('default/c-rollback')).toBe(false);
  });

  it('refuses a campaign that promises a rollback it may not keep', async () => {
    start({});
    await expect(test.running({ rollback: { mode: 'Manual', to: { version: '1.0.0' } } })).rejects.toMatchObject({
      code: 'ARTIFACT_ROLLBACK',
    });
  });
});

describe('a rollback by the campaign itself', () => {
  it('is emitted when its limit is exceeded, once, and holds the campaign', async () => {
    const campaign = await test.running({ rollback: AUTOMATIC, stages: [{ name: 'all', take: '100%', gate: { failure: [] } }] });
    await succeed('a');
    await fail('b');
    await test.rollbacks.tick();
    expect(campaign.record.rollback).toBeUndefined();
    await fail('c');
    await test.rollbacks.tick();
    await test.rollbacks.tick();
    expect(campaign.record.rollback).toMatchObject({ campaign: 'c-rollback' });
    expect(campaign.record.stages[0]).toMatchObject({ state: 'held', why: 'rolled back: 2 of 4 attempted failed (Any), at most 1 may' });
    expect(test.state.campaigns.get('default/c-rollback')?.record.author).toBe('rollback-policy');
    expect(test.writer.audited.filter((type) => type === 'rollback-emitted')).toHaveLength(1);
  });

  it('that cannot be emitted is told once, and left to people', async () => {
    const campaign = await test.running({ rollback: AUTOMATIC, stages: [{ name: 'all', take: '100%', gate: { failure: [] } }] });
    test.withPolicy('release', { roles: test.release.policy.roles });
    await fail('a');
    await fail('b');
    await test.rollbacks.tick();
    await test.rollbacks.tick();
    expect(campaign.record.rollback?.refused).toMatch(/^ARTIFACT_/);
    expect(test.writer.audited.filter((type) => type === 'rollback-refused')).toHaveLength(1);
  });
});
