import { beforeEach, describe, expect, it } from '@jest/globals';
import { Endpoint } from '@drover/kernel';
import { ANN, TestEngine } from '../../../../test/support/engine.ts';
import type { LiveCampaign } from './engine-state.ts';

const WORD = { reason: 'new antenna', actor: ANN };
const FAILS = { type: 'failed', class: 'UnsupportedPackage', why: 'result 6' } as const;
let test: TestEngine;
let campaign: LiveCampaign;

beforeEach(async () => {
  test = new TestEngine().withFirmware().withDevices('d', 'e');
  campaign = await test.running();
});

const retry = (name = 'd') => test.decisions.retry(campaign, test.device(name), WORD);
const skip = (name = 'd') => test.decisions.skip(campaign, test.device(name), WORD);
const refused = { code: 'TRANSITION_REFUSED' };

describe('a retry', () => {
  beforeEach(() => test.tell(FAILS));

  it('begins anew at once where the device is there, with the next attempt', async () => {
    expect(test.update().state).toBe('failed');
    await retry();
    expect(test.update()).toMatchObject({ state: 'offered', attempt: 2, failures: {}, object: 5, instance: 0 });
    expect(test.writer.audited).toContain('device-retried');
    expect(test.link.sent.at(-1)).toMatchObject({ type: 'offer', order: { attempt: 'default/c/2.1/d', offset: 0 } });
  });

  it('waits while the campaign is paused, and is taken all the same', async () => {
    await test.control.pause(campaign, 'lunch', ANN);
    await retry();
    expect(test.update()).toMatchObject({ state: 'waiting', reason: { code: 'CAMPAIGN_PAUSED' } });
  });

  it('has the whole budget of its class again', async () => {
    await test.control.pause(campaign, 'lunch', ANN);
    await retry();
    await test.control.resume(campaign, 'back', ANN);
    await test.ticker.tick();
    await test.tell({ ...FAILS, class: 'Integrity', why: 'result 5' });
    expect(test.update()).toMatchObject({ state: 'waiting', attempt: 2, failures: { Integrity: 1 }, budgetFrom: 1 });
  });

  it.each<[string, () => Promise<unknown>]>([
    ['of what is under way', () => retry('e')],
    [
      'of what has succeeded',
      async () => {
        await test.tell({ type: 'download-finished' }, 'e');
        await test.contact('register', 'e');
        await test.tell({ type: 'version-read', version: '2.0.0', state: 0, result: 1 }, 'e');
        await retry('e');
      },
    ],
    [
      'of a quarantined device',
      () => {
        test.putDevice({ ...test.device(), quarantine: { since: test.clock.now(), campaigns: ['x'] } });
        return retry();
      },
    ],
    [
      'in a campaign that ends',
      async () => {
        await test.control.abort(campaign, 'no', ANN);
        await retry();
      },
    ],
  ])('%s is refused', async (_what, decide) => {
    await expect(decide()).rejects.toMatchObject(refused);
  });

  it('of a device that the campaign does not have is an error of its own', async () => {
    test.withDevices('stranger');
    await expect(retry('stranger')).rejects.toMatchObject({ code: 'UPDATE_NOT_FOUND', kind: 'missing' });
  });
});

describe('a skip', () => {
  it('of what is under way cancels it, by the protocol', async () => {
    await skip();
    expect(test.update()).toMatchObject({ state: 'cancelling', detail: 'by ann: new antenna' });
    expect(test.link.types).toContain('cancel');
    expect(test.writer.audited).toEqual(expect.arrayContaining(['device-skipped', 'cancel-committed']));
    await expect(skip()).rejects.toMatchObject(refused);
  });

  it('of what waits is over at once', async () => {
    await test.tell({ ...FAILS, class: 'Integrity' });
    expect(test.update().state).toBe('waiting');
    await skip();
    expect(test.update()).toMatchObject({ state: 'skipped', detail: 'by ann: new antenna' });
    await expect(skip()).rejects.toMatchObject(refused);
    await retry();
    expect(test.update()).toMatchObject({ state: 'offered', attempt: 2 });
  });
});

describe('a release', () => {
  it('lets the device be planned again, and nothing counts against it', async () => {
    const findings = [
      { at: test.clock.now(), code: 'QUARANTINED', text: 'x' },
      { at: test.clock.now(), code: 'FELL_BACK', text: 'y' },
    ];
    test.putDevice({ ...test.device(), failedCampaigns: ['x'], quarantine: { since: test.clock.now(), campaigns: ['x'] }, findings });
    await test.decisions.release(test.device(), WORD);
    expect(test.device()).toMatchObject({ endpoint: Endpoint('d'), findings: [{ code: 'FELL_BACK' }] });
    expect([test.device().quarantine, test.device().failedCampaigns]).toEqual([undefined, undefined]);
    expect(test.writer.audited).toContain('device-released');
  });

  it('of a device that is free is refused', async () => {
    await expect(test.decisions.release(test.device(), WORD)).rejects.toMatchObject(refused);
  });
});
