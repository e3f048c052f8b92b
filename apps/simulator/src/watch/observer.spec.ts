import { beforeEach, describe, expect, it } from '@jest/globals';
import { HOUR, instantOf, MINUTE, plus, type Instant } from '@drover/kernel';
import type { Limits } from './limits.ts';
import { Observer, type Violation, type Watched } from './observer.ts';
import { blockCost } from '../radio.ts';

const METER: Watched = { endpoint: 'meter-1', carrier: '262-1/1A2B00/NB-IoT', utcOffsetMinutes: 60, bearer: 'NB-IoT', ce: 0 };
/** 22:00 to 06:00 local time, so 21:00 to 05:00 UTC. */
const LIMITS: Limits = {
  downloadWindow: { startMinute: 22 * 60, durationMs: 8 * HOUR },
  installWindow: { startMinute: 60, durationMs: HOUR },
  minBatteryLevel: 0.35,
  maxCoverage: 1,
  airtime: 0.5,
};
const NIGHT = instantOf('2026-03-02T23:00:00Z');
const BYTES = 512;

describe('the observer', () => {
  let observer: Observer;
  beforeEach(() => {
    observer = new Observer(LIMITS, 1);
  });

  const block = (at: string | Instant, more: { battery?: number; device?: Watched; askedAt?: Instant } = {}): void => {
    const { device = METER, battery = 80, askedAt } = more;
    observer.block(device, { at: typeof at === 'string' ? instantOf(at) : at, bytes: BYTES, battery, askedAt });
  };
  const broken = (): Partial<Record<Violation, number>> =>
    Object.fromEntries(Object.entries(observer.violations).filter(([, count]) => count > 0));

  it.each([
    ['2026-03-02T20:59:59Z', 1],
    ['2026-03-02T21:00:00Z', 0],
    ['2026-03-03T04:59:59Z', 0],
    // One exchange of 1.1 s begun inside may end outside.
    ['2026-03-03T05:00:01Z', 0],
    ['2026-03-03T05:00:02Z', 1],
    ['2026-03-03T12:00:00Z', 1],
  ])('judges a block at %s by local time', (at, window) => {
    block(at);
    expect(observer.violations.window).toBe(window);
  });

  it('excuses an answer that datagram loss has delayed, by as long as that took', () => {
    const at = instantOf('2026-03-03T05:00:30Z');
    block(at, { askedAt: plus(at, -31_000) });
    expect(broken()).toEqual({});
    block(at, { askedAt: plus(at, -20_000) });
    expect(broken()).toEqual({ window: 1 });
  });

  it('counts the first block of a transfer from when the device asked for it', () => {
    // A block takes 46 ms of airtime, a minute has 30.
    observer = new Observer({ ...LIMITS, airtime: 0.0005 }, 1);
    block(plus(NIGHT, MINUTE));
    expect(broken()).toEqual({ budget: 1 });
    observer = new Observer({ ...LIMITS, airtime: 0.0005 }, 1);
    block(plus(NIGHT, MINUTE), { askedAt: plus(NIGHT, -MINUTE) });
    expect(broken()).toEqual({});
  });

  it('judges Execute by the install window', () => {
    observer.executed(METER, instantOf('2026-03-03T00:30:00Z'), 2);
    observer.stateRead(METER);
    expect(broken()).toEqual({});
    observer.executed(METER, instantOf('2026-03-03T01:30:00Z'), 2);
    expect(broken()).toEqual({ installWindow: 1 });
  });

  it('counts blocks below the battery floor and in poor coverage', () => {
    block(NIGHT, { battery: 35 });
    expect(broken()).toEqual({});
    block(NIGHT, { battery: 34.9 });
    block(NIGHT, { device: { ...METER, ce: 2 } });
    expect(broken()).toEqual({ battery: 1, coverage: 1 });
  });

  it('counts blocks and Executes under a Hold, and nothing that was on its way when it came', () => {
    const from = instantOf('2026-03-03T00:10:00Z');
    observer.hold({ from });
    block(from);
    expect(broken()).toEqual({});
    block(plus(from, 10_000));
    observer.executed(METER, plus(from, 10_000), 2);
    expect(broken()).toEqual({ blockUnderHold: 1, executeUnderHold: 1 });
    observer.hold({ until: plus(from, 60_000) });
    block(plus(from, 61_000));
    expect(observer.memoryOf(METER)).toMatchObject({ blocksUnderHold: 1, executesUnderHold: 1, executes: 1, firstBlockAt: from });
  });

  it('remembers what was done to a device, in full when asked', () => {
    const at = instantOf('2026-03-03T00:30:00Z');
    const deeds = (): void => {
      observer.offered(METER, 'coap://a', at);
      observer.executed(METER, at, 2);
      observer.installed(METER, { digest: 'sha256:a', isIntact: true }, at);
      observer.versionTold(METER, '2.4.1');
    };
    deeds();
    expect(observer.memoryOf(METER)).toMatchObject({ offers: 1, executes: 1, installs: 1, versionTold: '2.4.1' });
    expect(observer.memoryOf(METER).executed).toBeUndefined();
    observer = new Observer(LIMITS, 1, 'full');
    deeds();
    expect(observer.memoryOf(METER)).toMatchObject({
      offered: [{ at, image: 'coap://a' }],
      executed: [{ at, state: 2 }],
      installed: [{ at, digest: 'sha256:a', isIntact: true }],
    });
    expect(observer.memoryOf({ endpoint: 'nobody' })).toMatchObject({ offers: 0, executes: 0 });
  });

  it('an image that a device fell back from may be installed again', () => {
    observer.installed(METER, { digest: 'sha256:a', isIntact: true }, NIGHT);
    observer.fellBack(METER);
    observer.installed(METER, { digest: 'sha256:a', isIntact: true }, NIGHT);
    expect(broken()).toEqual({});
  });

  it('counts an Execute that nobody looked before', () => {
    const at = instantOf('2026-03-03T00:30:00Z');
    observer.executed(METER, at, 2);
    observer.executed(METER, at, 2);
    observer.executed({ ...METER, endpoint: 'meter-2' }, at, 2);
    observer.stateRead(METER);
    observer.executed(METER, at, 2);
    expect(broken()).toEqual({ blindExecute: 1 });
  });

  it('counts a second image while one is under way', () => {
    observer.offered(METER, 'coap://a', NIGHT);
    observer.offered(METER, 'coap://a', NIGHT);
    observer.transferOver(METER);
    observer.offered(METER, 'coap://b', NIGHT);
    expect(broken()).toEqual({});
    observer.offered(METER, 'push 0123', NIGHT);
    expect(broken()).toEqual({ twoImages: 1 });
    expect(observer.samples).toEqual([
      { kind: 'twoImages', endpoint: 'meter-1', at: '2026-03-02T23:00:00.000Z', detail: 'push 0123 while coap://b is under way' },
    ]);
  });

  it('counts the same image twice, and one that it should not be', () => {
    observer = new Observer({ ...LIMITS, digest: 'sha256:a' }, 1);
    observer.installed(METER, { digest: 'sha256:a', isIntact: true }, NIGHT);
    expect(broken()).toEqual({});
    observer.installed(METER, { digest: 'sha256:a', isIntact: true }, NIGHT);
    observer.installed(METER, { digest: 'sha256:b', isIntact: true }, NIGHT);
    observer.installed({ ...METER, endpoint: 'meter-2' }, { digest: 'sha256:a', isIntact: false }, NIGHT);
    expect(broken()).toEqual({ doubleInstall: 1, wrongImage: 2 });
  });

  /** `devices` transfers side by side for `minutes`, each a block per `everyMs`. */
  const transfers = (devices: number, minutes: number, everyMs: number, carrierOf: (index: number) => string): void => {
    const fleet = Array.from({ length: devices }, (_, index) => ({ ...METER, endpoint: `meter-${index}`, carrier: carrierOf(index) }));
    for (let at = 0; at < minutes * MINUTE; at += everyMs) for (const device of fleet) block(plus(NIGHT, at), { device });
  };
  const { durationMs, airtimeMs } = blockCost(METER, BYTES);

  it('allows as many transfers on a carrier as its share holds, and counts the minutes of one more', () => {
    expect(airtimeMs / durationMs).toBeCloseTo(0.042, 3);
    transfers(11, 3, durationMs, () => METER.carrier);
    expect(broken()).toEqual({});
    observer = new Observer(LIMITS, 1);
    transfers(13, 3, durationMs, () => METER.carrier);
    expect(broken()).toEqual({ budget: 3 });
    expect(observer.samples[0]?.detail).toMatch(/^262-1\/1A2B00\/NB-IoT used 30\d{3} of 30000 ms$/);
  });

  it('keeps carriers apart, and lets pacing make room', () => {
    transfers(20, 3, durationMs, (index) => `cell ${index % 2}`);
    expect(broken()).toEqual({});
    observer = new Observer(LIMITS, 1);
    transfers(20, 3, durationMs * (20 / 11), () => METER.carrier);
    expect(broken()).toEqual({});
  });

  it('keeps the first twenty samples of any number', () => {
    for (let n = 0; n < 50; n++) block('2026-03-03T12:00:00Z');
    expect(observer.violations.window).toBe(50);
    expect(observer.samples).toHaveLength(20);
  });
});
