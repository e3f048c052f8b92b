import { describe, expect, it } from '@jest/globals';
import { Digest, Instant } from '@drover/kernel';
import {
  assessApprovals,
  CAMPAIGN_FACTS,
  CAMPAIGN_PHASES,
  isOver,
  nextLife,
  requireAcceptable,
  type Approval,
  type CampaignPhase,
} from './index.ts';

/** Every pair not listed must be a no-op. `paused` stands for one that was running. */
const MOVES: Record<string, CampaignPhase> = {
  'awaiting-approval + approved': 'scheduled',
  'awaiting-approval + denied': 'denied',
  'awaiting-approval + pause': 'paused',
  'scheduled + due': 'running',
  'scheduled + pause': 'paused',
  'running + pause': 'paused',
  'running + all-settled': 'finished',
  'paused + resume': 'running',
  'awaiting-approval + abort': 'aborting',
  'denied + abort': 'aborting',
  'scheduled + abort': 'aborting',
  'running + abort': 'aborting',
  'paused + abort': 'aborting',
  'aborting + all-settled': 'aborted',
};

const pairs = CAMPAIGN_PHASES.flatMap((phase) => CAMPAIGN_FACTS.map((fact) => ({ phase, fact })));

it.each(pairs)('$phase + $fact', ({ phase, fact }) => {
  const life = phase === 'paused' ? { phase, resumeTo: 'running' as const } : { phase };
  expect(nextLife(life, fact)?.phase).toBe(MOVES[`${phase} + ${fact}`]);
});

it('every phase is reachable and the settled ones absorb', () => {
  expect(new Set(['awaiting-approval', ...Object.values(MOVES)])).toEqual(new Set(CAMPAIGN_PHASES));
  expect(CAMPAIGN_PHASES.filter((phase) => isOver({ phase }))).toEqual(['aborted', 'finished']);
});

it('an approval that comes while paused is kept', () => {
  expect(nextLife({ phase: 'paused', resumeTo: 'awaiting-approval' }, 'approved')).toEqual({ phase: 'paused', resumeTo: 'scheduled' });
});

describe('approvals', () => {
  const plan = Digest(`sha256:${'a'.repeat(64)}`);
  const other = Digest(`sha256:${'b'.repeat(64)}`);
  const policy = { minApprovals: 2, forbid: ['author' as const] };
  const by = (person: string, planDigest = plan, decision: Approval['decision'] = 'approve'): Approval => ({
    planDigest,
    decision,
    by: person,
    at: Instant(0),
    remark: '',
  });

  it.each([
    ['none', [], 'waiting'],
    ['one of two', [by('ann')], 'waiting'],
    ['two', [by('ann'), by('bob')], 'granted'],
    ['the same person twice', [by('ann'), by('ann')], 'waiting'],
    ['one for another plan', [by('ann'), by('bob', other)], 'waiting'],
    ['a denial', [by('ann'), by('bob'), by('cy', plan, 'deny')], 'denied'],
  ])('%s', (_name, approvals, type) => {
    expect(assessApprovals(policy, plan, approvals).type).toBe(type);
  });
  it('no policy asks for none', () => expect(assessApprovals(undefined, plan, []).type).toBe('granted'));
  it.each([
    ['the author', by('eve'), 'APPROVAL_BY_AUTHOR'],
    ['for another plan', by('ann', other), 'APPROVAL_VOID'],
    ['twice', by('bob'), 'APPROVAL_TWICE'],
  ])('refuses %s', (_name, approval, code) => {
    expect(() => requireAcceptable(approval, policy, { planDigest: plan, author: 'eve', earlier: [by('bob')] })).toThrow(
      expect.objectContaining({ code }),
    );
  });
});
