import { describe, expect, it } from '@jest/globals';
import { DAY, Digest, finished, type Instant } from '@drover/kernel';
import type { Device } from '@drover/fleet';
import { aDevice } from '@drover/testkit';
import { readDocument, rotationPlanSteps, type CredentialRotationDocument, type RotationPlan } from './index.ts';

const source = (spec: object) => ({
  apiVersion: 'drover/v1',
  kind: 'CredentialRotation',
  metadata: { name: 'yearly' },
  spec: { targets: { where: 'true' }, stages: [{ name: 'all', take: '100%' }], ...spec },
});

function rotationOf(spec: object): CredentialRotationDocument {
  const { document, faults } = readDocument(source(spec));
  expect(faults).toEqual([]);
  return document as CredentialRotationDocument;
}

it('has a default for everything but whom and how', () => {
  expect(rotationOf({}).spec).toMatchObject({
    schedule: {},
    maxInFlight: 100,
    deadlines: { request: 30 * DAY, confirm: 3 * DAY },
    maxSessions: 4,
    approvals: {},
    stages: [{ name: 'all', take: { limit: { kind: 'percent', fraction: 1 } }, soak: 0 }],
  });
  expect(rotationOf({ deadlines: { confirm: '1d' } }).spec.deadlines).toEqual({ request: 30 * DAY, confirm: DAY });
});

describe('faults', () => {
  const two = { name: 'a', take: 1 };
  it.each([
    ['nobody', { targets: {} }, 'FIELD_MISSING', 'spec.targets'],
    ['stages of one name', { stages: [two, two] }, 'VALUE_INVALID', 'spec.stages.1.name'],
    ['an exclusion of nobody', { targets: { where: 'true', exclude: [{ reason: 'r' }] } }, 'FIELD_MISSING', 'spec.targets.exclude.0'],
    [
      'a deadline before the beginning',
      { schedule: { notBefore: '2027-01-01T00:00:00Z', deadline: { at: '2026-01-01T00:00:00Z' } } },
      'VALUE_INVALID',
      'spec.schedule.deadline.at',
    ],
    ['firmware', { firmware: { name: 'a', version: '1' } }, 'FIELD_UNKNOWN', 'spec.firmware'],
    ['approvals by nobody', { approvals: { start: {} } }, 'FIELD_MISSING', 'spec.approvals.start'],
    ['no room at all', { maxInFlight: 0 }, 'VALUE_INVALID', 'spec.maxInFlight'],
    ['a moment to confirm', { deadlines: { confirm: '1s' } }, 'VALUE_INVALID', 'spec.deadlines.confirm'],
  ])('%s', (_what, spec, code, path) => {
    const { faults } = readDocument(source(spec));
    expect(faults.map((fault) => [fault.code, fault.path.join('.')])).toContainEqual([code, path]);
  });
});

describe('the plan', () => {
  const devices = ['d1', 'd2', 'd3', 'd4', 'd5'].map((endpoint): Device =>
    aDevice(endpoint, endpoint === 'd5' ? { model: undefined } : {}),
  );
  const plan = (spec: object, without: readonly string[] = [], policyDigests: readonly Digest[] = []): RotationPlan =>
    finished(
      rotationPlanSteps({
        document: rotationOf(spec),
        devices,
        policyDigests,
        refusalOf: ({ endpoint }) => (without.includes(endpoint) ? { code: 'NO_FACTORY_KEY', detail: 'none' } : undefined),
      }),
    );

  it('puts each device into one stage, or says why it is in none', () => {
    const stages = [
      { name: 'first', take: { endpoints: ['d3'] } },
      { name: 'second', take: '50%' },
    ];
    const targets = { where: 'model == "WM-300"', exclude: [{ endpoints: ['d1'], reason: 'sealed' }] };
    const made = plan({ targets, stages }, ['d2']);
    expect(made.stages).toEqual([
      { name: 'first', endpoints: ['d3'] },
      { name: 'second', endpoints: ['d4'] },
    ]);
    expect(made.excluded).toMatchObject([
      { endpoint: 'd1', code: 'EXCLUDED', detail: 'sealed' },
      { endpoint: 'd2', code: 'NO_FACTORY_KEY' },
      { endpoint: 'd5', code: 'FACT_UNKNOWN' },
    ]);
  });

  it('is the same for the same, and another one for others', () => {
    expect(plan({}).digest).toBe(plan({}).digest);
    expect(plan({}).digest).not.toBe(plan({}, ['d1']).digest);
    expect(plan({}).digest).not.toBe(plan({ maxSessions: 1 }).digest);
    expect(plan({}).digest).not.toBe(plan({}, [], [Digest(`sha256:${'a'.repeat(64)}`)]).digest);
  });
});

it('is read with the times that it says', () => {
  const { schedule } = rotationOf({ schedule: { notBefore: '2027-01-01T00:00:00Z' } }).spec;
  expect(schedule.notBefore).toBe(Date.parse('2027-01-01T00:00:00Z') as Instant);
});
