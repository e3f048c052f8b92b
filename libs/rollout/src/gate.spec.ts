import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Instant, plus } from '@drover/kernel';
import type { CampaignLife, FailureClass } from '@drover/campaign';
import { assessGate, EMPTY_TALLY, gateFor, reconcile, type RolloutView, type StageStatus, type Tally } from './index.ts';
import { aCampaign } from '@drover/testkit';

const tally = (size: number, succeeded: number, failed: Partial<Record<FailureClass, number>> = {}, more: Partial<Tally> = {}): Tally => {
  const failures = Object.values(failed).reduce((sum, count) => sum + count, 0);
  return { size, succeeded, failed, attempted: succeeded + failures, over: succeeded + failures, overUnattempted: 0, ...more };
};

describe('the default gate on a stage of 20', () => {
  const gate = gateFor(undefined, 20);
  it.each<[string, Tally, string]>([
    ['nothing yet', tally(20, 0), 'open'],
    ['1 failure in 10: the sample is too small', tally(20, 9, { Integrity: 1 }), 'open'],
    ['20 of 20', tally(20, 20), 'passed'],
    ['19 of 20: 95 % holds and 5 % is not exceeded', tally(20, 19, { Integrity: 1 }), 'passed'],
    ['18 of 20', tally(20, 18, { Integrity: 2 }), 'breached'],
    ['one suspected brick', tally(20, 3, { SuspectedBrick: 1 }), 'open'],
    ['two suspected bricks act at once', tally(20, 3, { SuspectedBrick: 2 }), 'breached'],
    [
      'one silent device does not hold the rest hostage once it is past its limit',
      tally(20, 19, {}, { over: 20, overUnattempted: 1 }),
      'passed',
    ],
    ['silence alone decides nothing', tally(20, 18, {}, { over: 18 }), 'open'],
    ['nobody was ever reached', tally(20, 0, {}, { over: 20, overUnattempted: 20 }), 'passed'],
  ])('%s', (_name, state, expected) => {
    expect(assessGate(gate, state).type).toBe(expected);
  });

  it('a person may resume over failures once seen', () => {
    expect(assessGate(gate, tally(20, 18, { Integrity: 2 }), { Integrity: 2 }).type).toBe('inconclusive');
    expect(assessGate(gate, tally(20, 17, { Integrity: 2 }), { Integrity: 2 }).type).toBe('open');
  });
});

describe('a gate by class', () => {
  const { spec } = aCampaign({
    stages: [
      {
        name: 'a',
        take: '100%',
        gate: { success: { min: '90%', minSample: 10 }, failure: [{ max: '1%', minSample: 10, classes: ['Integrity'], action: 'Abort' }] },
      },
    ],
  });
  const gate = gateFor(spec.stages[0]?.gate, 100);
  it.each<[string, Tally, string]>([
    ['the class it names', tally(100, 9, { Integrity: 1 }), 'breached'],
    ['another class', tally(100, 9, { ConnectionLost: 1 }), 'passed'],
    ['too small a sample', tally(100, 8, { Integrity: 1 }), 'open'],
  ])('%s', (_name, state, expected) => {
    expect(assessGate(gate, state)).toMatchObject({ type: expected, ...(expected === 'breached' ? { action: 'Abort' } : {}) });
  });
});

it('more failures never turn a breach into a pass', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 60 }), fc.nat({ max: 60 }), fc.nat({ max: 60 }), (size, good, bad) => {
      const succeeded = Math.min(good, size);
      const failed = Math.min(bad, size - succeeded);
      const gate = gateFor(undefined, size);
      if (assessGate(gate, tally(size, succeeded, { Integrity: failed })).type !== 'breached' || succeeded === 0) return;
      expect(assessGate(gate, tally(size, succeeded - 1, { Integrity: failed + 1 })).type).toBe('breached');
    }),
  );
});

describe('reconcile', () => {
  const now = Instant(1_000_000_000);
  const open: StageStatus = { state: 'open', openedAt: now };
  const closed: StageStatus = { state: 'closed' };
  const passed: StageStatus = { state: 'passed' };
  const view = (change: Partial<RolloutView>): RolloutView => ({
    campaign: 'c',
    life: { phase: 'running' },
    spec: aCampaign({
      stages: [
        { name: 'canary', take: 1, soak: '1h' },
        { name: 'fleet', take: '100%' },
      ],
    }).spec,
    stages: [open, closed],
    tallies: [tally(20, 5), { ...EMPTY_TALLY, size: 80 }],
    approval: { type: 'granted' },
    ...change,
  });
  const types = (change: Partial<RolloutView>, at = now) => reconcile(view(change), at).map(({ type }) => type);
  const life = (phase: CampaignLife['phase']): Partial<RolloutView> => ({ life: { phase } });
  const good = [tally(20, 20), { ...EMPTY_TALLY, size: 80 }];

  it.each<[string, Partial<RolloutView>, string[]]>([
    ['waits for approval', { ...life('awaiting-approval'), approval: { type: 'waiting', given: 0, needed: 1 } }, []],
    ['is approved', life('awaiting-approval'), ['approve']],
    ['is denied', { ...life('awaiting-approval'), approval: { type: 'denied', by: 'ann', remark: 'no' } }, ['deny']],
    ['starts when due', life('scheduled'), ['start']],
    ['opens the first stage', { stages: [closed, closed] }, ['open-stage']],
    ['lets an open stage run', {}, []],
    ['soaks a stage that passed', { tallies: good }, ['soak']],
    ['waits out the soak', { tallies: good, stages: [{ state: 'soaking', soaksUntil: plus(now, 1) }, closed] }, []],
    ['passes after the soak', { tallies: good, stages: [{ state: 'soaking', soaksUntil: now }, closed] }, ['pass-stage']],
    ['opens the next', { tallies: good, stages: [passed, closed] }, ['open-stage']],
    ['holds a breach', { tallies: [tally(20, 18, { Integrity: 2 }), { ...EMPTY_TALLY, size: 80 }] }, ['hold-stage']],
    [
      'holds a breach during the soak',
      {
        tallies: [tally(20, 18, { Integrity: 2 }), { ...EMPTY_TALLY, size: 80 }],
        stages: [{ state: 'soaking', soaksUntil: plus(now, 1) }, closed],
      },
      ['hold-stage'],
    ],
    [
      'leaves a held stage to a person',
      { tallies: [tally(20, 18, { Integrity: 2 }), { ...EMPTY_TALLY, size: 80 }], stages: [{ state: 'held' }, closed] },
      [],
    ],
    ['does nothing while paused', { ...life('paused'), tallies: good }, []],
    ['finishes when all are over', { tallies: [tally(20, 20), tally(80, 80)] }, ['finish']],
    ['finishes an abort', { ...life('aborting'), tallies: [tally(20, 20), tally(80, 80)] }, ['finish']],
    ['does nothing once over', life('finished'), []],
  ])('%s', (_name, change, expected) => {
    expect(types(change)).toEqual(expected);
  });

  it('waits for a person where the gate says so', () => {
    const { spec } = aCampaign({
      stages: [
        { name: 'canary', take: 1, gate: { promote: 'Manual' } },
        { name: 'fleet', take: '100%' },
      ],
    });
    expect(types({ spec, tallies: good, stages: [{ state: 'soaking', soaksUntil: now }, closed] })).toEqual(['await-promotion']);
  });
  it('does not start before its time and passes its deadline', () => {
    const { spec } = aCampaign({ schedule: { notBefore: '1970-01-13T00:00:00Z', deadline: { at: '1970-01-14T00:00:00Z' } } });
    expect(types({ spec, ...life('scheduled') }, Instant(0))).toEqual([]);
    expect(types({ spec }, plus(now, 864e5 * 2))).toContain('pass-deadline');
  });
});
