import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Endpoint, HOUR, MINUTE, must, plus } from '@drover/kernel';
import { isTransferring } from '@drover/rollout';
import { windowState, zoneFor } from '@drover/schedule';
import { aDeviceRecord, aRegistration } from '@drover/testkit';
import { ANN, NOW, TestEngine } from '../../../../test/support/engine.ts';
import { Explainer } from './explain.ts';

const NAMES = ['a', 'b', 'c', 'd', 'e', 'f'];
const FLOOR = 35;
const MOST = 2;
const ENERGY = 4;
const SPEC = {
  schedule: { timeZone: 'UTC', windows: { download: [{ start: '00:00', duration: '6h' }], install: [{ start: '12:30', duration: '1m' }] } },
  power: { minBatteryLevel: `${FLOOR}%`, energyBudget: { perDevice: `${ENERGY}mAh` } },
  bandwidth: { maxInFlight: MOST, perCell: { airtime: '20%' } },
};

const device = fc.constantFrom(...NAMES);
const aStep = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constant('wakes' as const),
      device,
      battery: fc.integer({ min: 20, max: 60 }),
      ce: fc.constantFrom(0, 1),
    }),
  },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('passes' as const), minutes: fc.integer({ min: 1, max: 400 }) }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('moves' as const), device, bytes: fc.integer({ min: 1, max: 2048 }) }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('ends' as const), device, isLost: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constantFrom('pause' as const, 'resume' as const) }) },
);
type Step = typeof aStep extends fc.Arbitrary<infer T> ? T : never;

async function begin(): Promise<TestEngine> {
  const test = new TestEngine().withFirmware();
  for (const name of NAMES) {
    const pattern = { lastAt: plus(NOW, -HOUR), periodMs: 4 * HOUR };
    const registration = aRegistration({ refreshedAt: NOW, queueMode: name < 'e', lifetimeS: 86_400 });
    test.putDevice(aDeviceRecord(name, {}, { registration, lastContactAt: NOW, pattern }));
  }
  await test.running(SPEC);
  return test;
}

async function carryOut(test: TestEngine, step: Step): Promise<void> {
  switch (step.type) {
    case 'passes':
      return test.clock.pass(step.minutes * MINUTE);
    case 'pause':
    case 'resume': {
      const campaign = must(test.state.campaigns.get('default/c'), 'the campaign');
      const change = step.type === 'pause' ? test.control.pause(campaign, '', ANN) : test.control.resume(campaign, '', ANN);
      return change.catch(() => undefined);
    }
    case 'wakes': {
      const endpoint = Endpoint(step.device);
      const { registeredAt: _, ...told } = aRegistration({ refreshedAt: test.clock.at, queueMode: step.device < 'e', lifetimeS: 86_400 });
      const registration = { ...told, endpoint };
      await test.contacts.onContact({ type: 'contact', endpoint, kind: 'update', at: test.clock.at, registration, replaced: undefined });
      const facts = { 'battery.level': step.battery, 'radio.ce': step.ce };
      return test.contacts.onFacts({ type: 'facts', endpoint, at: test.clock.at, facts });
    }
    case 'moves':
      if (!isTransferring(test.update(step.device))) return;
      return test.tell({ type: 'progress', offset: step.bytes, blocks: 4, bytes: 2048, retransmissions: 0, awakeMs: 4000 }, step.device);
    case 'ends':
      if (!isTransferring(test.update(step.device))) return;
      return test.tell(step.isLost ? { type: 'session-lost', offset: 512 } : { type: 'download-finished' }, step.device);
  }
}

/** Looks at each offer in the moment in which it leaves. */
function judgeOffers(test: TestEngine): void {
  const { windows } = must(test.state.campaigns.get('default/c'), 'c').document.spec.schedule;
  const send = test.link.send.bind(test.link);
  test.link.send = (message) => {
    if (message.type === 'offer' && message.order.phase === 'transfer') {
      const { endpoint } = message.order;
      expect(windowState(windows.download, zoneFor('UTC', test.device(endpoint)), test.clock.at).open).toBe(true);
      expect(test.device(endpoint).facts['battery.level']?.value).toBeGreaterThanOrEqual(FLOOR);
      expect(test.update(endpoint).spentMah ?? 0).toBeLessThan(ENERGY);
    }
    send(message);
  };
}

it('in any history no cap, window, floor or energy budget is passed, a second tick changes nothing, and whoever waits knows why and until when', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(aStep, { maxLength: 40 }), async (steps) => {
      const test = await begin();
      judgeOffers(test);
      const explainer = new Explainer(test.engine, test.stepper);
      for (const step of steps) {
        await carryOut(test, step);
        await test.ticker.tick();
        const commits = test.writer.commits.length;
        await test.ticker.tick();
        expect(test.writer.commits.length).toBe(commits);
        const transfers = NAMES.filter((name) => isTransferring(test.update(name)));
        expect(transfers.length).toBeLessThanOrEqual(MOST);
        for (const name of NAMES)
          for (const { nextAt, person, state, code } of explainer.why(test.device(name)))
            if (!['succeeded', 'failed', 'cancelled', 'skipped'].includes(state)) {
              expect(code).toMatch(/^[A-Z_]+$/);
              expect(nextAt === undefined ? person : nextAt).toBeDefined();
            }
      }
    }),
    { numRuns: 60 },
  );
});

it('the same history twice is the same in every row and message', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(aStep, { maxLength: 25 }), async (steps) => {
      const runs = [];
      for (let run = 0; run < 2; run++) {
        const test = await begin();
        for (const step of steps) {
          await carryOut(test, step);
          await test.ticker.tick();
        }
        const offers = test.link.sent.map((message) => (message.type === 'offer' ? [message.type, message.order.attempt] : message));
        runs.push({ offers, rows: NAMES.map((name) => test.update(name)), events: test.writer.audited });
      }
      expect(runs[1]).toEqual(runs[0]);
    }),
    { numRuns: 30 },
  );
});

it('nobody starves: on a carrier that is hardly enough every device has its turn', async () => {
  const test = await begin();
  // Each wakes up every four hours, loses no session, and is done with an hour of transfer; the two that are always there too.
  for (let hour = 0; hour < 24 * 14; hour++) {
    test.clock.pass(HOUR);
    for (const [place, name] of NAMES.entries()) {
      if (hour % 4 === place % 4 || name >= 'e') await carryOut(test, { type: 'wakes', device: name, battery: 60, ce: 0 });
      if (isTransferring(test.update(name))) await carryOut(test, { type: 'ends', device: name, isLost: false });
    }
    await test.ticker.tick();
  }
  for (const name of NAMES) expect([name, test.update(name).attempt > 0]).toEqual([name, true]);
});
