import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Endpoint, Instant, plus } from '@drover/kernel';
import { aCampaign, updateRules } from '@drover/testkit';
import {
  holdsDevice,
  isSettled,
  mayRetry,
  newUpdate,
  next,
  nextDeadline,
  retried,
  UPDATE_STATES,
  type DeviceFact,
  type DeviceUpdate,
  type UpdateRules,
  type UpdateState,
} from './index.ts';

const now = Instant(1_000_000);

const { spec } = aCampaign();
const rules = updateRules();
const reason = { code: 'WINDOW_CLOSED', evidence: 'shut', nextAt: plus(now, 1) } as const;

/** An update in a state, as it would have come there: `waiting` here is one that was never offered. */
function anUpdate(state: UpdateState, change: Partial<DeviceUpdate> = {}): DeviceUpdate {
  const wasOffered = !['pending', 'waiting', 'unreachable', 'skipped'].includes(state);
  return { ...newUpdate('c', Endpoint('d'), 0, now), state, attempt: wasOffered ? 1 : 0, ...change };
}

const FACTS: Record<string, DeviceFact> = {
  admitted: { type: 'admitted', versionBefore: '1.0', energyMah: 0.1 },
  'must-wait': { type: 'must-wait', reason },
  'must-skip': { type: 'must-skip', reason },
  'look-sent': { type: 'look-sent', reason, contactAt: now },
  'download-started': { type: 'download-started', method: 'Pull' },
  progress: { type: 'progress', offset: 512, blocks: 1, bytes: 512, retransmissions: 0, awakeMs: 900, energyMah: 0.01, volume: 662 },
  'download-finished': { type: 'download-finished' },
  'began-anew': { type: 'began-anew' },
  'session-lost': { type: 'session-lost', offset: 512, reason },
  'execute-permitted': { type: 'execute-permitted', energyMah: 1 },
  'execute-not-sent': { type: 'execute-not-sent' },
  'install-started': { type: 'install-started' },
  registered: { type: 'registered' },
  'reads the new version': { type: 'read-back', version: '2.0.0', state: 0, result: 0 },
  'reads the old version, claims success': { type: 'read-back', version: '1.0', state: 0, result: 1 },
  'reads the old version, result lost': { type: 'read-back', version: '1.0', state: 0, result: 0 },
  'reads State 3': { type: 'read-back', version: '1.0', state: 3, result: 0 },
  'reads State 2': { type: 'read-back', version: '1.0', state: 2, result: 0 },
  'fails for good': { type: 'failed', failure: 'UnsupportedPackage', why: 'result 6' },
  'fails and may retry': { type: 'failed', failure: 'Integrity', why: 'result 5' },
  'cancel-requested': { type: 'cancel-requested', why: 'recalled' },
  cancelled: { type: 'cancelled' },
  'cancel-refused': { type: 'cancel-refused', contactAt: now },
  'skip-requested': { type: 'skip-requested', why: 'by ann' },
  'contact-deadline-passed': { type: 'contact-deadline-passed' },
  'resume-span-passed': { type: 'resume-span-passed' },
  'download-deadline-passed': { type: 'download-deadline-passed' },
  'install-deadline-passed': { type: 'install-deadline-passed' },
  'confirm-deadline-passed': { type: 'confirm-deadline-passed' },
  'campaign-deadline-passed': { type: 'campaign-deadline-passed', reason },
  'campaign-ends': { type: 'campaign-ends' },
};

/** Every pair not listed must leave the state alone. */
const MOVES: Record<string, UpdateState> = {
  'pending + admitted': 'offered',
  'waiting + admitted': 'offered',
  'unreachable + admitted': 'offered',
  'pending + must-wait': 'waiting',
  'unreachable + must-wait': 'waiting',
  'pending + look-sent': 'waiting',
  'pending + must-skip': 'skipped',
  'waiting + must-skip': 'skipped',
  'offered + download-started': 'downloading',
  'offered + progress': 'downloading',
  'offered + download-finished': 'downloaded',
  'downloading + download-finished': 'downloaded',
  'offered + session-lost': 'waiting',
  'downloading + session-lost': 'waiting',
  'downloaded + execute-permitted': 'installing',
  'downloaded + install-started': 'installing',
  'verifying + install-started': 'installing',
  'installing + execute-not-sent': 'downloaded',
  'installing + registered': 'verifying',
  'suspect + registered': 'verifying',
  'unreachable + registered': 'waiting',
  ...fromEach(
    ['offered', 'downloading', 'downloaded', 'installing', 'verifying', 'suspect', 'cancelling'],
    'reads the new version',
    'succeeded',
  ),
  ...fromEach(['pending', 'waiting', 'unreachable'], 'reads the new version', 'skipped'),
  ...fromEach(['installing', 'verifying', 'suspect'], 'reads the old version, claims success', 'failed'),
  ...fromEach(['installing', 'verifying', 'suspect'], 'reads the old version, result lost', 'waiting'),
  'verifying + reads State 3': 'installing',
  'offered + reads State 3': 'waiting',
  ...fromEach(['installing', 'verifying', 'suspect'], 'reads State 2', 'downloaded'),
  ...fromEach(['offered', 'downloading', 'downloaded', 'installing', 'verifying', 'suspect'], 'fails for good', 'failed'),
  ...fromEach(['offered', 'downloading', 'downloaded', 'installing', 'verifying', 'suspect'], 'fails and may retry', 'waiting'),
  'cancelling + fails for good': 'cancelled',
  'cancelling + fails and may retry': 'cancelled',
  ...fromEach(['pending', 'waiting', 'unreachable'], 'cancel-requested', 'cancelled'),
  ...fromEach(['offered', 'downloading', 'downloaded', 'installing', 'verifying', 'suspect'], 'cancel-requested', 'cancelling'),
  'cancelling + cancelled': 'cancelled',
  ...fromEach(['offered', 'downloading', 'downloaded', 'installing', 'verifying', 'suspect'], 'cancelled', 'failed'),
  ...fromEach(['offered', 'downloading', 'downloaded', 'installing', 'verifying', 'suspect'], 'skip-requested', 'cancelling'),
  ...fromEach(['pending', 'waiting', 'unreachable'], 'skip-requested', 'skipped'),
  'cancelling + reads the old version, claims success': 'cancelled',
  'cancelling + reads the old version, result lost': 'cancelled',
  'cancelling + contact-deadline-passed': 'failed',
  'cancelling + confirm-deadline-passed': 'failed',
  ...fromEach(['pending', 'waiting', 'offered', 'downloading', 'downloaded'], 'contact-deadline-passed', 'unreachable'),
  ...fromEach(['offered', 'downloading'], 'resume-span-passed', 'waiting'),
  ...fromEach(['offered', 'downloading'], 'download-deadline-passed', 'failed'),
  'installing + install-deadline-passed': 'suspect',
  'suspect + confirm-deadline-passed': 'failed',
  'verifying + confirm-deadline-passed': 'failed',
  'pending + campaign-deadline-passed': 'skipped',
  'waiting + campaign-deadline-passed': 'skipped',
  'unreachable + campaign-ends': 'failed',
};

function fromEach(states: UpdateState[], fact: string, to: UpdateState): Record<string, UpdateState> {
  return Object.fromEntries(states.map((state) => [`${state} + ${fact}`, to]));
}

const pairs = UPDATE_STATES.flatMap((state) => Object.entries(FACTS).map(([name, fact]) => ({ state, name, fact })));

it.each(pairs)('$state + $name', ({ state, name, fact }) => {
  const after = next(anUpdate(state), fact, rules, now)?.state ?? state;
  expect(after).toBe(MOVES[`${state} + ${name}`] ?? state);
});

it('every state is reachable and every settled state absorbs', () => {
  expect(new Set<UpdateState>(['pending', ...Object.values(MOVES)])).toEqual(new Set(UPDATE_STATES));
  const settled = UPDATE_STATES.filter((state) => isSettled(anUpdate(state)));
  expect(settled).toEqual(['succeeded', 'failed', 'cancelled', 'skipped']);
  for (const state of settled) for (const fact of Object.values(FACTS)) expect(next(anUpdate(state), fact, rules, now)).toBeUndefined();
});

describe('what the move carries', () => {
  it.each([
    ['silent', {}, undefined, 'SuspectedBrick'],
    ['still State 3', { answeredAt: now, answeredState: 3 }, undefined, 'InstallTimeout'],
    ['silent since it told State 3', { since: plus(now, 5), answeredAt: now, answeredState: 3 }, undefined, 'SuspectedBrick'],
    ['answers nothing, and makes contact', {}, now, 'InstallTimeout'],
    ['last contact before the suspicion', { since: plus(now, 5) }, now, 'SuspectedBrick'],
  ] as const)('a suspect past its limit, %s', (_name, change, heardAt, failure) => {
    expect(next(anUpdate('suspect', change), { type: 'confirm-deadline-passed', heardAt }, rules, now)?.failure).toBe(failure);
  });

  it.each([
    ['nothing since', {}, now, 'SuspectedBrick'],
    ['a contact since', {}, plus(now, 5), 'InstallTimeout'],
    ['an answer since', { answeredAt: plus(now, 5) }, now, 'InstallTimeout'],
    ['the version seen once', { seenContacts: 1 }, now, 'InstallTimeout'],
  ] as const)('one that registered again and was never proven, %s', (_name, change, heardAt, failure) => {
    const update = anUpdate('verifying', { registeredAt: now, ...change });
    expect(next(update, { type: 'confirm-deadline-passed', heardAt }, rules, now)?.failure).toBe(failure);
  });

  it('an installation that starts after the device registered has not ended with that', () => {
    const update = anUpdate('verifying', { registeredAt: now });
    expect(next(update, { type: 'install-started' }, rules, now)).toMatchObject({ state: 'installing', registeredAt: undefined });
    expect(next({ ...update, seenContacts: 1 }, { type: 'install-started' }, rules, now)).toBeUndefined();
  });

  it('a transfer that goes on is the same attempt and keeps its offset', () => {
    const asleep = anUpdate('waiting', { attempt: 1, sessions: 1, offset: 4096 });
    const again: DeviceFact = { type: 'admitted', versionBefore: '1.0', energyMah: 0 };
    expect(next(asleep, again, rules, now)).toMatchObject({ attempt: 1, sessions: 2, offset: 4096 });
    expect(next({ ...asleep, backoffUntil: now }, again, rules, now)).toMatchObject({ attempt: 2, sessions: 1, offset: 4096 });
  });

  it('retries are spaced, counted by class, and end', () => {
    let update = anUpdate('downloading');
    const delays: number[] = [];
    for (let round = 0; round < 5 && !isSettled(update); round++) {
      update = next(update, { type: 'failed', failure: 'Integrity', why: 'result 5' }, rules, now) ?? update;
      if (update.backoffUntil !== undefined) delays.push(update.backoffUntil - now);
      if (!isSettled(update)) update = next(update, { type: 'admitted', versionBefore: undefined, energyMah: 0 }, rules, now) ?? update;
    }
    expect(update).toMatchObject({ state: 'failed', failure: 'Integrity', failures: { Integrity: 3 } });
    expect((delays[1] ?? 0) / (delays[0] ?? 1)).toBeGreaterThan(1.3);
  });

  it('who was offered something is not skipped but failed', () => {
    const waiting = anUpdate('waiting', { attempt: 1 });
    expect(next(waiting, { type: 'must-skip', reason }, rules, now)).toMatchObject({ state: 'failed', failure: 'ConnectionLost' });
    const untrusted = { code: 'TRUST', evidence: 'ARTIFACT_WITHDRAWN', person: 'resume' } as const;
    expect(next(waiting, { type: 'must-skip', reason: untrusted }, rules, now)).toMatchObject({
      state: 'failed',
      failure: 'Refused',
      detail: 'ARTIFACT_WITHDRAWN',
    });
    for (const [code, failure] of [
      ['ENERGY_BUDGET', 'EnergyBudget'],
      ['DATA_CAP', 'DataCap'],
    ] as const)
      expect(next(waiting, { type: 'must-skip', reason: { ...reason, code } }, rules, now)).toMatchObject({ state: 'failed', failure });
  });

  it('a late success resolves a suspect, and a device past the deadline keeps its last failure', () => {
    expect(next(anUpdate('suspect'), FACTS['reads the new version'] as DeviceFact, rules, now)?.state).toBe('succeeded');
    const retrying = anUpdate('waiting', { attempt: 2, failure: 'Integrity', failures: { Integrity: 1 } });
    expect(next(retrying, FACTS['campaign-deadline-passed'] as DeviceFact, rules, now)).toMatchObject({
      state: 'failed',
      failure: 'Integrity',
    });
  });
});

const anyHistory = fc.array(fc.constantFrom(...Object.entries(FACTS)), { maxLength: 60 });

it('from any history: a settled update never moves, and no Execute follows another without a read between', () => {
  fc.assert(
    fc.property(anyHistory, (history) => {
      let update = newUpdate('c', Endpoint('d'), 0, now);
      let executedSinceRead = false;
      for (const [name, each] of history) {
        const after = next(update, each, rules, now);
        if (isSettled(update)) expect(after).toBeUndefined();
        if (name === 'execute-permitted' && after) {
          expect(executedSinceRead).toBe(false);
          executedSinceRead = true;
        }
        // A new attempt starts by reading State; so does a return to "downloaded". One that never left was none.
        const isNone = name === 'execute-not-sent' && after !== undefined;
        if (name.startsWith('reads') || after?.state === 'offered' || after?.state === 'waiting' || isNone) executedSinceRead = false;
        update = after ?? update;
      }
    }),
    { numRuns: 1000 },
  );
});

it('from any history: whatever is not settled has a time at which something happens', () => {
  fc.assert(
    fc.property(anyHistory, (history) => {
      const update = history.reduce((before, [, fact]) => next(before, fact, rules, now) ?? before, newUpdate('c', Endpoint('d'), 0, now));
      // An unreachable one ends with its campaign, or with its next contact.
      if (isSettled(update) || update.state === 'unreachable') return;
      expect(nextDeadline(update, spec, { pattern: undefined, openedAt: now })).toBeGreaterThan(now);
    }),
    { numRuns: 1000 },
  );
});

it('from any history, a person’s retries included: no two sessions have the same key, so no fact finds the wrong one', () => {
  fc.assert(
    fc.property(anyHistory, (history) => {
      const keys = new Set<string>();
      let update = newUpdate('c', Endpoint('d'), 0, now);
      for (const [, fact] of history) {
        const after = next(update, fact, rules, now);
        if (after && fact.type === 'admitted') {
          const key = `${after.attempt}.${after.sessions}`;
          expect(keys.has(key)).toBe(false);
          keys.add(key);
        }
        update = after ?? update;
        update = retried(update, 'again', now) ?? update;
      }
    }),
    { numRuns: 1000 },
  );
});

describe('a transfer goes on', () => {
  const running = anUpdate('downloading', { sessions: 3, offset: 512, attemptAt: now });
  const lost: DeviceFact = { type: 'session-lost', offset: 2048, reason };
  const under = (resume: Partial<UpdateRules['resume']>) =>
    next(running, lost, { ...rules, resume: { ...rules.resume, ...resume } }, plus(now, 1000));

  it('in the next session, with what has arrived', () => {
    expect(under({})).toMatchObject({ state: 'waiting', offset: 2048, attempt: 1, reason: { code: 'WINDOW_CLOSED' } });
  });

  it.each([
    ['the campaign resumes nothing', { enabled: false }],
    ['that was the last session', { maxSessions: 3 }],
    ['it has taken too long', { maxSpan: 1000 as UpdateRules['resume']['maxSpan'] }],
  ])('not where %s: the attempt ends, and the next begins at byte 0', (_why, resume) => {
    expect(under(resume)).toMatchObject({ state: 'waiting', failure: 'ConnectionLost', offset: 0, failures: { ConnectionLost: 1 } });
    expect(under(resume)?.log).toMatchObject([{ attempt: 1, outcome: 'ConnectionLost', offset: 2048, sessions: 3 }]);
  });

  it('unless nothing has arrived yet: there is nothing to resume', () => {
    const none = next({ ...running, offset: 0 }, { ...lost, offset: 0 }, { ...rules, resume: { ...rules.resume, enabled: false } }, now);
    expect(none).toMatchObject({ state: 'waiting', attempt: 1, failures: {} });
  });

  it('and from byte 0 where the device has begun anew', () => {
    expect(next(running, { type: 'began-anew' }, rules, now)).toMatchObject({ state: 'downloading', offset: 0 });
  });
});

describe('an attempt', () => {
  it('counts what it took, and is remembered with it when it ends; the next one begins at nothing', () => {
    const facts = [FACTS['admitted']!, FACTS['progress']!, FACTS['progress']!, FACTS['fails and may retry']!];
    const ended = facts.reduce((before, fact) => next(before, fact, rules, now) ?? before, anUpdate('pending'));
    expect(ended.log).toMatchObject([
      { attempt: 1, outcome: 'Integrity', why: 'result 5', blocks: 2, bytes: 1024, awakeMs: 1800, sessions: 1 },
    ]);
    expect(ended.log?.[0]?.energyMah).toBeCloseTo(0.12);
    expect(next(ended, FACTS['admitted']!, rules, now)).toMatchObject({ attempt: 2, bytes: 0, awakeMs: 0, energyMah: 0.1, log: ended.log });
  });

  it('leaves the last ten behind, and each once', () => {
    let update = anUpdate('pending');
    for (let round = 0; round < 15; round++) {
      update = next(update, FACTS['admitted']!, rules, now) ?? update;
      update = next(update, { type: 'failed', failure: 'Deferred', why: 'x'.repeat(1000) }, rules, now) ?? update;
    }
    expect(update.log?.map(({ attempt }) => attempt)).toEqual([6, 7, 8, 9, 10, 11, 12, 13, 14, 15]);
    expect(update.log?.[0]?.why).toHaveLength(200);
  });
});

describe('a person', () => {
  it.each([
    ['failed', {}, true],
    ['cancelled', {}, true],
    ['skipped', {}, true],
    ['waiting', { attempt: 1, backoffUntil: now }, true],
    ['waiting', { attempt: 1 }, false],
    ['waiting', {}, false],
    ['pending', {}, false],
    ['downloading', {}, false],
    ['suspect', {}, false],
    ['unreachable', {}, false],
    ['succeeded', {}, false],
  ] as const)('may send round again what is %s %j: %s', (state, change, expected) => {
    expect(mayRetry(anUpdate(state, change))).toBe(expected);
    expect(retried(anUpdate(state, change), 'ann', now) !== undefined).toBe(expected);
  });

  it('gives it a fresh budget, and attempts that go on counting', () => {
    const worn = anUpdate('failed', { attempt: 4, failures: { Integrity: 3 }, failure: 'Integrity', offset: 512, offeredAt: now });
    const again = retried(worn, 'new antenna', now)!;
    expect(again).toMatchObject({ state: 'waiting', attempt: 4, failures: {}, failure: undefined, offset: 0, offeredAt: undefined });
    const offered = next(again, FACTS['admitted']!, rules, now)!;
    expect(next(offered, FACTS['fails and may retry']!, rules, now)).toMatchObject({ state: 'waiting', attempt: 5 });
  });
});

describe('what an update says of itself', () => {
  const failedOnce = anUpdate('waiting', { attempt: 1, failure: 'Integrity', detail: 'Update Result 5', backoffUntil: now });
  const step = (update: DeviceUpdate, ...facts: DeviceFact[]): DeviceUpdate =>
    facts.reduce((before, fact) => next(before, fact, rules, now) ?? before, update);

  it('a success carries no failure of an earlier attempt', () => {
    expect(step(failedOnce, FACTS['admitted']!, FACTS['reads the new version']!)).toMatchObject({
      state: 'succeeded',
      attempt: 2,
      failure: undefined,
      detail: undefined,
      failures: {},
    });
  });

  it('a cancellation keeps its reason to the end, whatever the device answers', () => {
    for (const end of [FACTS['cancelled']!, FACTS['fails for good']!])
      expect(step(anUpdate('downloading'), FACTS['cancel-requested']!, end)).toMatchObject({ state: 'cancelled', detail: 'recalled' });
  });

  it.each([
    ['silent since Execute', { executedAt: now }, 'SuspectedBrick'],
    ['heard after Execute', { executedAt: now, answeredAt: now }, 'Unreachable'],
    ['never executed', {}, 'Unreachable'],
  ] as const)('a cancellation that was never confirmed, %s', (_what, change, failure) => {
    expect(step(anUpdate('cancelling', change), FACTS['contact-deadline-passed']!)).toMatchObject({ state: 'failed', failure });
  });
});

it.each([
  ['downloading', {}, true],
  ['cancelling', {}, true],
  ['waiting', { attempt: 1, offset: 512 }, true],
  ['waiting', { attempt: 1, backoffUntil: now }, false],
  ['waiting', {}, false],
  ['pending', {}, false],
  ['failed', {}, false],
] as const)('another campaign keeps off a device that is %s %j: %s', (state, change, expected) => {
  expect(holdsDevice(anUpdate(state, change))).toBe(expected);
});

it('learns how it is delivered even where the first blocks were told before', () => {
  const counted = next(anUpdate('offered'), FACTS['progress']!, rules, now)!;
  expect(next(counted, FACTS['download-started']!, rules, now)).toEqual({ ...counted, method: 'Pull' });
});
