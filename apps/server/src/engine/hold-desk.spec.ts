import { beforeEach, describe, expect, it } from '@jest/globals';
import { DEFAULT_NAMESPACE, Namespace } from '@drover/kernel';
import type { HoldRecord } from '@drover/persistence';
import { ANN, TestEngine } from '../../../../test/support/engine.ts';
import { HoldDesk } from './hold-desk.ts';

let test: TestEngine;
let desk: HoldDesk;

beforeEach(async () => {
  test = new TestEngine().withFirmware().withDevices('d');
  await test.running();
  desk = new HoldDesk(test.engine, test.control, test.entropy);
  test.link.sent.length = 0;
});

const place = (scope: HoldRecord['scope'], target = ''): Promise<HoldRecord> =>
  desk.place(DEFAULT_NAMESPACE, { scope, target, reason: 'storm', until: undefined }, ANN);
const lift = (id: string, namespace: Namespace = DEFAULT_NAMESPACE): Promise<HoldRecord> => desk.lift(namespace, id, 'calm', ANN);

it.each([
  ['the fleet', 'fleet', (): string => ''],
  ['the campaign', 'campaign', (): string => 'c'],
  ['the image', 'firmware', (): string => test.release.digest],
] as const)('over %s stops the serving of blocks, and lifting it lets them go on', async (_what, scope, target) => {
  const { id } = await place(scope, target());
  expect(test.link.sent).toMatchObject([{ type: 'suspend', endpoint: 'd', attempt: 'default/c/1.1/d', epoch: 3 }]);
  await lift(id);
  expect(test.link.types).toEqual(['suspend', 'resume']);
  expect(test.writer.audited.slice(-2)).toEqual(['hold-placed', 'hold-lifted']);
});

it('over another campaign stops nothing here', async () => {
  await test.withDevices('e').running({}, 'other');
  test.link.sent.length = 0;
  await place('campaign', 'other');
  expect(test.link.sent).toMatchObject([{ type: 'suspend', endpoint: 'e' }]);
});

it.each([
  ['campaign', 'campaign', 'nonesuch', 'CAMPAIGN_NOT_FOUND'],
  ['image', 'firmware', `sha256:${'0'.repeat(64)}`, 'ARTIFACT_NOT_FOUND'],
] as const)('over a %s that nobody knows is refused: a slip of the pen must not pass for a stop', (_what, scope, target, code) => {
  expect(() => place(scope, target)).toThrow(expect.objectContaining({ code, kind: 'missing' }));
  expect(test.state.holds.size).toBe(0);
});

it('also reaches a device that has just been told to install', async () => {
  await test.tell({ type: 'download-finished' });
  expect(test.update()).toMatchObject({ state: 'installing' });
  test.link.sent.length = 0;
  await place('fleet');
  expect(test.link.types).toEqual(['suspend']);
});

it('keeps a finished download from being executed, and names the person', async () => {
  await place('fleet');
  await test.tell({ type: 'download-finished' });
  expect(test.update()).toMatchObject({ state: 'downloaded', reason: { code: 'HOLD', evidence: 'ann: storm', person: 'lift-hold' } });
  expect(test.link.types).toEqual(['suspend']);
});

it('goes on only when the last of several holds is lifted', async () => {
  const [first, second] = [await place('fleet'), await place('campaign', 'c')];
  await lift(first.id);
  expect(test.link.types).not.toContain('resume');
  await lift(second.id);
  expect(test.link.types.filter((type) => type === 'resume')).toHaveLength(1);
});

describe('refuses to lift', () => {
  it('what is not there', async () => {
    await expect(lift('nothing')).rejects.toMatchObject({ code: 'HOLD_NOT_FOUND' });
  });

  it('the hold of another namespace', async () => {
    const { id } = await place('fleet');
    await expect(lift(id, Namespace('other'))).rejects.toMatchObject({ code: 'HOLD_NOT_FOUND' });
    expect(desk.list(Namespace('other'))).toEqual([]);
  });

  it('twice', async () => {
    const { id } = await place('fleet');
    await lift(id);
    await expect(lift(id)).rejects.toMatchObject({ code: 'HOLD_LIFTED', kind: 'conflict' });
    expect(desk.list(DEFAULT_NAMESPACE)).toMatchObject([{ id, by: 'ann', liftedBy: 'ann' }]);
  });
});

it('outranks Git: applying the campaign again lifts nothing', async () => {
  await place('campaign', 'c');
  await test.running();
  await test.tell({ type: 'download-finished' });
  expect(test.update()).toMatchObject({ state: 'downloaded', reason: { code: 'HOLD' } });
});
