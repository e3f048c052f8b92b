import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { HOUR, instantOf, must, type Json } from '@drover/kernel';
import { isTransferring } from '@drover/rollout';
import { measuredVolume } from '@drover/schedule';
import { AuditAppender, loadSnapshot, openDatabase, takeLease, Writer } from '@drover/persistence';
import { aDeviceRecord, aRegistration, scratchFolder } from '@drover/testkit';
import { NOW, TestEngine } from '../../../../test/support/engine.ts';
import { Explainer } from './explain.ts';
import { LoggedTrust } from './logged-trust.ts';
import { stateFrom } from './recovery.ts';

/** The image has 2048 bytes: four blocks, 2648 bytes on the air. */
const WHOLE = measuredVolume({ blocks: 4, bytes: 2048, retransmissions: 0 });
const BLOCK = measuredVolume({ blocks: 1, bytes: 512, retransmissions: 0 });
const NAMES = ['a', 'b', 'c'];

function fleet(pool?: string): TestEngine {
  const test = new TestEngine().withFirmware();
  for (const name of NAMES) {
    const registration = aRegistration({ refreshedAt: NOW, queueMode: false, lifetimeS: 86_400 * 60 });
    const pattern = { lastAt: NOW, periodMs: HOUR };
    test.putDevice(aDeviceRecord(name, pool === undefined ? {} : { 'sim.pool': pool }, { registration, lastContactAt: NOW, pattern }));
  }
  return test;
}

const capped = (dataCap: Record<string, number>): Record<string, Json> => ({ bandwidth: { dataCap, perCell: { airtime: '100%' } } });
const reasonOf = (test: TestEngine, name: string) => {
  const [why] = new Explainer(test.engine, test.stepper).why(test.device(name));
  return { code: must(why, name).code, evidence: must(why, name).evidence, nextAt: must(why, name).nextAt };
};
/** So many new blocks, or with none of them so many that were there before. */
const blocks = (test: TestEngine, name: string, count: number, repeated = 0): Promise<void> => {
  const { offset } = test.update(name);
  const sent = count === 0 ? { blocks: repeated, retransmissions: 0 } : { blocks: count, retransmissions: repeated };
  const moved = { offset: offset + 512 * count, ...sent, bytes: 512 * sent.blocks, awakeMs: 0 };
  return test.tell({ type: 'progress', ...moved }, name);
};

describe('the cap of a campaign', () => {
  it('keeps what transfers under way need: who is too many waits, and is skipped when it is used up', async () => {
    const test = fleet();
    const campaign = await test.running(capped({ campaign: 2.5 * WHOLE }));
    const begun = NAMES.filter((name) => isTransferring(test.update(name)));
    const third = must(
      NAMES.find((name) => !begun.includes(name)),
      'one that waits',
    );
    expect(begun).toHaveLength(2);
    expect(reasonOf(test, third)).toMatchObject({
      code: 'DATA_CAP',
      evidence:
        '0 bytes of 6.62 kB of this campaign are moved, 5.30 kB are kept for transfers under way, this transfer needs about 2.65 kB',
    });
    for (const name of begun) await blocks(test, name, 4);
    expect(campaign.updates.volume).toBe(2 * WHOLE);
    for (const name of begun) await test.tell({ type: 'download-finished' }, name);
    test.clock.pass(HOUR);
    await test.ticker.tick();
    expect(test.update(third)).toMatchObject({ state: 'skipped', reason: { code: 'DATA_CAP' } });
    expect(reasonOf(test, third).evidence).toBe('5.30 kB of 6.62 kB of this campaign are moved, this transfer needs about 2.65 kB');
  });

  it('stops a transfer whose repetitions have used it up: it has failed, and its class says why', async () => {
    const test = fleet();
    await test.running(capped({ perDevice: WHOLE }));
    test.link.sent.length = 0;
    await blocks(test, 'a', 1);
    expect(test.update('a').state).toBe('downloading');
    await blocks(test, 'a', 1, 4);
    expect(test.link.types).toContain('drop');
    expect(test.update('a')).toMatchObject({ volume: 6 * BLOCK, state: 'waiting', reason: { code: 'DATA_CAP' } });
    test.clock.pass(HOUR);
    await test.ticker.tick();
    expect(test.update('a')).toMatchObject({ offset: 1024, state: 'failed', failure: 'DataCap' });
    expect(isTransferring(test.update('b'))).toBe(true);
  });

  it('keeps what an interrupted transfer still needs', async () => {
    const test = fleet();
    await test.running(capped({ campaign: WHOLE + BLOCK }));
    const [first] = NAMES.filter((name) => isTransferring(test.update(name)));
    await blocks(test, first!, 1);
    await test.tell({ type: 'session-lost', offset: 512 }, first);
    expect(test.state.ledger.data.inCampaign('default/c')).toBe(3 * BLOCK);
    expect(NAMES.filter((name) => reasonOf(test, name).code === 'DATA_CAP')).toHaveLength(2);
  });
});

describe('the month of a SIM pool', () => {
  it('is one for all campaigns, and ends with the month', async () => {
    const test = fleet('north');
    test.state.loadPool({ pool: 'north', month: '2026-12', bytes: 1000 });
    test.state.loadPool({ pool: 'north', month: '2026-11', bytes: 1e9 });
    await test.running(capped({ perPoolAndMonth: WHOLE }));
    expect(reasonOf(test, 'a')).toEqual({
      code: 'DATA_CAP',
      evidence: '1.00 kB of 2.65 kB of SIM pool north in 2026-12 are moved, this transfer needs about 2.65 kB',
      nextAt: instantOf('2027-01-01T00:00:00Z'),
    });
    test.clock.at = instantOf('2027-01-01T00:00:01Z');
    for (const name of NAMES) await test.contact('update', name);
    await test.ticker.tick();
    expect(NAMES.filter((name) => isTransferring(test.update(name)))).toHaveLength(1);
  });

  it('is counted whether or not a campaign has a cap, and does not touch devices without a pool', async () => {
    const test = fleet();
    test.putDevice({ ...test.device('a'), facts: { ...test.device('a').facts, 'sim.pool': { value: 'north', at: NOW } } });
    await test.running();
    test.writer.commits.length = 0;
    await blocks(test, 'a', 2, 1);
    await blocks(test, 'b', 4);
    expect([...test.state.pools.values()]).toEqual([{ pool: 'north', month: '2026-12', bytes: 3 * BLOCK }]);
    expect(test.writer.commits.flatMap(({ changes }) => changes.poolVolumes ?? [])).toEqual([...test.state.pools.values()]);
  });

  it('survives a restart, with what is kept for transfers under way and what the campaign has moved', async () => {
    class NoLog extends AuditAppender<never> {
      append = () => ({ rows: [], committed: () => undefined });
    }
    const test = fleet('north');
    await test.running(capped({ campaign: 10 * WHOLE, perPoolAndMonth: 10 * WHOLE }));
    await blocks(test, 'a', 1);
    await blocks(test, 'b', 2, 1);
    const scratch = scratchFolder();
    const database = await openDatabase(scratch.file('drover.sqlite'));
    const writer = new Writer<never>(database, { log: new NoLog(), epoch: await takeLease(database), onFatal: () => undefined });
    await writer.commit({ devices: NAMES.map((name) => test.device(name)) }, []);
    for (const { changes } of test.writer.commits) await writer.commit(changes, []);
    await writer.drain();
    const state = await stateFrom(await loadSnapshot(database), new LoggedTrust(), test.clock.at);
    await database.destroy();
    scratch.remove();
    expect([...state.pools.values()]).toEqual([{ pool: 'north', month: '2026-12', bytes: 4 * BLOCK }]);
    expect(state.ledger.data.inCampaign('default/c')).toBe(3 * WHOLE - 3 * BLOCK);
    expect(state.campaigns.get('default/c')?.updates.volume).toBe(4 * BLOCK);
  });
});

it('a plan that needs more than its caps says so', async () => {
  const test = fleet('north');
  const campaign = await test.running(capped({ campaign: WHOLE, perPoolAndMonth: 100 * WHOLE }));
  const [planned] = await test.campaigns.plan([campaign.document]);
  expect(planned?.warnings).toEqual(['dataCap.campaign: the plan needs 7.94 kB, the cap is 2.65 kB']);
});

const aStep = fc.record({
  type: fc.constantFrom('moves', 'moves', 'moves', 'moves', 'moves', 'moves', 'ends', 'lost', 'passes', 'wakes'),
  name: fc.constantFrom(...NAMES),
  count: fc.integer({ min: 1, max: 2 }),
  repeated: fc.nat(2),
  /** The same bytes once more: the device asks for what it has had. */
  isAgain: fc.boolean(),
});

it('in any history of a whole engine, each transfer under way brings one report at most after a cap is reached', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: BLOCK, max: 3 * WHOLE }),
      fc.array(aStep, { minLength: 20, maxLength: 60, size: 'max' }),
      async (cap, steps) => {
        const test = fleet('north');
        const campaign = await test.running(capped({ campaign: cap, perPoolAndMonth: cap }));
        const late = new Map<string, number>();
        for (const { type, name, count, repeated, isAgain } of steps) {
          const before = campaign.updates.volume;
          await carryOut(test, { type, name, count: isAgain ? 0 : count, repeated: isAgain ? count : repeated });
          await test.ticker.tick();
          const moved = NAMES.reduce((sum, each) => sum + (test.update(each).volume ?? 0), 0);
          expect([campaign.updates.volume, test.state.pools.get('north')?.bytes ?? 0]).toEqual([moved, moved]);
          if (moved > before && before >= cap) late.set(name, (late.get(name) ?? 0) + 1);
          expect(Math.max(0, ...late.values())).toBeLessThanOrEqual(1);
          // What is over keeps nothing.
          const isAnyUnderWay = NAMES.some((each) => ['offered', 'downloading', 'waiting'].includes(test.update(each).state));
          if (!isAnyUnderWay) expect(test.state.ledger.data.inCampaign('default/c')).toBe(0);
        }
      },
    ),
    { numRuns: 100 },
  );
});

async function carryOut(
  test: TestEngine,
  { type, name, count, repeated }: { type: string; name: string; count: number; repeated: number },
): Promise<void> {
  if (type === 'passes') return test.clock.pass(HOUR);
  if (type === 'wakes') return test.contact('update', name);
  const { offset } = test.update(name);
  if (!isTransferring(test.update(name))) return;
  if (type === 'lost') return test.tell({ type: 'session-lost', offset }, name);
  if (type === 'ends') return test.tell({ type: 'download-finished' }, name);
  if (count === 0 || offset < 2048) return blocks(test, name, count, repeated);
}
