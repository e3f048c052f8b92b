import { afterEach, beforeEach, expect, it } from '@jest/globals';
import type { DataSource } from 'typeorm';
import { DEFAULT_NAMESPACE, Digest, Endpoint, Instant } from '@drover/kernel';
import { scratchFolder } from '@drover/testkit';
import {
  AuditAppender,
  loadSnapshot,
  openDatabase,
  planPartsOf,
  takeLease,
  Writer,
  type AuditRow,
  type DeviceRotationRecord,
  type RotationRecord,
} from './index.ts';

class NoLog extends AuditAppender<never> {
  append(): { rows: AuditRow[]; committed: () => void } {
    return { rows: [], committed: () => undefined };
  }
}

const DIGEST = Digest(`sha256:${'a'.repeat(64)}`);
let scratch: ReturnType<typeof scratchFolder>;
let database: DataSource;
let writer: Writer<never>;

beforeEach(async () => {
  scratch = scratchFolder();
  database = await openDatabase(scratch.file('drover.sqlite'));
  const onFatal = (error: unknown): never => {
    throw error;
  };
  writer = new Writer(database, { log: new NoLog(), epoch: await takeLease(database), onFatal });
});

afterEach(async () => {
  await database.destroy();
  scratch.remove();
});

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
  await writer.commit({ rotations: [first], rotationParts: partsOf(first) }, []);
  await writer.commit({ rotationParts: partsOf(second) }, []);
  await writer.commit({ rotations: [{ ...second, life: { phase: 'running' } }] }, []);
  expect((await loadSnapshot(database)).rotations).toEqual([JSON.parse(JSON.stringify({ ...second, life: { phase: 'running' } }))]);
  const [{ size }] = await database.query('SELECT length(body) AS size FROM rotation');
  expect(size).toBeLessThan(1000);
});

it('parts that are missing are told, not taken for a smaller rotation', async () => {
  const rotation = aRotation(1, endpoints('a', 4));
  await writer.commit({ rotations: [rotation], rotationParts: partsOf(rotation).slice(1) }, []);
  await expect(loadSnapshot(database)).rejects.toMatchObject({ code: 'ROW_CORRUPT' });
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
  await writer.commit({ deviceRotations: [device(1, 'asked')] }, []);
  await writer.commit({ deviceRotations: [device(1, 'succeeded'), device(2, 'asked')] }, []);
  const rows: DeviceRotationRecord[] = [];
  for await (const row of (await loadSnapshot(database)).deviceRotations) rows.push(row);
  expect(rows).toEqual([device(1, 'succeeded'), device(2, 'asked')]);
});
