import { beforeEach, describe, expect, it } from '@jest/globals';
import { DAY, Endpoint, HOUR, Instant, plus } from '@drover/kernel';
import { aDeviceRecord, aRegistration } from '@drover/testkit';
import { NOW, TestEngine } from '../../../../test/support/engine.ts';
import { AWAKE_MS } from './contact-handler.ts';

const D = Endpoint('d');
const READ_BACK = { type: 'version-read', version: '2.0.0', state: 0, result: 1 } as const;
let test: TestEngine;

beforeEach(() => {
  test = new TestEngine().withFirmware();
});

const learn = (facts: Record<string, string | number>, name = 'd') =>
  test.contacts.onFacts({ type: 'facts', endpoint: Endpoint(name), at: test.clock.now(), facts });

describe('a contact', () => {
  it('welcomes a device that nobody announced', async () => {
    await test.contact('register');
    expect(test.state.devices.get(D)).toMatchObject({ firstSeenAt: NOW, lastContactAt: NOW, registration: { lifetimeS: 86_400 } });
    expect(test.writer.audited).toEqual(['device-registered']);
    expect(test.writer.commits).toMatchObject([{ changes: { devices: [{ endpoint: 'd' }], timeline: [{ kind: 'register' }] } }]);
  });

  it('of a known device writes no second welcome', async () => {
    await test.contact('register');
    await test.contact('register');
    expect(test.writer.audited).toEqual(['device-registered']);
  });

  it('ends the registration of a device that takes its leave, and asks it nothing', async () => {
    test.withDevices('d');
    await test.running();
    test.link.sent.length = 0;
    await test.contact('deregister');
    expect(test.state.devices.get(D)?.registration).toBeUndefined();
    expect(test.link.sent).toEqual([]);
  });

  it('that nothing follows from may wait for the next commit; what is proven or sent may not', async () => {
    await test.contact('register');
    expect(test.writer.commits.at(-1)?.urgency).toBe('now');
    await test.contact('update');
    expect(test.writer.commits.at(-1)?.urgency).toBe('lazy');
    await test.contact('register', 'd', '203.0.113.1:1');
    expect(test.writer.commits.at(-1)?.urgency).toBe('now');
  });

  it('whose lifetime is over leaves a device without registration, and a line in its timeline', async () => {
    await test.contact('register');
    await test.contacts.onLapsed({ type: 'lapsed', endpoint: D, at: test.clock.now() });
    expect(test.state.devices.get(D)?.registration).toBeUndefined();
    expect(test.writer.commits.at(-1)).toMatchObject({ changes: { timeline: [{ kind: 'lapsed', detail: { lifetimeS: 86_400 } }] } });
    const before = test.writer.commits.length;
    await test.contacts.onLapsed({ type: 'lapsed', endpoint: D, at: test.clock.now() });
    expect(test.writer.commits).toHaveLength(before);
  });

  it('from a new address while the old one was alive is audited each time, and one finding, the last', async () => {
    await test.contact('register');
    await test.contact('register', 'd', '203.0.113.1:1');
    await test.contact('register', 'd', '203.0.113.2:2');
    expect(test.writer.audited).toEqual(['device-registered', 'registration-replaced', 'registration-replaced']);
    const findings = test.state.devices.get(D)?.findings ?? [];
    expect(findings).toMatchObject([{ code: 'REGISTERED_ELSEWHERE', text: expect.stringContaining('203.0.113.2:2') }]);
  });

  it('is an admission: a sleeper that wakes gets its offer with this contact', async () => {
    const sleeper = aRegistration({ queueMode: true, refreshedAt: NOW });
    test.putDevice(aDeviceRecord('d', {}, { registration: sleeper, lastContactAt: NOW }));
    await test.running();
    expect(test.update().state).toBe('pending');
    await learn({ 'battery.level': 80 });
    expect(test.link.types).toEqual(['offer']);
    expect(test.link.sent[0]).toMatchObject({ order: { endpoint: 'd', epoch: 3, phase: 'transfer', digest: test.release.digest } });
    expect(test.writer.audited).toContain('offer-committed');
  });

  it('keeps a device awake for as long as it listens, and never shortens that', () => {
    test.contacts.stayAwake(D, plus(NOW, 10));
    test.contacts.stayAwake(D, NOW);
    expect(test.state.awakeUntil.get(D)).toBe(NOW + 10 + AWAKE_MS);
  });

  it('with old facts reads before it decides', async () => {
    test.putDevice(aDeviceRecord('d', {}, { registration: aRegistration({ queueMode: true, refreshedAt: NOW }) }));
    await test.running();
    test.clock.pass(2 * DAY);
    await test.contact('update');
    expect(test.link.types).toEqual(['read-facts']);
    await learn({ 'battery.level': 80 });
    expect(test.link.types).toEqual(['read-facts', 'offer']);
  });

  it('after Execute is the return from the installation', async () => {
    test.withDevices('d');
    await test.running();
    await test.tell({ type: 'download-finished' });
    expect(test.update().state).toBe('installing');
    await test.contact('register');
    expect(test.update().state).toBe('verifying');
  });

  it('brings facts of nobody we know: they are dropped', async () => {
    await learn({ 'battery.level': 80 }, 'stranger');
    expect([test.writer.commits, test.state.devices.size]).toEqual([[], 0]);
  });
});

describe('a late finding', () => {
  const findings = () => test.state.devices.get(D)?.findings.map(({ code, text }) => `${code} ${text}`);

  async function ended(name: string): Promise<void> {
    await test.running({ retry: { maxAttempts: 1 } }, name);
    await test.updates.onUpdate({
      type: 'update',
      endpoint: D,
      attempt: `default/${name}/1.1/d`,
      at: test.clock.now(),
      fact: { type: 'failed', class: 'UnsupportedPackage', why: 'no' },
    });
    expect(test.update('d', name).state).toBe('failed');
  }

  beforeEach(() => void test.withDevices('d'));

  it('is a device that runs the version although its update failed', async () => {
    await ended('c');
    await learn({ firmwareVersion: '2.0.0' });
    expect(findings()).toEqual(['LATE_SUCCESS runs 2.0.0 after campaign c ended as failed']);
    expect(test.update().state).toBe('failed');
    expect(test.writer.audited).toContain('device-finding');
  });

  it('is a device that fell back after it had succeeded', async () => {
    await test.running();
    await test.tell({ type: 'download-finished' });
    await test.contact('register');
    await test.tell(READ_BACK);
    expect(test.update().state).toBe('succeeded');
    test.clock.pass(30 * HOUR);
    await learn({ firmwareVersion: '1.0.0' });
    expect(findings()).toEqual(['FELL_BACK runs 1.0.0 after campaign c ended as succeeded']);
    expect(test.update().state).toBe('succeeded');
  });

  it('is told once', async () => {
    await ended('c');
    for (let contact = 0; contact < 3; contact++) await learn({ firmwareVersion: '2.0.0' });
    expect(findings()).toHaveLength(1);
    expect(test.writer.audited.filter((type) => type === 'device-finding')).toHaveLength(1);
  });

  it('is told of every campaign that it concerns, and of one whose name is part of another', async () => {
    await ended('winter-2');
    await ended('winter');
    await learn({ firmwareVersion: '2.0.0' });
    expect(findings()).toEqual([
      'LATE_SUCCESS runs 2.0.0 after campaign winter-2 ended as failed',
      'LATE_SUCCESS runs 2.0.0 after campaign winter ended as failed',
    ]);
  });

  it('is nothing about a device that the campaign never offered to', async () => {
    test.putDevice(aDeviceRecord('d', {}, { registration: undefined, lastContactAt: Instant(0) }));
    await test.running();
    await learn({ firmwareVersion: '2.0.0' });
    expect(findings()).toEqual([]);
  });
});
