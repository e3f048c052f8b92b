import { beforeEach, expect, it } from '@jest/globals';
import { must, type Json } from '@drover/kernel';
import { readDocument } from '@drover/campaign';
import { aCampaign } from '@drover/testkit';
import { ANN, TestEngine } from '../../../../test/support/engine.ts';
import { ModelDesk } from './model-desk.ts';

const of = (value: number): Json => ({ value, evidence: 'measured', source: 'a pilot' });
const model = (kind: string, spec: Json, metadata: Json = { name: 'pilot' }) =>
  must(readDocument({ apiVersion: 'drover/v1', kind, metadata, spec }).document, kind);
const slow = (rttS: number, metadata?: Json) =>
  model('RadioModel', { bearers: { 'NB-IoT': { ce0: { rttS: of(rttS) }, ce1: { rttS: of(50) }, ce2: { rttS: of(60) } } } }, metadata);

let test: TestEngine;
let desk: ModelDesk;
const apply = (...documents: ReturnType<typeof model>[]) => test.campaigns.apply(documents, ANN, undefined);
const orders = () => test.link.sent.flatMap((message) => (message.type === 'offer' ? [message.order] : []));

beforeEach(() => {
  test = new TestEngine().withFirmware().withDevices('d');
  desk = new ModelDesk(test.engine);
});

it('what is applied counts in the next offer: share and block time for pacing, and what the ledger holds', async () => {
  await apply(slow(9));
  await test.running();
  const [order] = orders();
  // 0.9 s and the time of 587 bytes at 22 kbit/s, with 9 s instead.
  expect(order).toMatchObject({ blockMs: expect.closeTo(9213, 0), share: expect.closeTo(0.0051, 4) });
  expect(test.update().transfer?.share).toBe(order!.share);
});

it('without one the built-in figures count, and the forecast of a plan follows what is applied', async () => {
  const forecast = async () => (await test.campaigns.plan([aCampaign()]))[0]!.forecast!;
  const before = await forecast();
  await apply(model('EnergyModel', { installMah: of(51) }));
  expect((await forecast()).energy.maxMah - before.energy.maxMah).toBeCloseTo(50, 1);
  await test.running();
  expect(orders()[0]!.blockMs).toBeCloseTo(1113, 0);
});

it('is written with its event, is the same after a restart, and is unchanged when it comes again', async () => {
  await apply(slow(9));
  const { changes, events } = test.writer.commits.at(-1)!;
  expect(events).toMatchObject([{ type: 'policy-applied', details: { kind: 'RadioModel', name: 'pilot' } }]);
  const again = new TestEngine();
  for (const record of changes.documents ?? []) again.state.putDocument(record);
  expect(again.state.models.cost).toEqual(test.state.models.cost);
  expect(await apply(slow(9))).toMatchObject([{ change: 'none' }]);
});

it('a server has one of each: another name or namespace is refused, also in one go', async () => {
  await apply(slow(9), model('EnergyModel', { installMah: of(2) }));
  await expect(apply(slow(8, { name: 'other' }))).rejects.toMatchObject({ code: 'MODEL_IN_FORCE', kind: 'conflict' });
  await expect(apply(slow(8, { name: 'pilot', namespace: 'north' }))).rejects.toMatchObject({ code: 'MODEL_IN_FORCE' });
  expect(test.state.models.cost.radio.bearers['NB-IoT'][0].rttS).toBe(9);
  await apply(slow(8));
  expect(test.state.models.cost.radio.bearers['NB-IoT'][0].rttS).toBe(8);
  const fresh = new TestEngine();
  await expect(fresh.campaigns.apply([slow(9), slow(9, { name: 'other' })], ANN, undefined)).rejects.toMatchObject({
    code: 'MODEL_IN_FORCE',
  });
});

it('taken away, the built-in figures are in force again, and the log says so', async () => {
  await expect(desk.remove('RadioModel', { reason: 'x', actor: ANN })).rejects.toMatchObject({ code: 'MODEL_NOT_FOUND' });
  await apply(slow(9));
  expect(desk.show('RadioModel')).toMatchObject({ isApplied: true, source: { metadata: { name: 'pilot' } } });
  await desk.remove('RadioModel', { reason: 'pilot is over', actor: ANN });
  expect(desk.show('RadioModel')).toMatchObject({ isApplied: false, source: { metadata: { name: 'built-in' } } });
  expect(test.state.models.cost.radio.bearers['NB-IoT'][0].rttS).toBe(0.9);
  expect(test.writer.commits.at(-1)!.events).toMatchObject([
    { type: 'policy-removed', details: { name: 'pilot', reason: 'pilot is over' } },
  ]);
});
