import { beforeEach, describe, expect, it } from '@jest/globals';
import { TestEngine, ANN } from '../../../../test/support/engine.ts';
import type { LiveCampaign } from './engine-state.ts';
import { Explainer } from './explain.ts';
import { NOTHING_SEALED, recover } from './recovery.ts';

const NAMES = ['d1', 'd2', 'd3', 'd4'];
const STAGES = [
  { name: 'canary', take: 2, gate: { success: { min: '50%', minSample: 2 }, failure: [{ max: 0, minSample: 1 }] } },
  { name: 'fleet', take: '100%' },
];

let test: TestEngine;
let campaign: LiveCampaign;
let canary: string[];

beforeEach(async () => {
  test = new TestEngine().withFirmware().withDevices(...NAMES);
  campaign = await test.running({ stages: STAGES });
  canary = [...(campaign.record.plan.stages[0]?.endpoints ?? [])];
  test.link.sent.length = 0;
});

const fail = (name: string): Promise<void> => test.tell({ type: 'failed', class: 'UnsupportedPackage', why: 'Update Result 6' }, name);
const ticks = async (count = 4): Promise<void> => {
  for (let round = 0; round < count; round++) {
    await test.ticker.tick();
    test.clock.pass(1);
  }
};
const stages = (): string[] => campaign.record.stages.map(({ state }) => state);
const why = (name: string) => new Explainer(test.engine, test.stepper).why(test.state.devices.get(name as never)!)[0];

describe('a gate that holds', () => {
  beforeEach(async () => {
    await fail(canary[0]!);
    await ticks();
  });

  it('says so with its numbers, and whose decision ends it', () => {
    expect(campaign.record.stages[0]).toMatchObject({ state: 'held', why: '1 of 2 attempted failed (Any), at most 0 may' });
    const [waiting] = NAMES.filter((name) => !canary.includes(name));
    expect(why(waiting!)).toMatchObject({
      code: 'STAGE_GATE',
      evidence: 'stage canary is held: 1 of 2 attempted failed (Any), at most 0 may',
      person: 'promote',
    });
  });

  it('stays passed when a person promotes: the failure that was seen does not hold it again', async () => {
    await test.control.promote(campaign, 'seen', ANN);
    await ticks();
    expect(stages()).toEqual(['passed', 'open']);
  });

  it('holds again when something new fails after resume', async () => {
    await test.control.resume(campaign, 'seen', ANN);
    await ticks();
    expect(stages()).toEqual(['open', 'closed']);
    await fail(canary[1]!);
    await ticks();
    expect(stages()).toEqual(['held', 'closed']);
  });

  it('refuses to resume what would only be held again, and names what helps', async () => {
    await fail(canary[1]!);
    await ticks();
    await expect(test.control.resume(campaign, 'seen', ANN)).rejects.toMatchObject({
      code: 'TRANSITION_REFUSED',
      message: expect.stringContaining('promote passes it'),
    });
  });
});

it('abort cancels by the protocol what transfers, ends at once what has not begun, and says why of each', async () => {
  await test.control.abort(campaign, 'recall', ANN);
  await ticks();
  expect(
    test.link.sent
      .filter(({ type }) => type === 'cancel')
      .map((sent) => 'endpoint' in sent && sent.endpoint)
      .sort(),
  ).toEqual(canary.sort());
  expect(campaign.record.life.phase).toBe('aborting');
  expect(why(canary[0]!)).toMatchObject({
    state: 'cancelling',
    code: 'IN_PROGRESS',
    evidence: expect.stringContaining('the campaign was aborted'),
  });
  for (const name of canary) await test.tell({ type: 'cancelled' }, name);
  await ticks();
  expect(campaign.record.life.phase).toBe('aborted');
  for (const name of NAMES)
    expect(why(name)).toMatchObject({ state: 'cancelled', code: 'CANCELLED', evidence: 'the campaign was aborted' });
});

it('a downloaded image that lost its trust is not installed but cancelled', async () => {
  await test.control.pause(campaign, 'night', ANN);
  await test.tell({ type: 'download-finished' }, canary[0]!);
  const [record] = [...test.state.firmware.values()];
  test.state.putFirmware({ ...record!, withdrawnAt: test.clock.now(), withdrawnReason: 'bad' });
  await test.control.resume(campaign, 'morning', ANN);
  await ticks();
  expect(test.link.types).not.toContain('execute');
  expect(test.update(canary[0]!)).toMatchObject({ state: 'cancelling', detail: expect.stringContaining('ARTIFACT_WITHDRAWN') });
});

it('a hold outlives a restart: the new gateway is told to stop before it is told to go on', async () => {
  test.state.holds.set('h', {
    id: 'h',
    namespace: campaign.record.namespace,
    scope: 'fleet',
    target: '',
    reason: 'storm',
    by: 'ann',
    at: test.clock.now(),
    until: undefined,
    liftedAt: undefined,
    liftedBy: undefined,
  });
  await recover(test.engine, test.stepper, NOTHING_SEALED);
  const about = test.link.sent.filter(
    (sent) => (sent.type === 'offer' ? sent.order.endpoint : 'endpoint' in sent && sent.endpoint) === canary[0],
  );
  expect(about.map(({ type }) => type)).toEqual(['suspend', 'offer']);
});
