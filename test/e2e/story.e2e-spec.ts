import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import type { CampaignView, PlanView, WhyView } from '@drover/contracts';
import { World } from './world.ts';

jest.setTimeout(180_000);

const CAMPAIGN = 'wm-modem-2-4-1';
const campaign = (spec = ''): string => `apiVersion: drover/v1
kind: Campaign
metadata: {name: ${CAMPAIGN}}
spec:
  firmware: {name: wm-modem, version: 2.4.1}
  targets:
    where: model == "WM-300" && firmwareVersion < "2.4.1"
  radio: {maxCoverageEnhancementLevel: 1}
  power: {minBatteryLevel: "35%"}
  schedule: {deadline: {at: 2026-12-02T07:00:00Z}}
  stages:
    - name: canary
      take: 4
      gate: {success: {min: "50%", minSample: 3}, failure: [{max: 3}], promote: Manual}
    - name: fleet
      take: 100%
      gate: {failure: [{max: 10}]}
  retry: {maxAttempts: 2, backoff: {initial: 5m, max: 10m}}
  deadlines: {install: {contacts: 1, atLeast: 30m}, confirm: {contacts: 1, atLeast: 30m}}
  approvals: {start: {policyRef: second-person}}
${spec}`;
const POLICY = 'apiVersion: drover/v1\nkind: ApprovalPolicy\nmetadata: {name: second-person}\nspec: {minApprovals: 1, forbid: [author]}\n';

let world: World;
let approver: string;
const view = async (): Promise<CampaignView> => (await world.api('GET', `campaigns/${CAMPAIGN}`)) as CampaignView;

beforeAll(async () => {
  world = new World(600, '2026-12-01T20:00:00Z');
  await world.startServer();
  await world.startFleet(
    20,
    {
      pull: 8,
      push: 4,
      'sleeper-pull': 3,
      lossy: 1,
      'power-loss-mid-pull': 1,
      'integrity-failure': 1,
      'poor-coverage': 1,
      'low-battery': 1,
    },
    { minBatteryLevel: 0.35, maxCoverage: 1, airtime: 0.5 },
  );
});
afterAll(() => world.close());

it('an image nobody signed is refused at upload, and one with a signature is taken', async () => {
  await world.release('2.4.1', 16_384);
  const image = world.path('wm-modem-2.4.1.bin');
  writeFileSync(world.path('altered.bin'), Buffer.concat([readFileSync(image), Buffer.from('x')]));
  const altered = await world.drover(['firmware', 'push', 'altered.bin', '--envelope', `${image}.cose`]);
  expect([altered.status, altered.errors]).toEqual([5, expect.stringContaining('ARTIFACT_ALTERED')]);
});

it('faults carry file, line, column, code and the nearest name; nothing is applied', async () => {
  const file = world.write('typo.yaml', campaign().replace('firmware:', 'firmwear:'));
  const { status, errors } = await world.drover(['apply', '-f', file]);
  expect(status).toBe(2);
  expect(JSON.parse(errors).error.details[0]).toMatchObject({
    code: 'FIELD_UNKNOWN',
    line: 5,
    column: 3,
    message: expect.stringContaining('"firmware"'),
  });
  expect(await world.api('GET', 'campaigns')).toEqual([]);
});

it('a plan is frozen and costed; applied exactly or refused', async () => {
  world.write('policy.yaml', POLICY);
  world.write('campaign.yaml', campaign());
  await world.must(['apply', '-f', 'policy.yaml']);
  const [plan] = (await world.must(['plan', '-f', 'campaign.yaml', '-o', 'saved.json'])) as PlanView[];
  expect(plan?.plan?.stages.map(({ endpoints }) => endpoints.length)).toEqual([4, 16]);
  expect(plan?.forecast).toMatchObject({ devices: 20, bytes: 20 * (16_384 + 32 * 75) });
  expect((await world.drover(['diff', '-f', 'campaign.yaml'])).status).toBe(1);
  const stale = JSON.parse(readFileSync(world.path('saved.json'), 'utf8'));
  world.write('stale.json', JSON.stringify({ ...stale, digests: [`sha256:${'0'.repeat(64)}`] }));
  expect((await world.drover(['apply', 'stale.json'])).status).toBe(4);
  await world.must(['apply', 'saved.json']);
  expect((await world.drover(['diff', '-f', 'campaign.yaml'])).status).toBe(0);
});

it('nothing starts before a second person has approved this very plan', async () => {
  const made = (await world.must(['token', 'create', 'shift-lead', '--role', 'approver'])) as { secret: string };
  approver = made.secret;
  expect((await view()).phase).toBe('awaiting-approval');
  expect((await world.drover(['approve', CAMPAIGN])).status).toBe(7); // The author.
  expect((await world.drover(['pause', CAMPAIGN], approver)).status).toBe(7); // An approver does not operate.
  const [device] = (await world.api('GET', 'devices?limit=1')) as { endpoint: string }[];
  const [why] = (await world.must(['why', device?.endpoint ?? ''])) as WhyView[];
  expect(why).toMatchObject({ code: 'APPROVAL', person: 'approve' });
  await world.must(['approve', CAMPAIGN, '--remark', 'ticket 4711'], approver);
  expect(['scheduled', 'running']).toContain((await view()).phase);
});

it('a manual gate waits for a person, a pause and a hold stop offers', async () => {
  await world.until(async () => (await view()).stages[0]?.state === 'awaiting-promotion', 'the canary to await promotion');
  expect((await view()).stages[1]?.state).toBe('closed');
  const held = (await world.must(['hold', 'place', '--fleet', '--reason', 'storm'])) as { id: string };
  await world.must(['promote', CAMPAIGN, '--reason', 'looks good']);
  await world.until(async () => (await view()).stages[1]?.state === 'open', 'the fleet stage to open');
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect((await view()).stages[1]).toMatchObject({ attempted: 0 });
  await world.must(['pause', CAMPAIGN]);
  await world.must(['hold', 'lift', held.id]);
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect((await view()).stages[1]).toMatchObject({ attempted: 0 });
  await world.must(['resume', CAMPAIGN]);
  await world.until(async () => ((await view()).stages[1]?.attempted ?? 0) > 0, 'offers after resume');
});

it('ends with each device where its profile belongs, and no limit broken', async () => {
  await world.until(async () => (await view()).phase === 'finished', 'the end of the campaign', 120_000);
  const { totals } = await view();
  expect(totals).toMatchObject({ devices: 20, succeeded: 17, failed: { Integrity: 1 }, skipped: 2, inFlight: 0, waiting: 0 });
  const { devices, violations } = await world.report();
  expect(Object.values(violations).reduce((sum, count) => sum + count, 0)).toBe(0);
  expect(devices.filter(({ version }) => version === '2.4.1')).toHaveLength(17);
  const skipped = devices.filter(({ expected }) => expected === 'skipped').map(({ endpoint }) => endpoint);
  const reasons = await Promise.all(skipped.map(async (endpoint) => ((await world.must(['why', endpoint])) as WhyView[])[0]?.code));
  expect(reasons.sort()).toEqual([expect.stringMatching(/^BATTERY_/), 'RADIO_POOR']);
});

it('evidence verifies offline, holds the five fields for each attempt, and names what was tampered with', async () => {
  await world.must(['evidence', 'export', '--campaign', CAMPAIGN, '-o', 'evidence.jsonl']);
  const key = world.path('data/keys/audit-ed25519.pub.pem');
  const verified = (await world.must(['evidence', 'verify', 'evidence.jsonl', '--key', key])) as { records: number };
  expect(verified.records).toBeGreaterThan(60);
  const lines = readFileSync(world.path('evidence.jsonl'), 'utf8').trimEnd().split('\n');
  const attempts = lines.map((line) => JSON.parse(line)).filter(({ kind }) => kind === 'attempt');
  // Integrity failed twice: one entry per attempt, whatever its outcome.
  expect(attempts.filter(({ outcome }) => outcome === 'failure')).toHaveLength(2);
  expect(attempts.filter(({ outcome }) => outcome === 'success')).toHaveLength(17);
  for (const attempt of attempts)
    expect(attempt).toEqual(
      expect.objectContaining({
        versionBefore: '2.4.0',
        versionAfter: expect.stringMatching(/^2[.]4[.]/),
        outcome: expect.any(String),
        time: expect.any(String),
        source: 'first-administrator',
      }),
    );
  const index = lines.findIndex((line) => line.includes('attempt-finished'));
  world.write(
    'altered.jsonl',
    `${lines.map((line, at) => (at === index ? line.replace('"outcome":"', '"outcome":"x') : line)).join('\n')}\n`,
  );
  world.write('missing.jsonl', `${lines.filter((_line, at) => at !== index).join('\n')}\n`);
  const altered = await world.drover(['evidence', 'verify', 'altered.jsonl', '--key', key]);
  expect([altered.status, JSON.parse(altered.errors).error.details[0]]).toEqual([
    5,
    expect.objectContaining({ code: 'RECORD_ALTERED', line: index + 1 }),
  ]);
  const missing = await world.drover(['evidence', 'verify', 'missing.jsonl', '--key', key]);
  expect([missing.status, missing.errors]).toEqual([5, expect.stringContaining('RECORD_MISSING')]);
});

it('withdrawn firmware is planned no more', async () => {
  await world.must(['firmware', 'withdraw', 'wm-modem', '2.4.1', '--reason', 'recalled']);
  world.write('again.yaml', campaign().replace(CAMPAIGN, 'again'));
  const { status, errors } = await world.drover(['plan', '-f', 'again.yaml']);
  expect([status, errors]).toEqual([5, expect.stringContaining('ARTIFACT_WITHDRAWN')]);
});
