import { beforeEach, describe, expect, it } from '@jest/globals';
import { Endpoint } from '@drover/kernel';
import { FAILURE_CLASSES } from '@drover/campaign';
import { RESULT_CLASSES } from '@drover/lwm2m';
import { aDeviceRecord } from '@drover/testkit';
import { TestEngine } from '../../../../test/support/engine.ts';
import type { LiveCampaign } from './engine-state.ts';
import { ledgerKey } from './airtime-follower.ts';
import { attemptKey } from './attempt.ts';

const D = Endpoint('d');
const PROGRESS = { type: 'progress', offset: 1024, blocks: 2, bytes: 1100, retransmissions: 1, awakeMs: 0 } as const;
let test: TestEngine;
let campaign: LiveCampaign;

beforeEach(async () => {
  test = new TestEngine().withFirmware().withDevices('d');
  campaign = await test.running();
  expect(test.update()).toMatchObject({ state: 'offered', attempt: 1, sessions: 1 });
  test.link.sent.length = 0;
  test.writer.commits.length = 0;
});

const lastEvent = () => test.writer.commits.flatMap(({ events }) => events).at(-1);

it('has one failure class for each Update Result, in the same order: the two lists live in rooms that do not know each other', () => {
  expect(FAILURE_CLASSES.slice(0, RESULT_CLASSES.length)).toEqual(RESULT_CLASSES);
});

describe('a fact of another', () => {
  it.each([
    ['session', 'default/c/1.2/d'],
    ['attempt', 'default/c/2.1/d'],
    ['campaign', 'default/other/1.1/d'],
    ['device', 'default/c/1.1/e'],
    ['world', ''],
  ])('%s is dropped', async (_what, attempt) => {
    const before = test.update();
    await test.tell({ type: 'download-finished' }, 'd', attempt);
    await test.updates.onRefusedCommand({
      type: 'refused-command',
      endpoint: D,
      attempt,
      at: test.clock.now(),
      command: 'offer',
      why: 'late',
    });
    expect(test.update()).toBe(before);
    expect([test.writer.commits, test.link.sent]).toEqual([[], []]);
  });

  it('session that was lost meanwhile is dropped', async () => {
    const first = attemptKey(test.update());
    await test.tell(PROGRESS);
    await test.tell({ type: 'session-lost', offset: 512 });
    await test.tell({ type: 'download-finished' }, 'd', first);
    expect(test.update()).toMatchObject({ state: 'offered', sessions: 2, offset: 512 });
  });

  it('session that was lost, and nothing has come since: it is asked again, not told to install', async () => {
    await test.tell({ type: 'session-lost', offset: 512 });
    await test.tell({ type: 'download-finished' });
    expect(test.update()).toMatchObject({ state: 'waiting', idleSessions: 1 });
  });
});

describe('a transfer', () => {
  it('counts what was carried', async () => {
    await test.tell({ type: 'download-started', method: 'Pull' });
    await test.tell(PROGRESS);
    await test.tell({ ...PROGRESS, offset: 2048 });
    expect(test.update()).toMatchObject({ state: 'downloading', method: 'Pull', offset: 2048, blocks: 4, bytes: 2200, retransmissions: 2 });
  });

  it('gives its share of the cell back when the session is lost, and the gateway lets go', async () => {
    const share = () => test.state.ledger.holds(ledgerKey(test.update()));
    const lost = attemptKey(test.update());
    test.putDevice(aDeviceRecord('d', {}, { registration: undefined }));
    expect(share()).toBe(true);
    await test.tell({ type: 'session-lost', offset: 512 });
    expect(share()).toBe(false);
    expect(test.state.ledger.countOf('campaign c')).toBe(0);
    expect(test.update()).toMatchObject({ state: 'waiting', offset: 512, attempt: 1, reason: { code: 'ASLEEP' } });
    expect(test.link.sent).toMatchObject([{ type: 'drop', attempt: lost, epoch: 3 }]);
  });

  it('goes on in a new session of the same attempt where the device is still there', async () => {
    await test.tell(PROGRESS);
    await test.tell({ type: 'session-lost', offset: 512 });
    expect(test.link.sent).toMatchObject([{ type: 'drop' }, { type: 'offer', order: { offset: 512, attempt: 'default/c/1.2/d' } }]);
    expect(test.state.ledger.countOf('campaign c')).toBe(1);
  });

  it('that brought nothing is left alone for a while, longer each time, and no longer than to the next contact', async () => {
    await test.tell({ type: 'session-lost', offset: 0 });
    expect(test.link.types).toEqual(['drop']);
    test.clock.pass(4 * 60_000);
    await test.ticker.tick();
    expect(test.link.types).toEqual(['drop']);
    test.clock.pass(61_000);
    await test.ticker.tick();
    expect(test.update()).toMatchObject({ state: 'offered', sessions: 2, idleSessions: 1 });
    await test.tell({ type: 'session-lost', offset: 0 });
    expect(test.update()).toMatchObject({ state: 'waiting', idleSessions: 2, reason: { code: 'BACKOFF' } });
    test.clock.pass(1000);
    await test.contact('update');
    await test.contacts.onFacts({ type: 'facts', endpoint: D, at: test.clock.now(), facts: { model: 'WM-300' } });
    expect(test.update()).toMatchObject({ state: 'offered', sessions: 3 });
    await test.tell(PROGRESS);
    await test.tell({ type: 'session-lost', offset: 512 });
    expect(test.update().idleSessions).toBeUndefined();
  });

  it('that is finished is executed after the intent is written', async () => {
    test.writer.hold();
    const told = test.tell({ type: 'download-finished' });
    expect(test.update().state).toBe('installing');
    expect(test.link.sent).toEqual([]);
    test.writer.release();
    await told;
    expect(test.link.sent).toMatchObject([{ type: 'execute', attempt: 'default/c/1.1/d', epoch: 3 }]);
    expect(test.writer.audited).toContain('execute-committed');
    expect(test.state.ledger.countOf('campaign c')).toBe(0);
  });
});

describe('power', () => {
  it('stops a transfer at its block when the battery comes below the floor, and keeps what has arrived', async () => {
    await test.tell({ type: 'download-started', method: 'Pull' });
    await test.tell(PROGRESS);
    const running = attemptKey(test.update());
    test.link.sent.length = 0;
    await test.contacts.onFacts({ type: 'facts', endpoint: D, at: test.clock.now(), facts: { 'battery.level': 12 } });
    expect(test.update()).toMatchObject({ state: 'waiting', attempt: 1, offset: 1024, reason: { code: 'BATTERY_FLOOR' } });
    expect(test.link.sent).toMatchObject([{ type: 'drop', attempt: running }]);
    expect(test.state.ledger.countOf('campaign c')).toBe(0);
    await test.contacts.onFacts({ type: 'facts', endpoint: D, at: test.clock.now(), facts: { 'battery.level': 55 } });
    expect(test.link.sent[1]).toMatchObject({ type: 'offer', order: { offset: 1024, attempt: 'default/c/1.2/d' } });
  });

  it('counts the time awake and the energy of what was sent', async () => {
    const offered = test.update().energyMah;
    expect(offered).toBeGreaterThan(0);
    await test.tell({ ...PROGRESS, awakeMs: 93_000 });
    expect(test.update().awakeMs).toBe(93_000);
    expect(test.update().energyMah - offered).toBeGreaterThan(0.6);
    await test.tell({ type: 'failed', class: 'UnsupportedPackage', why: 'result 6' });
    expect(lastEvent()).toMatchObject({
      details: { secondsAwake: 93, bytes: 1100, blocks: 2, retransmissions: 1, energyMah: expect.any(Number) },
    });
    expect(test.update().log).toMatchObject([{ attempt: 1, outcome: 'UnsupportedPackage', awakeMs: 93_000 }]);
  });

  it('learns of a device that began anew, for this way of delivery and for good', async () => {
    await test.tell({ type: 'download-started', method: 'Pull' });
    await test.tell(PROGRESS);
    await test.tell({ type: 'began-anew', from: 1024 });
    expect(test.update().offset).toBe(0);
    expect(test.device().beganAnew).toEqual({ Pull: test.clock.now() });
  });
});

describe('an outcome', () => {
  it('is a success when the version was read, and not before', async () => {
    await test.tell({ type: 'download-finished' });
    await test.tell({ type: 'state', state: 0, result: 1 });
    expect(test.update().state).toBe('installing');
    await test.contact('register');
    expect(test.update().state).toBe('verifying');
    await test.tell({ type: 'version-read', version: '2.0.0', state: 0, result: 1 });
    expect(test.update()).toMatchObject({ state: 'succeeded', versionBefore: '1.0.0', versionAfter: '2.0.0' });
    expect(test.state.devices.get(D)?.facts.firmwareVersion?.value).toBe('2.0.0');
    expect(lastEvent()).toMatchObject({ type: 'attempt-finished', result: 'success', details: { source: 'bob', outcome: 'success' } });
  });

  it('is a failure with its class, written once per attempt', async () => {
    await test.tell({ type: 'failed', class: 'UnsupportedPackage', why: 'result 6' });
    expect(test.update()).toMatchObject({ state: 'failed', failure: 'UnsupportedPackage', detail: 'result 6' });
    expect(lastEvent()).toMatchObject({ type: 'attempt-finished', result: 'failure', details: { failure: 'UnsupportedPackage' } });
    expect(test.writer.audited.filter((type) => type === 'attempt-finished')).toHaveLength(1);
    expect(test.link.types).toEqual(['drop', 'forget']);
  });

  it('of a class that nobody knows is Unknown', async () => {
    await test.tell({ type: 'failed', class: '__proto__', why: '?' });
    expect(test.update().failures).toEqual({ Unknown: 1 });
  });

  it('that is our own fault holds the campaign', async () => {
    await test.tell({ type: 'failed', class: 'InvalidURI', why: 'result 7' });
    expect(campaign.record.stages[0]).toMatchObject({ state: 'held', why: 'InvalidURI on d: result 7' });
    expect(test.writer.audited).toContain('gate-held');
  });
});

describe('a command that came too late', () => {
  const refuse = (command: string) =>
    test.updates.onRefusedCommand({
      type: 'refused-command',
      endpoint: D,
      attempt: attemptKey(test.update()),
      at: test.clock.now(),
      command,
      why: 'past its window',
    });

  it('to offer waits for the next window, and holds no share', async () => {
    await refuse('offer');
    expect(test.update()).toMatchObject({ state: 'waiting', reason: { code: 'WINDOW_CLOSED', evidence: 'past its window' } });
    expect(test.state.ledger.countOf('campaign c')).toBe(0);
  });

  it('to execute leaves the image where it is', async () => {
    await test.tell({ type: 'download-finished' });
    await refuse('execute');
    expect(test.update().state).toBe('downloaded');
  });
});
