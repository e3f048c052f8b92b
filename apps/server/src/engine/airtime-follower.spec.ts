import { beforeEach, describe, expect, it } from '@jest/globals';
import { Endpoint, HOUR, MINUTE, plus } from '@drover/kernel';
import { aDeviceRecord, aRegistration } from '@drover/testkit';
import { NOW, TestEngine } from '../../../../test/support/engine.ts';
import { ledgerKey } from './airtime-follower.ts';

const CARRIER = '262-1/2A/NB-IoT';
const PERIOD = 6 * HOUR;
let test: TestEngine;

/** Somebody else's transfer that leaves nothing of the cell. */
function occupy(hours: number): void {
  const booking = { carrier: CARRIER, from: test.clock.now(), until: plus(test.clock.now(), hours * HOUR), share: 1 };
  test.state.ledger.hold('other', { transfer: { booking, share: 1, isFirm: true }, bytesPerSecond: 1, keys: [] }, test.clock.now());
}

/** And is asked for its battery, as a device is of which nothing fresh is known: the decision follows the answer. */
async function wakesUp(): Promise<void> {
  const at = test.clock.now();
  const { registeredAt: _, ...told } = aRegistration({ refreshedAt: at, queueMode: true });
  const endpoint = Endpoint('d');
  await test.contacts.onContact({
    type: 'contact',
    endpoint,
    kind: 'update',
    at,
    registration: { ...told, endpoint },
    replaced: undefined,
  });
  await test.contacts.onFacts({ type: 'facts', endpoint, at, facts: { 'battery.level': 90 } });
}

beforeEach(async () => {
  test = new TestEngine().withFirmware();
  const pattern = { lastAt: plus(NOW, -PERIOD), periodMs: PERIOD };
  test.putDevice(
    aDeviceRecord('d', {}, { registration: aRegistration({ refreshedAt: NOW, queueMode: true }), lastContactAt: NOW, pattern }),
  );
  await test.running({ schedule: { appointments: 'Never' } });
});

describe('a sleeper that came for nothing', () => {
  beforeEach(async () => {
    occupy(1);
    await wakesUp();
  });

  it('is promised airtime at its next wake-up, and keeps the promise while it sleeps', async () => {
    expect(test.update()).toMatchObject({ state: 'waiting', reason: { code: 'CELL_BUDGET' }, turnedAway: 1 });
    const { promise } = test.update();
    expect(promise).toMatchObject({ carrier: CARRIER });
    test.clock.pass(31 * MINUTE);
    await test.ticker.tick();
    expect(test.update()).toMatchObject({
      reason: { code: 'ASLEEP', evidence: expect.stringContaining('airtime is kept for it') },
      promise,
    });
    expect(test.state.ledger.carriers.ledger.takenAt(CARRIER, promise!.from)).toBeGreaterThan(0);
  });

  it('begins when it comes back, although the cell is full again', async () => {
    test.clock.pass(PERIOD - MINUTE);
    test.state.ledger.release('other', test.clock.now());
    const booking = { carrier: CARRIER, from: test.clock.now(), until: plus(test.clock.now(), HOUR), share: 0.5 };
    test.state.ledger.hold('other', { transfer: { booking, share: 1.2, isFirm: true }, bytesPerSecond: 1, keys: [] }, test.clock.now());
    await wakesUp();
    expect(test.update()).toMatchObject({ state: 'offered', transfer: { isFirm: true } });
    expect(test.update().promise).toBeUndefined();
  });

  it('gives the promise back when its campaign is paused', async () => {
    const { from } = test.update().promise!;
    await test.engine.change((unit) => void test.ticker.stages.move(test.state.campaigns.get('default/c')!, 'pause', unit));
    await test.ticker.tick();
    expect(test.update()).toMatchObject({ reason: { code: 'CAMPAIGN_PAUSED' } });
    expect(test.state.ledger.carriers.ledger.takenAt(CARRIER, from)).toBe(0);
  });
});

describe('the ledger', () => {
  it('holds what a transfer takes until it ends, and no backlog for it', async () => {
    const key = ledgerKey(test.update());
    expect([test.state.ledger.isAwaiting(key), test.state.ledger.holds(key)]).toEqual([true, false]);
    await wakesUp();
    expect([test.state.ledger.isAwaiting(key), test.state.ledger.holds(key)]).toEqual([false, true]);
    expect(test.state.ledger.carriers.firmOn(CARRIER)).toBeGreaterThan(0);
    await test.tell({ type: 'download-finished' });
    expect(test.state.ledger.holds(key)).toBe(false);
    expect(test.state.ledger.carriers.demandOn(CARRIER)).toBe(0);
  });

  it('is the same after a start as before it', async () => {
    await wakesUp();
    const campaign = test.state.campaigns.get('default/c')!;
    const before = test.state.ledger.carriers.firmOn(CARRIER);
    test.state.removeCampaign('default/c', test.clock.now());
    expect(test.state.ledger.carriers.demandOn(CARRIER)).toBe(0);
    test.state.addCampaign('default/c', campaign, test.clock.now());
    expect(test.state.ledger.carriers.firmOn(CARRIER)).toBe(before);
  });
});

it('what a transfer leaves of a cell is offered at once to who is there and waits for it', async () => {
  test = new TestEngine().withFirmware().withDevices('a', 'b');
  await test.running({ bandwidth: { perCell: { airtime: '5%' } } });
  const [busy, waiting] = test.update('a').state === 'offered' ? ['a', 'b'] : ['b', 'a'];
  expect(test.update(waiting)).toMatchObject({ state: 'waiting', reason: { code: 'CELL_BUDGET' } });
  await test.tell({ type: 'download-finished' }, busy);
  // The next look that was planned is ten minutes away.
  test.clock.pass(1000);
  await test.ticker.tick();
  expect(test.update(waiting).state).toBe('offered');
});
