import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DAY, Endpoint, HOUR, Instant, MINUTE } from '@drover/kernel';
import {
  isRotationInFlight,
  isRotationSettled,
  nextRotation,
  ROTATION_STATES,
  rotationEnded,
  rotationWait,
  type DeviceRotation,
  type RotationFacts,
  type RotationGround,
} from '../index.ts';

const T0 = Date.parse('2026-12-01T00:00:00Z');
const at = (ms: number): Instant => Instant(T0 + ms);

const own = (change: Partial<DeviceRotation> = {}): DeviceRotation => ({
  endpoint: Endpoint('d'),
  stage: 0,
  state: 'pending',
  since: at(0),
  asked: 0,
  sessionsBefore: 0,
  before: [],
  ...change,
});
const asked = (change: Partial<DeviceRotation> = {}): DeviceRotation =>
  own({ state: 'asked', since: at(HOUR), asked: 1, sessionsBefore: 1, waits: 'ANSWER', before: ['psk old'], ...change });
const given = (change: Partial<DeviceRotation> = {}): DeviceRotation =>
  asked({ state: 'given', givenAt: at(2 * HOUR), since: at(2 * HOUR), waits: 'CONFIRM', ...change });
const known = (change: Partial<RotationFacts> = {}): RotationFacts => ({
  hasRotated: false,
  reach: 'LISTENS',
  identities: ['psk old'],
  ...change,
});
const ground = (change: Partial<RotationGround> = {}): RotationGround => ({
  open: true,
  openedAt: at(0),
  hasRoom: true,
  limits: { deadlines: { request: 30 * DAY, confirm: 3 * DAY } as RotationGround['limits']['deadlines'], maxSessions: 3 },
  ...change,
});
const wish = (waits: string, askedAt = at(HOUR)) => ({ wish: { waits, askedAt } });
const session = (state: 'writing' | 'finished' | 'failed', when: number, count = 2) => ({
  session: { state, at: at(when), count, why: 'no answer' },
});

interface Case {
  readonly what: string;
  readonly own: DeviceRotation;
  readonly facts?: Partial<RotationFacts>;
  readonly ground?: Partial<RotationGround>;
  readonly now: number;
  readonly becomes: Partial<DeviceRotation> | 'stays';
  readonly order?: 'ask' | 'let-be';
}

const SOON = HOUR + MINUTE;

describe('one device', () => {
  it.each<Case>([
    { what: 'listens', own: own(), now: SOON, becomes: { state: 'asked', asked: 1, before: ['psk old'], waits: 'ANSWER' }, order: 'ask' },
    {
      what: 'counts no session of before',
      own: own(),
      facts: session('finished', -DAY, 4),
      now: SOON,
      becomes: { state: 'asked', sessionsBefore: 4 },
      order: 'ask',
    },
    {
      what: 'is asked in the middle of a session',
      own: own(),
      facts: session('writing', HOUR, 4),
      now: SOON,
      becomes: { state: 'asked', sessionsBefore: 3 },
      order: 'ask',
    },
    { what: 'sleeps', own: own(), facts: { reach: 'ASLEEP' }, now: SOON, becomes: 'stays' },
    { what: 'is in the middle of an update', own: own(), facts: { isUpdating: true }, now: SOON, becomes: 'stays' },
    { what: 'is not there', own: own(), facts: { reach: 'NOT_REGISTERED' }, now: SOON, becomes: 'stays' },
    { what: 'comes by itself alone', own: own(), facts: { reach: 'OWN_REQUEST' }, now: SOON, becomes: 'stays' },
    { what: 'finds no room', own: own(), ground: { hasRoom: false }, now: SOON, becomes: 'stays' },
    { what: 'is in a closed stage', own: own(), ground: { open: 'STAGE_GATE', openedAt: undefined }, now: SOON, becomes: 'stays' },
    { what: 'is in a rotation that is paused', own: own(), ground: { open: 'ROTATION_PAUSED' }, now: SOON, becomes: 'stays' },
    {
      what: 'lost its template',
      own: own(),
      facts: { unfit: { code: 'NO_TEMPLATE', detail: 'none' } },
      now: SOON,
      becomes: { state: 'skipped', detail: 'NO_TEMPLATE: none' },
    },
    {
      what: 'lost its template when it was asked',
      own: own({ state: 'waiting', asked: 1 }),
      facts: { unfit: { code: 'NO_TEMPLATE', detail: 'none' } },
      now: SOON,
      becomes: { state: 'failed', failure: 'Refused' },
    },
    {
      what: 'is not fit, in a stage that is closed',
      own: own(),
      facts: { unfit: { code: 'NO_TEMPLATE', detail: '' } },
      ground: { openedAt: undefined },
      now: SOON,
      becomes: 'stays',
    },
    {
      what: 'has another key before its stage opens',
      own: own(),
      facts: { hasRotated: true },
      ground: { open: 'STAGE_GATE', openedAt: undefined },
      now: SOON,
      becomes: { state: 'succeeded' },
    },
    {
      what: 'came by itself',
      own: own(),
      facts: session('finished', SOON),
      now: SOON,
      becomes: { state: 'given', givenAt: at(SOON), waits: 'CONFIRM' },
    },
    { what: 'does not come in time', own: own(), facts: { reach: 'ASLEEP' }, now: 30 * DAY, becomes: { state: 'unreachable' } },
    {
      what: 'comes when nobody expected it any more',
      own: own({ state: 'unreachable', since: at(31 * DAY) }),
      now: 32 * DAY,
      becomes: { state: 'asked' },
      order: 'ask',
    },
    { what: 'finds the deadline past', own: own(), ground: { ends: 'DEADLINE' }, now: SOON, becomes: { state: 'skipped' } },
    { what: 'is of a rotation that is aborted', own: own(), ground: { ends: 'ABORTED' }, now: SOON, becomes: { state: 'cancelled' } },
  ])('$what, not asked yet', check);

  it.each<Case>([
    {
      what: 'takes the order',
      own: asked(),
      facts: wish('REQUEST'),
      now: SOON,
      becomes: { state: 'asked', waits: 'REQUEST', since: at(HOUR) },
    },
    { what: 'has not answered yet', own: asked(), facts: wish('ASKED'), now: SOON, becomes: 'stays' },
    {
      what: 'does not answer',
      own: asked(),
      facts: wish('NO_ANSWER'),
      now: SOON,
      becomes: { state: 'waiting', waits: 'NO_ANSWER' },
      order: 'let-be',
    },
    {
      what: 'is gone',
      own: asked(),
      facts: wish('NOT_REGISTERED'),
      now: SOON,
      becomes: { state: 'waiting', waits: 'NOT_REGISTERED' },
      order: 'let-be',
    },
    {
      what: 'cannot be sent',
      own: asked(),
      facts: wish('OWN_REQUEST'),
      now: SOON,
      becomes: { state: 'waiting', waits: 'OWN_REQUEST', comesAlone: true },
      order: 'let-be',
    },
    {
      what: 'does not come',
      own: asked(),
      facts: wish('REQUEST'),
      now: HOUR + 10 * MINUTE,
      becomes: { state: 'waiting', waits: 'NOT_COME' },
      order: 'let-be',
    },
    {
      what: 'is with the bootstrap server',
      own: asked(),
      facts: { ...wish('REQUEST'), ...session('writing', SOON) },
      now: HOUR + 14 * MINUTE,
      becomes: { waits: 'WRITING' },
    },
    {
      what: 'was with the bootstrap server when that died',
      own: asked(),
      facts: { ...wish('REQUEST'), ...session('writing', SOON) },
      now: SOON + 20 * MINUTE,
      becomes: { state: 'waiting', waits: 'NOT_COME' },
      order: 'let-be',
    },
    { what: 'has got its key', own: asked(), facts: session('finished', SOON), now: SOON, becomes: { state: 'given', givenAt: at(SOON) } },
    {
      what: 'breaks off',
      own: asked(),
      facts: { ...wish('REQUEST'), ...session('failed', SOON) },
      now: SOON,
      becomes: { state: 'waiting', waits: 'SESSION_FAILED' },
      order: 'let-be',
    },
    {
      what: 'breaks off too often',
      own: asked(),
      facts: { ...wish('REQUEST'), ...session('failed', SOON, 4) },
      now: SOON,
      becomes: { state: 'failed', failure: 'ConnectionLost', detail: '3 sessions broke off, the last one: no answer' },
      order: 'let-be',
    },
    { what: 'broke off before', own: asked(), facts: { ...wish('ASKED'), ...session('failed', 0, 1) }, now: SOON, becomes: 'stays' },
    {
      what: 'is refused',
      own: asked(),
      facts: { ...wish('REQUEST'), refused: { code: 'NO_TEMPLATE', at: at(SOON) } },
      now: SOON,
      becomes: { state: 'failed', failure: 'Refused', detail: 'NO_TEMPLATE' },
      order: 'let-be',
    },
    {
      what: 'was refused before',
      own: asked(),
      facts: { ...wish('ASKED'), refused: { code: 'NO_TEMPLATE', at: at(0) } },
      now: SOON,
      becomes: 'stays',
    },
    { what: 'is taken back by a person', own: asked(), now: SOON, becomes: { state: 'cancelled' }, order: 'let-be' },
    {
      what: 'goes on while the rotation is paused',
      own: asked(),
      facts: wish('REQUEST'),
      ground: { open: 'ROTATION_PAUSED' },
      now: SOON,
      becomes: { state: 'asked', waits: 'REQUEST' },
    },
    { what: 'goes on past the deadline', own: asked(), facts: wish('ASKED'), ground: { ends: 'DEADLINE' }, now: SOON, becomes: 'stays' },
    {
      what: 'is let be by an abort',
      own: asked(),
      facts: wish('ASKED'),
      ground: { ends: 'ABORTED' },
      now: SOON,
      becomes: { state: 'cancelled' },
      order: 'let-be',
    },
    {
      what: 'has shown its key before anybody told of the session',
      own: asked(),
      facts: { ...wish('REQUEST'), hasRotated: true },
      now: SOON,
      becomes: { state: 'succeeded' },
      order: 'let-be',
    },
  ])('$what, asked', check);

  it.each<Case>([
    { what: 'has not shown its key yet', own: given(), now: 3 * HOUR, becomes: 'stays' },
    { what: 'shows it', own: given(), facts: { hasRotated: true }, now: 3 * HOUR, becomes: { state: 'succeeded' } },
    { what: 'is silent', own: given(), facts: { heardAt: at(2 * HOUR + MINUTE) }, now: 2 * HOUR + 3 * DAY, becomes: { state: 'suspect' } },
    {
      what: 'goes on with the old key',
      own: given(),
      facts: { heardAt: at(DAY) },
      now: 2 * HOUR + 3 * DAY,
      becomes: { state: 'failed', failure: 'RolledBack' },
    },
    {
      what: 'is heard late with the new key',
      own: given({ state: 'suspect' }),
      facts: { hasRotated: true, heardAt: at(9 * DAY) },
      now: 9 * DAY,
      becomes: { state: 'succeeded' },
    },
    {
      what: 'is heard late with the old key',
      own: given({ state: 'suspect' }),
      facts: { heardAt: at(9 * DAY) },
      now: 9 * DAY,
      becomes: { state: 'failed', failure: 'RolledBack' },
    },
    { what: 'stays silent', own: given({ state: 'suspect' }), now: 9 * DAY, becomes: 'stays' },
    { what: 'comes once more', own: given(), facts: session('finished', DAY, 3), now: DAY, becomes: { state: 'given', givenAt: at(DAY) } },
  ])('$what, given', check);

  it('that has not answered is asked as soon as it is heard, however often that was so, and not before', () => {
    const waiting = own({ state: 'waiting', asked: 5, waits: 'NO_ANSWER', since: at(HOUR) });
    expect(nextRotation(waiting, known({ heardAt: at(HOUR) }), ground(), at(9 * HOUR))).toBeUndefined();
    expect(nextRotation(waiting, known({ heardAt: at(HOUR + 1) }), ground(), at(HOUR + 1))).toMatchObject({ order: 'ask' });
  });

  it.each([
    [1, 10 * MINUTE],
    [2, 20 * MINUTE],
    [8, 1280 * MINUTE],
    [80, 1280 * MINUTE],
  ])('asked %d times in vain it is left alone for %d ms', (times, pause) => {
    const waiting = own({ state: 'waiting', asked: times, waits: 'NOT_COME', since: at(0) });
    expect(nextRotation(waiting, known(), ground(), at(pause - 1))).toBeUndefined();
    expect(nextRotation(waiting, known(), ground(), at(pause))).toMatchObject({ order: 'ask', after: { asked: times + 1 } });
  });
});

function check({ own: before, facts, ground: around, now, becomes, order }: Case): void {
  const move = nextRotation(before, known(facts), ground(around), at(now));
  if (becomes === 'stays') return expect(move).toBeUndefined();
  expect(move?.after).toMatchObject(becomes);
  expect(move?.order).toBe(order);
}

const anyOwn = fc.record({
  state: fc.constantFrom(...ROTATION_STATES),
  asked: fc.nat(9),
  since: fc.nat(40 * DAY).map(at),
  givenAt: fc.option(fc.nat(40 * DAY).map(at), { nil: undefined }),
  waits: fc.constantFrom(undefined, 'NO_ANSWER', 'SESSION_FAILED', 'REQUEST'),
  comesAlone: fc.constantFrom(undefined, true),
});
const anyFacts = fc.record({
  hasRotated: fc.boolean(),
  reach: fc.constantFrom('LISTENS', 'ASLEEP', 'NOT_REGISTERED', 'OWN_REQUEST'),
  session: fc.option(
    fc.record({ state: fc.constantFrom('writing', 'finished', 'failed'), at: fc.nat(40 * DAY).map(at), count: fc.nat(9) }),
    { nil: undefined },
  ),
  wish: fc.option(
    fc.record({ waits: fc.constantFrom('ASKED', 'REQUEST', 'NO_ANSWER', 'OWN_REQUEST'), askedAt: fc.nat(40 * DAY).map(at) }),
    { nil: undefined },
  ),
  unfit: fc.constantFrom(undefined, { code: 'NO_TEMPLATE', detail: '' }),
  heardAt: fc.option(fc.nat(40 * DAY).map(at), { nil: undefined }),
  identities: fc.constant([]),
});
const anyGround = fc.record({
  open: fc.constantFrom(true, 'STAGE_GATE', 'ROTATION_PAUSED', 'HOLD'),
  openedAt: fc.constantFrom(undefined, at(0)),
  hasRoom: fc.boolean(),
  ends: fc.constantFrom(undefined, 'ABORTED', 'DEADLINE'),
});

it('asks nobody who must not be asked, and leaves those alone who are done, whatever is known', () => {
  fc.assert(
    fc.property(anyOwn, anyFacts, anyGround, fc.nat(40 * DAY), (before, facts, around, now) => {
      const device = own(before as Partial<DeviceRotation>);
      const allowed = ground(around as Partial<RotationGround>);
      const move = nextRotation(device, facts as RotationFacts, allowed, at(now));
      if (isRotationSettled(device)) expect(move).toBeUndefined();
      else if (facts.hasRotated) expect(move?.after.state).toBe('succeeded');
      if (move?.order === 'ask') {
        expect(allowed).toMatchObject({ open: true, hasRoom: true, openedAt: at(0) });
        expect(allowed.ends).toBeUndefined();
        expect(facts).toMatchObject({ reach: 'LISTENS', unfit: undefined });
        expect(device.comesAlone).toBeUndefined();
        expect(isRotationInFlight(device)).toBe(false);
      }
      // Whoever leaves `asked` is waited for no more, but by what it is given.
      if (device.state === 'asked' && move && move.after.state !== 'asked' && move.after.state !== 'given')
        expect(move.order).toBe('let-be');
    }),
  );
});

it('comes to rest: the same facts at the same time move nobody for ever', () => {
  fc.assert(
    fc.property(anyOwn, anyFacts, anyGround, fc.nat(40 * DAY), (before, facts, around, now) => {
      let device = own(before as Partial<DeviceRotation>);
      let known = facts as RotationFacts;
      let moves = 0;
      for (let move; (move = nextRotation(device, known, ground(around as Partial<RotationGround>), at(now))); device = move.after) {
        const { wish: _, ...rest } = known;
        known = move.order === 'ask' ? { ...rest, wish: { waits: 'ASKED', askedAt: at(now) } } : move.order ? rest : known;
        expect((moves += 1)).toBeLessThan(6);
      }
    }),
  );
});

it.each([
  [own(), {}, 'ASLEEP', 'ASLEEP'],
  [own(), { open: 'STAGE_GATE' }, 'ASLEEP', 'STAGE_GATE'],
  [own(), { hasRoom: false }, 'LISTENS', 'IN_FLIGHT'],
  [asked({ waits: 'REQUEST' }), { open: 'ROTATION_PAUSED' }, 'LISTENS', 'REQUEST'],
  [given(), {}, 'ASLEEP', 'CONFIRM'],
  [own({ state: 'waiting', waits: 'NO_ANSWER' }), {}, 'ASLEEP', 'NO_ANSWER'],
  [own({ state: 'waiting', comesAlone: true }), {}, 'LISTENS', 'OWN_REQUEST'],
] as const)('case %# says what it waits for', (device, around, reach, waits) => {
  expect(rotationWait(device, { reach }, ground(around))).toBe(waits);
});

it('closes what is open at the end', () => {
  expect(rotationEnded(given({ state: 'suspect' }), at(DAY))).toMatchObject({ state: 'failed', failure: 'SuspectedBrick' });
  expect(rotationEnded(own({ state: 'unreachable' }), at(DAY))).toMatchObject({ state: 'failed', failure: 'Unreachable' });
  expect(rotationEnded(own(), at(DAY)).state).toBe('cancelled');
});
