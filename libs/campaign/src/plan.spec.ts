import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DEFAULT_NAMESPACE, Digest, Endpoint, Instant } from '@drover/kernel';
import type { Device } from '@drover/fleet';
import type { VerifiedFirmware } from '@drover/firmware-store';
import { firmwareOf, planCampaign, readDocument, type CampaignDocument, type PlanInput } from './index.ts';

const at = Instant(0);
const device = (index: number, version: string | null = '2.4.0', labels: Record<string, string> = {}): Device => ({
  namespace: DEFAULT_NAMESPACE,
  endpoint: Endpoint(`urn:dev:${index}`),
  labels,
  facts: { model: { value: 'WM-300', at }, ...(version === null ? {} : { firmwareVersion: { value: version, at } }) },
  firstSeenAt: at,
  lastContactAt: at,
});

function campaign(spec: Record<string, unknown> = {}): CampaignDocument {
  const { document, faults } = readDocument({
    apiVersion: 'drover/v1',
    kind: 'Campaign',
    metadata: { name: 'c' },
    spec: {
      firmware: { name: 'wm-modem', version: '2.4.1' },
      targets: { where: 'model == "WM-300" && firmwareVersion < "2.5"' },
      stages: [
        { name: 'canary', take: 3 },
        { name: 'half', take: '50%' },
        { name: 'fleet', take: '100%' },
      ],
      ...spec,
    },
  });
  if (!document) throw new TypeError(JSON.stringify(faults));
  return document as CampaignDocument;
}

/** What verification would have let through; the planner reads these four members. */
const firmware = (hex: string): VerifiedFirmware =>
  ({ name: 'wm-modem', version: '2.4.1', digest: Digest(`sha256:${hex.repeat(64)}`), size: 1000 }) as unknown as VerifiedFirmware;

const input = (devices: readonly Device[], change: Partial<PlanInput> = {}): PlanInput => ({
  document: campaign(),
  devices,
  firmware: firmware('a'),
  refusalOf: () => undefined,
  openElsewhere: () => undefined,
  running: firmwareOf,
  quarantineOf: () => undefined,
  attemptedBy: () => undefined,
  policyDigests: [],
  ...change,
});

const fleet = (count: number) => Array.from({ length: count }, (_, index) => device(index));

describe('stages', () => {
  it('take a count, then shares of what remains', () => {
    expect(planCampaign(input(fleet(23))).stages.map(({ endpoints }) => endpoints.length)).toEqual([3, 10, 10]);
  });
  it('hold each device exactly once, or exclude it with one reason', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('2.4.0', '2.4.1', '2.6', 'unreadable', null), { maxLength: 60 }), (versions) => {
        const devices = versions.map((version, index) => device(index, version));
        const plan = planCampaign(input(devices));
        const seen = [...plan.stages.flatMap(({ endpoints }) => endpoints), ...plan.excluded.map(({ endpoint }) => endpoint)];
        const matched = devices.filter(({ facts }) => facts.firmwareVersion?.value !== '2.6').map(({ endpoint }) => endpoint);
        expect(seen.sort()).toEqual([...matched].sort());
      }),
    );
  });
  it('do not depend on the order in which the fleet is listed', () => {
    expect(planCampaign(input(fleet(50).reverse())).digest).toBe(planCampaign(input(fleet(50))).digest);
  });
  it('leave out who no stage takes', () => {
    const document = campaign({ stages: [{ name: 'some', take: 2 }] });
    const plan = planCampaign(input(fleet(5), { document }));
    expect(plan.excluded.map(({ code }) => code)).toEqual(['NOT_IN_ANY_STAGE', 'NOT_IN_ANY_STAGE', 'NOT_IN_ANY_STAGE']);
  });
  it('can be chosen by where and by name', () => {
    const document = campaign({
      stages: [
        { name: 'lab', take: { where: 'labels["lab"] == "yes"' } },
        { name: 'one', take: { endpoints: ['urn:dev:1'] } },
        { name: 'rest', take: '100%' },
      ],
    });
    const plan = planCampaign(input([device(0, '2.4.0', { lab: 'yes' }), device(1), device(2)], { document }));
    expect(plan.stages.map(({ endpoints }) => endpoints)).toEqual([['urn:dev:0'], ['urn:dev:1'], ['urn:dev:2']]);
  });
});

describe('exclusions', () => {
  const reasons = (change: Partial<PlanInput>, ...devices: Device[]) =>
    planCampaign(input(devices, change)).excluded.map(({ code }) => code);
  it('an unknown fact', () => expect(reasons({}, device(1, null))).toEqual(['FACT_UNKNOWN']));
  it('the version is there already', () => expect(reasons({}, device(1, '2.4.1'))).toEqual(['ALREADY_CURRENT']));
  it('by name, with the reason of the spec', () => {
    const document = campaign({ targets: { where: 'true', exclude: [{ endpoints: ['urn:dev:1'], reason: 'Disputed meter' }] } });
    expect(planCampaign(input([device(1)], { document })).excluded).toEqual([
      { endpoint: 'urn:dev:1', code: 'EXCLUDED', detail: 'Disputed meter' },
    ]);
  });
  it('an exclusion that cannot be decided protects the device', () => {
    const document = campaign({ targets: { where: 'true', exclude: [{ where: 'battery.level < 10', reason: 'Battery due' }] } });
    expect(reasons({ document }, device(1))).toEqual(['EXCLUDED']);
  });
  it('a source version that the spec does not accept', () => {
    const document = campaign({ firmware: { name: 'wm-modem', version: '2.4.1', from: { versions: ['>=2.2 <2.4'] } } });
    expect(reasons({ document }, device(1))).toEqual(['SOURCE_VERSION']);
    const blocking = campaign({ firmware: { name: 'wm-modem', version: '2.4.1', from: { versions: ['>=2.2 <2.4'], onOther: 'Block' } } });
    expect(() => reasons({ document: blocking }, device(1))).toThrow(expect.objectContaining({ code: 'PLAN_BLOCKED' }));
  });
  it('nothing by a version that nobody has read', () => {
    const document = campaign({ firmware: { name: 'wm-modem', version: '2.4.1', from: { versions: ['>=9'] } } });
    expect(reasons({ document, running: () => ({ type: 'unread' }) }, device(1))).toEqual([]);
    expect(reasons({ document, running: () => ({ type: 'empty' }) }, device(1))).toEqual(['SOURCE_VERSION']);
    expect(reasons({ document, running: () => ({ type: 'hidden' }) }, device(1))).toEqual(['FACT_UNKNOWN']);
    expect(reasons({ running: () => ({ type: 'known', version: '2.4.1' }) }, device(1))).toEqual(['ALREADY_CURRENT']);
  });
  it('quarantined devices', () => {
    expect(planCampaign(input([device(1)], { quarantineOf: () => 'failed in a, b, c' })).excluded).toEqual([
      { endpoint: 'urn:dev:1', code: 'QUARANTINED', detail: 'failed in a, b, c' },
    ]);
  });
  it('whoever the other campaign never attempted is not even listed', () => {
    const document = campaign({ targets: { attemptedBy: 'other' } });
    const attemptedBy = (name: string) => (name === 'other' ? new Set([Endpoint('urn:dev:1')]) : undefined);
    const plan = planCampaign(input([device(1), device(2)], { document, attemptedBy }));
    expect([plan.stages.flatMap(({ endpoints }) => endpoints), plan.excluded]).toEqual([['urn:dev:1'], []]);
    expect(() => planCampaign(input([device(1)], { document }))).toThrow(expect.objectContaining({ code: 'CAMPAIGN_NOT_FOUND' }));
  });
  it('trust and other campaigns', () => {
    expect(reasons({ refusalOf: () => ({ code: 'ARTIFACT_ROLLBACK', detail: '' }) }, device(1))).toEqual(['ARTIFACT_ROLLBACK']);
    expect(reasons({ openElsewhere: () => 'other' }, device(1))).toEqual(['OTHER_CAMPAIGN']);
  });
});

it('the digest moves with spec, firmware, membership and policies', () => {
  const base = planCampaign(input(fleet(10))).digest;
  const others = [
    planCampaign(input(fleet(11))).digest,
    planCampaign(input(fleet(10), { document: campaign({ description: 'x' }) })).digest,
    planCampaign(input(fleet(10), { policyDigests: [Digest(`sha256:${'b'.repeat(64)}`)] })).digest,
    planCampaign(input(fleet(10), { firmware: firmware('c') })).digest,
  ];
  expect(new Set([base, ...others]).size).toBe(5);
});
