import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { instantOf, plus, type Instant } from '@drover/kernel';
import { carrierOf } from '@drover/fleet';
import { Ledger } from '@drover/schedule';
import { aCampaign, aDevice } from '@drover/testkit';
import { decideDevice, newUpdate, nextDeadline, overdue, UPDATE_STATES, type DeviceView, type StageStatus } from './index.ts';

const now = instantOf('2026-12-01T01:00:00Z');
const hour = (count: number): Instant => plus(now, count * 3_600_000);
const device = aDevice('d');
const open: StageStatus = { state: 'open', openedAt: now };
const update = newUpdate('c', device.endpoint, 0, now);
const night = { windows: { install: [{ start: '10:00', duration: '4h' }] }, timeZone: 'UTC' };

const view = (change: Partial<DeviceView> = {}): DeviceView => ({
  update,
  device,
  pattern: { lastAt: now, periodMs: 6 * 3_600_000 },
  coverage: undefined,
  sleeps: true,
  spentThisYearMah: 0,
  data: { byDevice: 0, byCampaign: 0, keptInCampaign: 0, pool: undefined },
  appointmentsLeft: 0,
  appointment: undefined,
  ledgerKey: 'default/c/d',
  isReachable: true,
  imageBytes: 65_536,
  life: { phase: 'running' },
  spec: aCampaign().spec,
  stages: [open, { state: 'closed' }],
  hold: undefined,
  trustRefusal: undefined,
  inFlightElsewhere: undefined,
  isOutranked: false,
  running: { type: 'known', version: '1.0.0' },
  quarantine: undefined,
  resume: { byClass: undefined, beganAnew: [] },
  ledger: new Ledger(),
  ...change,
});
const hold = { reason: 'storm', by: 'ann', since: now };
const unread = { type: 'unread' } as const;
const from = aCampaign({ firmware: { name: 'fw', version: '2.0.0', from: { versions: ['>=1.5'] } } }).spec;
const faulty = aDevice('d', { 'battery.status': 'BatteryDamaged' });
const downloading = { ...update, state: 'downloading' as const, attempt: 1 };
const downloaded = { ...update, state: 'downloaded' as const, attempt: 1 };

describe('decideDevice', () => {
  it.each<[string, Partial<DeviceView>, string]>([
    ['an awake device in an open stage', {}, 'offer'],
    ['asleep', { isReachable: false }, 'wait ASLEEP'],
    ['stage not open', { update: { ...update, stage: 1 } }, 'wait STAGE_GATE'],
    [
      'stage before it soaks',
      { update: { ...update, stage: 1 }, stages: [{ state: 'soaking', soaksUntil: hour(1) }, { state: 'closed' }] },
      'wait STAGE_GATE',
    ],
    [
      'stage before it awaits promotion',
      { update: { ...update, stage: 1 }, stages: [{ state: 'awaiting-promotion' }, { state: 'closed' }] },
      'wait PROMOTION promote',
    ],
    ['gate held', { stages: [{ state: 'held', why: 'x' }, { state: 'closed' }] }, 'wait STAGE_GATE promote'],
    ['paused', { life: { phase: 'paused', resumeTo: 'running' } }, 'wait CAMPAIGN_PAUSED resume'],
    ['not approved', { life: { phase: 'awaiting-approval' } }, 'wait APPROVAL approve'],
    ['not started', { life: { phase: 'scheduled' }, spec: aCampaign({ schedule: { notBefore: '2026-12-02' } }).spec }, 'wait NOT_BEFORE'],
    ['held by a person, whatever else', { hold, life: { phase: 'paused' } }, 'wait HOLD lift-hold'],
    ['unreachable and silent since', { update: { ...update, state: 'unreachable', since: hour(1) } }, 'nothing'],
    ['unreachable and heard since', { update: { ...update, state: 'unreachable' } }, 'offer'],
    ['untrusted with the image in the device', { update: downloaded, trustRefusal: 'ARTIFACT_WITHDRAWN' }, 'cancel'],
    ['untrusted now', { trustRefusal: 'ARTIFACT_WITHDRAWN' }, 'skip TRUST resume'],
    ['in another campaign', { inFlightElsewhere: 'other' }, 'wait OTHER_CAMPAIGN'],
    ['past the deadline', { spec: aCampaign({ schedule: { deadline: { at: '2026-12-01' } } }).spec }, 'skip ASLEEP'],
    [
      'past the deadline, started before it',
      { update: { ...update, state: 'waiting', attempt: 1 }, spec: aCampaign({ schedule: { deadline: { at: '2026-12-01' } } }).spec },
      'offer',
    ],
    [
      'past a deadline that stops everything',
      {
        update: { ...update, state: 'waiting', attempt: 1 },
        spec: aCampaign({ schedule: { deadline: { at: '2026-12-01', behavior: 'StopNew' } } }).spec,
      },
      'skip ASLEEP',
    ],
    ['aborting', { life: { phase: 'aborting' } }, 'cancel'],
    ['downloaded, install window open', { update: downloaded }, 'execute'],
    ['downloaded, install window shut', { update: downloaded, spec: aCampaign({ schedule: night }).spec }, 'wait WINDOW_CLOSED'],
    ['downloaded, asleep', { update: downloaded, isReachable: false }, 'wait ASLEEP'],
    ['downloaded, paused', { update: downloaded, life: { phase: 'paused' } }, 'wait CAMPAIGN_PAUSED resume'],
    ['downloaded, held by a person', { update: downloaded, hold }, 'wait HOLD lift-hold'],
    ['downloaded, gate held', { update: downloaded, stages: [{ state: 'held' }, { state: 'closed' }] }, 'wait STAGE_GATE promote'],
    ['quarantined', { quarantine: 'failed thrice' }, 'wait QUARANTINED release'],
    ['a source that is not accepted', { spec: from }, 'skip SOURCE_VERSION resume'],
    ['a source that is not accepted, under way', { spec: from, update: { ...update, state: 'waiting', attempt: 1 } }, 'offer'],
    ['a component nobody has looked at', { running: unread }, 'look FACT_UNKNOWN'],
    ['the same, asleep', { running: unread, isReachable: false }, 'wait ASLEEP'],
    ['looked at in this wake-up', { running: unread, update: { ...update, lookedAt: now, looks: 1 } }, 'wait FACT_UNKNOWN'],
    ['looked at in the wake-up before', { running: unread, update: { ...update, lookedAt: hour(-6), looks: 1 } }, 'look FACT_UNKNOWN'],
    ['looked at in vain', { running: unread, update: { ...update, lookedAt: hour(-6), looks: 5 } }, 'skip FACT_UNKNOWN'],
    ['nothing installed yet', { running: { type: 'empty' } }, 'offer'],
    ['transfer under way, battery low', { update: downloading, device: aDevice('d', { 'battery.level': 19 }) }, 'stop BATTERY_FLOOR'],
    ['offered, battery faulty', { update: { ...downloading, state: 'offered' }, device: faulty }, 'stop BATTERY_FAULT'],
    ['transfer under way, battery unknown', { update: downloading, device: aDevice('d', { 'battery.level': undefined }) }, 'nothing'],
    ['transfer under way on mains', { update: downloading, device: aDevice('d', { 'battery.level': 1, 'power.mains': true }) }, 'nothing'],
    ['downloaded, battery low', { update: downloaded, device: aDevice('d', { 'battery.level': 19 }) }, 'wait BATTERY_FLOOR'],
    ['transfer under way', { update: { ...update, state: 'downloading', attempt: 1 } }, 'nothing'],
  ])('%s', (_name, change, expected) => {
    const decision = decideDevice(view(change), now);
    const said =
      'reason' in decision
        ? `${decision.type} ${decision.reason.code}${'person' in decision.reason ? ` ${decision.reason.person}` : ''}`
        : decision.type;
    expect(said).toBe(expected);
  });

  describe('a window too short for the whole image', () => {
    const short = { windows: { download: [{ start: '00:00', duration: '62m' }] }, timeZone: 'UTC' };
    const decided = (change: Partial<DeviceView>, spec: Record<string, unknown> = {}): string =>
      decideDevice(view({ spec: aCampaign({ schedule: short, ...spec }).spec, ...change }), now).type;
    const whole = { imageBytes: 4_000_000, update: { ...update, state: 'waiting', attempt: 1, offset: 3_990_000 } } as const;

    it.each<[string, Partial<DeviceView>, Record<string, unknown>, string]>([
      ['a pull, which goes on', {}, {}, 'offer'],
      ['a pull that began anew once', { resume: { byClass: undefined, beganAnew: ['Pull'] } }, {}, 'wait'],
      ['a pull that began anew, of a class that goes on', { resume: { byClass: 'Both', beganAnew: ['Pull'] } }, {}, 'offer'],
      ['a push', {}, { delivery: { method: 'Push' } }, 'wait'],
      ['a push of a class that goes on with it', { resume: { byClass: 'Push', beganAnew: [] } }, { delivery: { method: 'Push' } }, 'offer'],
      ['a pull of a class that goes on with nothing', { resume: { byClass: 'None', beganAnew: [] } }, {}, 'wait'],
      ['a campaign that resumes nothing', {}, { delivery: { resume: { enabled: false } } }, 'wait'],
    ])('%s', (_name, change, spec, expected) => {
      expect(decided({ ...whole, ...change }, spec)).toBe(expected);
    });
  });

  it('every wait has evidence and an end', () => {
    const phases = fc.constantFrom('awaiting-approval', 'scheduled', 'running', 'paused', 'denied');
    const anyView = fc.record({
      phase: phases,
      state: fc.constantFrom(...UPDATE_STATES),
      stage: fc.nat({ max: 1 }),
      isReachable: fc.boolean(),
      held: fc.boolean(),
      battery: fc.constantFrom(5, 80, undefined),
      later: fc.nat({ max: 400 }),
    });
    fc.assert(
      fc.property(anyView, ({ phase, state, stage, isReachable, held, battery, later }) => {
        const at = hour(later);
        const decision = decideDevice(
          view({
            life: { phase: phase as 'running' },
            update: { ...update, state, stage },
            isReachable,
            hold: held ? hold : undefined,
            device: aDevice('d', { 'battery.level': battery }),
            spec: aCampaign({ schedule: { ...night, notBefore: '2027-12-01' } }).spec,
          }),
          at,
        );
        if (decision.type !== 'wait') return;
        expect(decision.reason.evidence.length).toBeGreaterThan(0);
        expect('person' in decision.reason || decision.reason.nextAt >= at).toBe(true);
      }),
    );
  });

  it('decides alike on alike', () => {
    expect(decideDevice(view(), now)).toEqual(decideDevice(view(), now));
  });
});

describe('overdue', () => {
  const { spec } = aCampaign();
  const pattern = { lastAt: now, periodMs: 6 * 3_600_000 };
  it.each([
    ['pending, fresh', {}, 1, undefined],
    ['pending, silent for ten days', {}, 24 * 10, 'contact-deadline-passed'],
    ['downloading for three weeks', { state: 'downloading', attempt: 1, offeredAt: now }, 24 * 21, 'contact-deadline-passed'],
    ['installing', { state: 'installing', executedAt: now }, 17, undefined],
    ['installing past three contacts', { state: 'installing', executedAt: now }, 18, 'install-deadline-passed'],
    ['suspect', { state: 'suspect', executedAt: now }, 41, undefined],
    ['suspect past confirm', { state: 'suspect', executedAt: now }, 42, 'confirm-deadline-passed'],
    ['downloaded, and silent', { state: 'downloaded', attempt: 1 }, 24 * 10, 'contact-deadline-passed'],
    ['a retry after long silence', { state: 'waiting', retriedAt: hour(24 * 9) }, 24 * 10, undefined],
    ['cancelling, and silent', { state: 'cancelling' }, 24 * 10, 'contact-deadline-passed'],
    ['verifying past confirm', { state: 'verifying' }, 24, 'confirm-deadline-passed'],
    ['verifying, seen a while ago', { state: 'verifying', seenAt: hour(10) }, 24, undefined],
    [
      'a transfer that spans too long',
      { state: 'waiting', attempt: 1, attemptAt: hour(-24 * 20), since: hour(24) },
      24,
      'resume-span-passed',
    ],
    [
      'a retry that spans too long',
      { state: 'waiting', attempt: 1, attemptAt: hour(-24 * 20), since: hour(24), backoffUntil: now },
      24,
      undefined,
    ],
    ['settled', { state: 'succeeded' }, 1000, undefined],
  ] as const)('%s', (_name, change, hours, expected) => {
    expect(overdue({ ...update, ...change }, spec, { pattern, openedAt: now, now: hour(hours) })?.type).toBe(expected);
  });
  it('waits for no cancellation without end, however often the device is heard', () => {
    const cancelling = { ...update, state: 'cancelling' as const, attempt: 1 };
    const heard = { lastAt: hour(41), periodMs: 6 * 3_600_000 };
    const at = (hours: number) => overdue(cancelling, spec, { pattern: heard, openedAt: now, now: hour(hours) })?.type;
    expect([at(41), at(42)]).toEqual([undefined, 'confirm-deadline-passed']);
  });
  it.each([
    ['in the middle of the wait', { from: hour(3), until: hour(8) }, 18 + 5],
    ['since before the wait began', { from: hour(-9), until: hour(4) }, 18 + 4],
    ['before the wait began', { from: hour(-9), until: now }, 18],
    ['after the deadline had passed', { from: hour(18), until: hour(30) }, 18],
  ])('a server that was away %s accuses nobody of what it did not hear', (_name, away, hours) => {
    const installing = { ...update, state: 'installing' as const, executedAt: now };
    expect(nextDeadline(installing, spec, { pattern, openedAt: now, away })).toBe(hour(hours));
  });
  it('says when', () => {
    expect(nextDeadline({ ...update, state: 'installing', executedAt: now }, spec, { pattern, openedAt: now })).toBe(hour(18));
  });
});

describe('a campaign beside one for security', () => {
  const occupied = (share: number): Ledger => {
    const ledger = new Ledger();
    const booking = { carrier: carrierOf(device), from: now, until: hour(1), share };
    ledger.hold('other', { transfer: { booking, share, isFirm: true }, bytesPerSecond: 1, keys: [] }, now);
    return ledger;
  };
  it.each([
    ['takes what it may while there is none', false, 0.4, 'offer'],
    ['leaves three tenths of it while there is', true, 0.4, 'wait'],
    ['and goes on with the rest', true, 0.25, 'offer'],
  ])('%s', (_what, isOutranked, share, expected) => {
    expect(decideDevice(view({ isOutranked, ledger: occupied(share), update: { ...update, turnedAway: 0 } }), now).type).toBe(expected);
  });
});

it.each([
  ['what comes before the deadline is waited for', '2026-12-02T00:00:00Z', false],
  ['what comes after it is waited for in vain, and the evidence says so', '2026-12-01T09:00:00Z', true],
])('%s', (_what, at, isInVain) => {
  const download = { windows: { download: [{ start: '10:00', duration: '4h' }] }, timeZone: 'UTC', deadline: { at } };
  const decision = decideDevice(view({ spec: aCampaign({ schedule: download }).spec, appointmentsLeft: 3 }), now);
  expect(decision).toMatchObject({
    type: 'wait',
    reason: { code: isInVain ? 'WINDOW_CLOSED' : expect.stringMatching(/^(APPOINTMENT|WINDOW_CLOSED)$/) },
  });
  expect(JSON.stringify(decision).includes('the campaign ends before that, at 2026-12-01T09:00:00.000Z')).toBe(isInVain);
});
