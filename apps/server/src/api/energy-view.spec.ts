import { beforeEach, expect, it } from '@jest/globals';
import { must } from '@drover/kernel';
import { readDocument } from '@drover/campaign';
import { ANN, TestEngine } from '../../../../test/support/engine.ts';
import { DeviceDesk } from '../engine/device-desk.ts';
import { Explainer } from '../engine/explain.ts';
import { deviceView, whyView } from './views.ts';

let test: TestEngine;
const why = () => whyView(must(new Explainer(test.engine, test.stepper).why(test.device())[0], 'a campaign'));
const device = () => deviceView(test.device(), test.state, test.clock.at);

beforeEach(async () => {
  test = new TestEngine().withFirmware().withDevices('d');
  await test.running();
  await test.tell({ type: 'progress', offset: 1024, blocks: 2, bytes: 1024, retransmissions: 0, awakeMs: 7_200_000 });
});

it('beside what an attempt took stands what it takes of the life of the battery', () => {
  const { energyMah, energyDays } = why().taken;
  // Two hours connected, of 3.47 mAh a day.
  expect(energyMah).toBeGreaterThan(50);
  expect(energyDays).toBeCloseTo(energyMah / 3.468, 1);
});

it('the battery that was told for the device counts', async () => {
  const before = must(why().taken.energyDays, 'days');
  await new DeviceDesk(test.engine).import(test.device().namespace, [{ endpoint: 'd', labels: {}, batteryCapacityMah: 1900 }], ANN);
  expect(why().taken.energyDays).toBeCloseTo(10 * before, 0);
  expect(device().energy.battery).toEqual({ capacityMah: 1900, lifeYears: 15, mahPerDay: 0.35, isTold: true });
});

it('else that of its class, by the energy model', async () => {
  expect(device().energy).toMatchObject({
    spentThisYearMah: expect.closeTo(50, 0),
    spentThisYearDays: expect.closeTo(14.4, 1),
    battery: { capacityMah: 19_000, isTold: false },
  });
  const of = (value: number) => ({ value, evidence: 'published', source: 'data sheet' });
  const head = { apiVersion: 'drover/v1', metadata: { name: 'small' } };
  const documents = [
    { ...head, kind: 'DeviceClass', spec: { match: { model: ['*'] }, awake: '20s' } },
    { ...head, kind: 'EnergyModel', spec: { batteries: [{ deviceClass: 'small', capacityMah: of(8500), lifeYears: of(10) }] } },
  ].map((source) => must(readDocument(source).document, source.kind));
  await test.campaigns.apply(documents, ANN, undefined);
  test.putDevice({ ...test.device(), facts: { ...test.device().facts, model: { value: 'WM-1', at: test.clock.at } } });
  expect(device().energy.battery).toEqual({ capacityMah: 8500, lifeYears: 10, mahPerDay: 2.33, isTold: false });
});

it('a device on mains has none to tell of', () => {
  test.putDevice({ ...test.device(), facts: { ...test.device().facts, 'power.mains': { value: true, at: test.clock.at } } });
  expect(why().taken).toMatchObject({ energyMah: expect.closeTo(50, 0), energyDays: undefined });
  expect(device().energy).toMatchObject({ spentThisYearDays: undefined, battery: undefined });
});
