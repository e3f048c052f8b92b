import { describe, expect, it } from '@jest/globals';
import { HOUR, Endpoint, Instant, MINUTE, plus } from '@drover/kernel';
import { updateRules } from '@drover/testkit';
import { newUpdate, next, type DeviceFact, type DeviceUpdate, type UpdateRules } from './index.ts';

const now = Instant(1_000_000_000);
const rules = updateRules();
const asking = (contacts: number, afterReregistration = true): UpdateRules => ({ ...rules, verify: { contacts, afterReregistration } });

/** Executed a moment ago, nothing heard since. */
const installing: DeviceUpdate = {
  ...newUpdate('c', Endpoint('d'), 0, now),
  state: 'installing',
  attempt: 1,
  sessions: 1,
  offset: 4096,
  attemptAt: now,
  executedAt: now,
  executes: 1,
};
const back: DeviceUpdate = { ...installing, state: 'verifying', registeredAt: now, answeredAt: now };

type Seen = readonly [state: number | undefined, result: number | undefined, version: string | undefined];
const read = ([state, result, version]: Seen, contactAt = now): DeviceFact => ({ type: 'read-back', state, result, version, contactAt });
const after = (update: DeviceUpdate, ...facts: DeviceFact[]): DeviceUpdate =>
  facts.reduce((before, fact) => next(before, fact, rules, now) ?? before, update);

const OLD = '1.0.0';
const NEW = '2.0.0';
const failedAs = (failure: 'UpdateFailed' | 'Integrity'): DeviceFact => ({ type: 'failed', failure, why: 'Update Result' });

describe('a Result that an earlier attempt has left', () => {
  const downloaded = next({ ...installing, state: 'offered' }, read([2, 8, OLD]), rules, now);
  const again: DeviceUpdate = { ...installing, resultBefore: 8 };

  it('is kept in mind while nothing is executed', () => {
    expect(downloaded?.resultBefore).toBe(8);
    expect(next({ ...installing, state: 'offered' }, read([2, 0, OLD]), rules, now)).toBeUndefined();
  });

  it('means an Execute that did not arrive where it is still there in State 2', () => {
    expect(next(again, read([2, 8, undefined]), rules, now)).toMatchObject({ state: 'downloaded', executes: 1 });
    expect(next(installing, read([2, 8, undefined]), rules, now)?.state).toBe('installing');
  });

  it('is the answer when the third Execute has left it there', () => {
    expect(next({ ...again, executes: 3 }, read([2, 8, undefined]), rules, now)).toMatchObject({ failure: 'UpdateFailed' });
  });
});

describe('what a device shows after it registered again', () => {
  it.each<[string, Seen, DeviceFact[], string, string | undefined]>([
    ['the version, success', [0, 1, NEW], [], 'succeeded', undefined],
    ['success claimed, the old version', [0, 1, OLD], [], 'failed', 'VersionMismatch'],
    ['success claimed, a third version', [0, 1, '1.5.0'], [], 'failed', 'VersionMismatch'],
    ['the version, its Result lost', [0, 0, NEW], [], 'succeeded', undefined],
    ['the old version, its Result lost: once more', [0, 0, OLD], [], 'waiting', 'RolledBack'],
    ['a Result that failed, tried again by its class', [0, 5, OLD], [failedAs('Integrity')], 'waiting', 'Integrity'],
    ['Result 8 with the image kept: one more Execute', [2, 8, OLD], [failedAs('UpdateFailed')], 'waiting', 'UpdateFailed'],
    ['Result 11: the device defers', [2, 11, OLD], [], 'waiting', 'Deferred'],
    ['State 2 as before: Execute was lost', [2, 0, OLD], [], 'downloaded', undefined],
    ['State 3: it still installs', [3, 0, OLD], [], 'installing', undefined],
    ['Result 10: cancelled at the device', [0, 10, OLD], [{ type: 'cancelled' }], 'failed', 'Cancelled'],
    ['no version at all', [0, 0, undefined], [], 'verifying', undefined],
    ['no State at all', [undefined, undefined, OLD], [], 'verifying', undefined],
  ])('%s', (_name, seen, more, state, failure) => {
    expect(after(back, read(seen), ...more)).toMatchObject({ state, ...(failure === undefined ? {} : { failure }) });
  });

  it('is gone on with where the image is kept, and downloaded anew the second time', () => {
    const once = after(back, read([2, 8, OLD]), failedAs('UpdateFailed'));
    expect(once).toMatchObject({ state: 'waiting', offset: 4096 });
    const gone = after(back, read([0, 8, OLD]), failedAs('UpdateFailed'));
    expect(gone).toMatchObject({ state: 'waiting', offset: 0 });
  });

  it('counts a failure once, however it is told', () => {
    const deferred = after(back, read([2, 11, OLD]), { type: 'failed', failure: 'Deferred', why: 'result 11' });
    expect(deferred).toMatchObject({ state: 'waiting', failures: { Deferred: 1 }, offset: 4096 });
    expect(deferred.log).toHaveLength(1);
  });

  it('puts off no longer than the campaign lets it', () => {
    const deferred = next(back, read([2, 11, OLD]), { ...rules, maximumDefer: HOUR }, now);
    expect(deferred).toMatchObject({ reason: { code: 'DEVICE_DEFERS' }, backoffUntil: plus(now, HOUR) });
  });
});

describe('an Execute that leaves the image where it is', () => {
  it('is sent again after each read, three times in all', () => {
    let update = back;
    let executes = 1;
    for (; update.state !== 'waiting' && executes < 10; executes++) {
      update = after({ ...update, state: 'verifying' }, read([2, 0, OLD]));
      update = next(update, { type: 'execute-permitted', energyMah: 0 }, rules, now) ?? update;
    }
    expect(update).toMatchObject({ state: 'waiting', failure: 'UpdateFailed', executes: 3, offset: 0 });
  });

  it('does not count where it never left', () => {
    expect(after(installing, { type: 'execute-not-sent' })).toMatchObject({ state: 'downloaded', executes: 0 });
  });
});

describe('the expected version', () => {
  const at = (minutes: number): Instant => plus(now, minutes * MINUTE);
  const shows = (minutes: number): DeviceFact => read([0, 1, NEW], at(minutes));
  const run = (contacts: number, ...facts: DeviceFact[]): DeviceUpdate =>
    facts.reduce((before, fact) => next(before, fact, asking(contacts), now) ?? before, installing);
  const registered: DeviceFact = { type: 'registered' };

  it.each<[string, number, DeviceFact[], string]>([
    ['after a registration', 1, [registered, shows(0)], 'succeeded'],
    ['without one, at one contact', 1, [shows(0)], 'verifying'],
    ['without one, twice in one wake-up', 1, [shows(0), shows(1)], 'verifying'],
    ['without one, at one contact more', 1, [shows(0), shows(10)], 'succeeded'],
    ['before and after the registration, in one wake-up', 1, [shows(0), registered, shows(1)], 'succeeded'],
    ['at two contacts of two', 2, [registered, shows(0), shows(10)], 'succeeded'],
    ['at one contact of two', 2, [registered, shows(0), shows(1)], 'verifying'],
    ['at two contacts without a registration, of two', 2, [shows(0), shows(10)], 'verifying'],
    ['at three contacts without a registration, of two', 2, [shows(0), shows(10), shows(20)], 'succeeded'],
    ['and then another one', 2, [registered, shows(0), read([0, 1, OLD], at(10))], 'waiting'],
    ['seen again after State 3 came back', 1, [registered, read([3, 0, OLD]), shows(10)], 'verifying'],
  ])('%s', (_name, contacts, facts, state) => {
    expect(run(contacts, ...facts).state).toBe(state);
  });

  it('that goes away again is the device’s own fall-back', () => {
    expect(run(3, registered, shows(0), shows(10), read([0, 0, OLD], at(20)))).toMatchObject({
      failure: 'RolledBack',
      detail: 'ran the new version at 2 contacts, then came back with 1.0.0',
    });
  });

  it('says how often it has been seen, and how often it must be', () => {
    expect(run(2, shows(0)).detail).toBe('runs 2.0.0, read at 1 of 3 contacts');
  });

  it('needs no registration where the campaign does not ask for one', () => {
    expect(next(installing, shows(0), asking(1, false), now)?.state).toBe('succeeded');
  });
});
