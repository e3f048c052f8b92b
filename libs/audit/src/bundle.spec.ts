import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { DEFAULT_NAMESPACE, Instant } from '@drover/kernel';
import {
  appendEvents,
  auditSigner,
  bundleLines,
  EMPTY_LOG,
  isTreeHeadSigned,
  MerkleTree,
  recordLeaf,
  signTreeHead,
  verifyBundle,
  writeBundle,
  type AuditDraft,
  type AuditRecord,
} from './index.ts';

const newPair = () =>
  generateKeyPairSync('ed25519', {
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
const pair = newPair();
const signer = auditSigner(pair.privateKey);
const CAMPAIGN = 'wm-modem-2-4-1';

const event = (type: string, details: object, more: object = {}): AuditDraft =>
  ({
    namespace: DEFAULT_NAMESPACE,
    time: '2026-12-01T00:00:00.000Z',
    actor: { type: 'system', id: 'engine' },
    source: 'engine',
    category: 'Update',
    type,
    subject: CAMPAIGN,
    campaign: CAMPAIGN,
    result: 'info',
    details,
    ...more,
  }) as AuditDraft;
const attempt = (endpoint: string, number: number, failure: string | null) =>
  event(
    'attempt-finished',
    {
      versionBefore: '2.3.0',
      versionAfter: failure ? '2.3.0' : '2.4.1',
      outcome: failure ? 'failure' : 'success',
      time: '2026-12-01T02:00:00.000Z',
      source: 'anna',
      attempt: number,
      method: 'push',
      bytes: 250_000,
      blocks: 489,
      retransmissions: 3,
      digest: `sha256:${'6a'.repeat(32)}`,
      failure,
    },
    { endpoint, subject: endpoint, result: failure ? 'failure' : 'success' },
  );
const other = event('device-registered', {}, { campaign: undefined, endpoint: 'urn:dev:1' });

const DRAFTS = [
  event('campaign-applied', { generation: 1, specDigest: 'sha256:…' }),
  other,
  event('stage-opened', { stage: 'canary' }),
  attempt('urn:dev:ü', 1, 'ConnectionLost'),
  other,
  attempt('urn:dev:a', 1, null),
  attempt('urn:dev:ü', 2, null),
  event('campaign-finished', { outcome: { succeeded: 2 } }),
  other,
];
const { state, appended } = appendEvents(EMPTY_LOG, DRAFTS);
const records = appended.map(({ record }) => record);
const tree = new MerkleTree();
for (const record of records) tree.append(recordLeaf(record));
const treeHead = signTreeHead(state, Instant(1_796_083_200_000), signer);
const ours = records.filter(({ campaign }) => campaign === CAMPAIGN);

const bundleOf = async (list: Iterable<AuditRecord> = ours, count = ours.length) => {
  const lines: string[] = [];
  const request = { namespace: DEFAULT_NAMESPACE, campaign: CAMPAIGN, treeHead, records: list, count, tree, signer };
  for await (const line of writeBundle(request)) lines.push(line);
  return lines;
};
const LINES = await bundleOf();
const problemsOf = async (lines: string[]) => (await verifyBundle(lines, pair.publicKey)).problems;
const codesOf = async (lines: string[]) => (await problemsOf(lines)).map(({ code }) => code);
const without = (at: number) => LINES.filter((_, index) => index !== at);

describe('a bundle', () => {
  it('verifies with the public key alone', async () => {
    const verdict = await verifyBundle(LINES, pair.publicKey);
    expect(verdict).toMatchObject({ verified: true, records: 6, problems: [], manifest: { campaign: CAMPAIGN, records: 6 } });
  });

  it('is the same for the same question', async () => {
    expect(await bundleOf()).toEqual(LINES);
  });

  it('closes with each attempt and its five fields, device by device', () => {
    const parsed = LINES.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(parsed.map(({ kind }) => kind)).toEqual([
      'manifest',
      ...Array<string>(6).fill('record'),
      'attempt',
      'attempt',
      'attempt',
      'summary',
      'signature',
    ]);
    expect(parsed.slice(7, 10).map(({ endpoint, attempt: number, outcome }) => [endpoint, number, outcome])).toEqual([
      ['urn:dev:a', 1, 'success'],
      ['urn:dev:ü', 1, 'failure'],
      ['urn:dev:ü', 2, 'success'],
    ]);
    expect(parsed[7]).toMatchObject({
      versionBefore: '2.3.0',
      versionAfter: '2.4.1',
      outcome: 'success',
      time: '2026-12-01T02:00:00.000Z',
      source: 'anna',
    });
    expect(parsed[10]).toEqual({
      kind: 'summary',
      records: 6,
      devices: 2,
      attempts: 3,
      outcomes: { failure: 1, success: 2 },
      failures: { ConnectionLost: 1 },
    });
  });

  it('of a campaign without records verifies as well', async () => {
    const lines: string[] = [];
    for await (const line of writeBundle({ namespace: 'default', campaign: 'idle', treeHead, records: [], count: 0, tree, signer }))
      lines.push(line);
    expect(await verifyBundle(lines, pair.publicKey)).toMatchObject({ verified: true, records: 0 });
  });

  it('is not written from part of the records', async () => {
    await expect(bundleOf(ours.slice(0, -1))).rejects.toMatchObject({ code: 'AUDIT_EXPORT_INCOMPLETE' });
    await expect(bundleOf(ours.slice(1), 5)).rejects.toMatchObject({ code: 'AUDIT_EXPORT_INCOMPLETE' });
    await expect(bundleOf(records, 9)).rejects.toMatchObject({ code: 'AUDIT_EXPORT_INCOMPLETE' });
  });
});

describe('tampering', () => {
  it('shows for every single byte, on the line where it happened', async () => {
    const bytes = Buffer.from(`${LINES.join('\n')}\n`);
    let line = 1;
    for (let at = 0; at < bytes.length - 1; at++) {
      const altered = Buffer.from(bytes);
      altered[at] = (altered[at] ?? 0) ^ 1;
      const { problems } = await verifyBundle(bundleLines([altered]), pair.publicKey);
      expect(problems.map((problem) => problem.line)).toContain(line);
      if (bytes[at] === 10) line++;
    }
  }, 60_000);

  const recordLines = [1, 2, 3, 4, 5, 6];
  it.each(recordLines)('names record line %# when it is removed', async (at) => {
    const problems = await problemsOf(without(at));
    expect(problems).toContainEqual(
      expect.objectContaining({ code: 'RECORD_MISSING', message: expect.stringContaining(`number ${at} of 6`) }),
    );
    expect(problems.filter(({ code }) => code === 'RECORD_MISSING')).toHaveLength(1);
  });
  it.each(recordLines)('names record line %# when it stands twice', async (at) => {
    const lines = [...LINES.slice(0, at + 1), LINES[at] ?? '', ...LINES.slice(at + 1)];
    expect(await problemsOf(lines)).toContainEqual(expect.objectContaining({ code: 'RECORD_DUPLICATED', line: at + 2 }));
  });
  it.each(recordLines.slice(1))('names record line %# when it is swapped with the one before', async (at) => {
    const lines = [...LINES.slice(0, at - 1), LINES[at] ?? '', LINES[at - 1] ?? '', ...LINES.slice(at + 1)];
    expect(await problemsOf(lines)).toContainEqual(
      expect.objectContaining({ code: 'RECORD_OUT_OF_ORDER', line: at + 1, seq: ours[at - 2]?.seq }),
    );
  });

  it('names an attempt, a summary and an end that were taken away', async () => {
    expect(await codesOf(without(8))).toContain('ATTEMPT_MISSING');
    expect(await codesOf(without(10))).toContain('LINE_UNEXPECTED');
    expect(await codesOf(LINES.slice(0, -1))).toEqual(['BUNDLE_TRUNCATED']);
    expect(await codesOf(LINES.slice(0, 5))).toEqual(['RECORD_MISSING', 'RECORD_MISSING', 'BUNDLE_TRUNCATED']);
    expect(await codesOf(LINES.slice(1))).toContain('LINE_UNEXPECTED');
    expect(await codesOf([...LINES, LINES[3] ?? ''])).toEqual(['LINE_UNEXPECTED']);
    expect(await codesOf([])).toEqual(['BUNDLE_TRUNCATED']);
  });

  it('does not take a genuine record of another campaign', async () => {
    const stranger = records[1] as AuditRecord;
    const line = JSON.stringify({
      kind: 'record',
      proof: tree.inclusionProof(1).map((hash) => Buffer.from(hash).toString('hex')),
      record: sorted(stranger),
    });
    expect(await codesOf([...LINES.slice(0, 2), line, ...LINES.slice(2)])).toContain('RECORD_FOREIGN');
  });

  it('does not take a record that was never in the log', async () => {
    const [forged] = appendEvents(EMPTY_LOG, [event('stage-opened', { stage: 'fleet' })]).appended;
    const line = JSON.stringify({ kind: 'record', proof: [], record: sorted(forged?.record as AuditRecord) });
    expect(await codesOf([LINES[0] ?? '', line, ...LINES.slice(2)])).toContain('RECORD_NOT_IN_LOG');
  });

  it('does not take a bundle that another key signed, or a key of another kind', async () => {
    expect((await verifyBundle(LINES, newPair().publicKey)).problems[0]).toMatchObject({ code: 'KEY_MISMATCH', line: 1 });
    const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ type: 'spki', format: 'pem' }).toString();
    await expect(verifyBundle(LINES, p256)).rejects.toMatchObject({ code: 'AUDIT_KEY_INVALID', kind: 'input' });
    await expect(verifyBundle(LINES, 'no key')).rejects.toMatchObject({ code: 'AUDIT_KEY_INVALID' });
  });

  it.each([
    ['null'],
    ['[]'],
    ['{"kind":"manifest"}'],
    ['{"kind":"record"}'],
    ['{"kind":"record","proof":[],"record":null}'],
    [`${'['.repeat(100_000)}`],
    [''],
  ])('survives a line %#', async (line) => {
    expect((await problemsOf([line, ...LINES.slice(1)])).some((problem) => problem.line === 1)).toBe(true);
    expect((await problemsOf([LINES[0] ?? '', line, ...LINES.slice(2)])).some((problem) => problem.line === 2)).toBe(true);
  });
});

it('signs tree heads', () => {
  expect(isTreeHeadSigned(treeHead, signer)).toBe(true);
  expect(isTreeHeadSigned({ ...treeHead, size: 8 }, signer)).toBe(false);
  expect(treeHead).toMatchObject({ size: 9, time: '2026-12-01T00:00:00.000Z', keyId: signer.fingerprint.slice(0, 16) });
});

it('is described in the README with the words that are signed', () => {
  const readme = readFileSync(join(import.meta.dirname, '..', 'README.md'), 'utf8');
  for (const domain of ['record', 'tree-head']) expect(readme).toContain(`drover/audit/${domain}/v1`);
  for (const domain of ['manifest', 'bundle']) expect(readme).toContain(`drover/evidence/${domain}/v1`);
});

/** Keys in order, all the way down. */
function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(sorted);
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, member]) => [key, sorted(member)]),
  );
}
