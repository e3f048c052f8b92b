import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { DEFAULT_NAMESPACE, Digest, Endpoint, Instant } from '@drover/kernel';
import type { Plan } from '@drover/campaign';
import { scratchDatabase, type ScratchDatabase } from '../../../test/support/scratch-database.ts';
import { loadSnapshot, planOf, planPartsOf, type CampaignRecord } from './index.ts';

const endpoints = (prefix: string, count: number) => Array.from({ length: count }, (_, index) => Endpoint(`${prefix}${index}`));
const DIGEST = Digest(`sha256:${'0'.repeat(64)}`);
const PLAN: Plan = {
  campaign: 'c',
  namespace: 'default',
  firmware: { name: 'fw', version: '2.0.0', digest: DIGEST, size: 1 },
  stages: [
    { name: 'canary', endpoints: endpoints('a', 3) },
    { name: 'nobody', endpoints: [] },
    { name: 'fleet', endpoints: endpoints('b', 12_000) },
  ],
  excluded: endpoints('x', 5001).map((endpoint) => ({ endpoint, code: 'EXCLUDED', detail: 'said so' })),
  specDigest: DIGEST,
  policyDigests: [],
  digest: DIGEST,
};

const recordOf = (generation: number, planParts: number): CampaignRecord => ({
  namespace: DEFAULT_NAMESPACE,
  name: 'c',
  generation,
  source: {},
  author: 'ann',
  plan: PLAN,
  planParts,
  forecast: {
    devices: 0,
    bytes: 0,
    airtimeHours: 0,
    energy: { totalMah: 0, p50Mah: 0, p95Mah: 0, maxMah: 0, totalDays: 0, p50Days: 0, p95Days: 0, maxDays: 0 },
    busiest: [],
  },
  life: { phase: 'scheduled' },
  stages: [],
  createdAt: Instant(0),
  startedAt: undefined,
  endedAt: undefined,
});
const partsOf = (generation: number) => [...planPartsOf(PLAN, { namespace: DEFAULT_NAMESPACE, campaign: 'c', generation })];

let open: ScratchDatabase;

beforeEach(async () => {
  open = await scratchDatabase();
});

afterEach(() => open.close());

it('a plan comes back whole from its parts, in order, and the row of its campaign has no device', async () => {
  const parts = partsOf(2);
  expect(parts.map(({ stage, endpoints: some, excluded }) => [stage, (some ?? excluded)?.length])).toEqual([
    [0, 3],
    [2, 5000],
    [2, 5000],
    [2, 2000],
    [undefined, 5000],
    [undefined, 1],
  ]);
  await open.writer.commit({ planParts: [...parts].reverse(), campaigns: [recordOf(2, parts.length)] }, []);
  expect((await loadSnapshot(open.database)).campaigns.map(({ plan }) => plan)).toEqual([PLAN]);
  const [row]: { body: string }[] = await open.database.query('SELECT body FROM campaign');
  expect(row?.body).not.toContain('b11999');
});

it('parts of an attempt that came to nothing do no harm, and are gone with the next generation', async () => {
  const stray = partsOf(1).map((part) => ({ ...part, part: part.part + 6 }));
  await open.writer.commit({ planParts: [...partsOf(1), ...stray], campaigns: [recordOf(1, 6)] }, []);
  expect((await loadSnapshot(open.database)).campaigns[0]?.plan).toEqual(PLAN);
  await open.writer.commit({ planParts: partsOf(2) }, []);
  expect((await loadSnapshot(open.database)).campaigns[0]?.plan).toEqual(PLAN);
  const dropUpdatesOf = [{ namespace: DEFAULT_NAMESPACE, campaign: 'c', generation: 2 }];
  await open.writer.commit({ dropUpdatesOf, campaigns: [recordOf(2, 6)] }, []);
  expect(await open.database.query('SELECT DISTINCT generation FROM plan_part')).toEqual([{ generation: 2 }]);
  expect((await loadSnapshot(open.database)).campaigns[0]?.plan).toEqual(PLAN);
});

it('a plan with a part missing is not taken for a smaller one', () => {
  const parts = partsOf(1);
  expect(() => planOf(recordOf(1, 6), parts.slice(1))).toThrow('has 5 of its 6 parts');
});
