import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { DEFAULT_NAMESPACE, Digest, Endpoint, Instant } from '@drover/kernel';
import { scratchDatabase, type ScratchDatabase } from '../../../test/support/scratch-database.ts';
import { loadSnapshot, planPartsOf, type DeviceRotationRecord, type RotationRecord } from './index.ts';

const DIGEST = Digest(`sha256:${'a'.repeat(64)}`);
let open: ScratchDatabase;

beforeEach(async () => {
  open = await scratchDatabase();
});

afterEach(() => open.close());

const endpoints = (prefix: string, count: number): Endpoint[] => Array.from({ length: count }, (_, at) => Endpoint(`${prefix}${at}`));

function aRotation(generation: number, devices: readonly Endpoint[]): RotationRecord {
  const plan = {
    rotation: 'yearly',
    namespace: DEFAULT_NAMESPACE,
    stages: [
      { name: 'first', endpoints: devices.slice(0, 2) },
      { name: 'rest', endpoints: devices.slice(2) },
    ],
    excluded: [{ endpoint: Endpoint('x'), code: 'NO_FACTORY_KEY', detail: 'none' }],
    specDigest: DIGEST,
    policyDigests: [],
    digest: DIGEST,
  };
  const of = { namespace: DEFAULT_NAMESPACE, campaign: 'yearly', generation };
  return {
    namespace: DEFAULT_NAMESPACE,
    name: 'yearly',
    generation,
    source: {},
    author: 'ann',
    plan,
    planParts: [...planPartsOf(plan, of)].length,
    life: { phase: 'scheduled' },
    stages: [{ state: 'closed' }, { state: 'closed' }],
    createdAt: Instant(1),
    startedAt: undefined,
    endedAt: undefined,
  };
}

const partsOf = ({ plan, namespace, name, generation }: RotationRecord) => [
  ...planPartsOf(plan, { namespace, campaign: name, generation }),
];

it('a rotation comes back with all its devices, whoever had its name before, and its row stays small', async () => {
  const [first, second] = [aRotation(1, endpoints('a', 4)), aRotation(2, endpoints('b', 12_000))];
  await open.writer.commit({ rotations: [first], rotationParts: partsOf(first) }, []);
  await open.writer.commit({ rotationParts: partsOf(second) }, []);
  await open.writer.commit({ rotations: [{ ...second, life: { phase: 'running' } }] }, []);
  expect((await loadSnapshot(open.database)).rotations).toEqual([JSON.parse(JSON.stringify({ ...second, life: { phase: 'running' } }))]);
  const [{ size }] = await open.database.query('SELECT length(body) AS size FROM rotation');
  expect(size).toBeLessThan(1000);
});

it('parts that are missing are told, not taken for a smaller rotation', async () => {
  const rotation = aRotation(1, endpoints('a', 4));
  await open.writer.commit({ rotations: [rotation], rotationParts: partsOf(rotation).slice(1) }, []);
  await expect(loadSnapshot(open.database)).rejects.toMatchObject({ code: 'ROW_CORRUPT' });
});

it('a device comes back as it was last, and once for each rotation of that name', async () => {
  const device = (generation: number, state: DeviceRotationRecord['state']): DeviceRotationRecord => ({
    namespace: DEFAULT_NAMESPACE,
    rotation: 'yearly',
    generation,
    endpoint: Endpoint('d'),
    stage: 0,
    state,
    since: Instant(2),
    asked: 1,
    sessionsBefore: 0,
    before: ['psk old'],
  });
  await open.writer.commit({ deviceRotations: [device(1, 'asked')] }, []);
  await open.writer.commit({ deviceRotations: [device(1, 'succeeded'), device(2, 'asked')] }, []);
  const rows: DeviceRotationRecord[] = [];
  for await (const row of (await loadSnapshot(open.database)).deviceRotations) rows.push(row);
  expect(rows).toEqual([device(1, 'succeeded'), device(2, 'asked')]);
});
