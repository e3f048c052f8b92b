import { DEFAULT_NAMESPACE, Instant } from '@drover/kernel';
import {
  appendEvents,
  auditSigner,
  bundleLines,
  EMPTY_LOG,
  MerkleTree,
  recordLeaf,
  signTreeHead,
  verifyBundle,
  writeBundle,
} from '@drover/audit';
import type { AuditDraft } from '@drover/audit';
import { demand, sameBytes, utf8 } from '../target.ts';
import type { Target } from '../target.ts';
import { PRIVATE_PEM, PUBLIC_PEM } from './trust.ts';

const CAMPAIGN = 'c';
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

async function aBundle(): Promise<Uint8Array> {
  const attempt = {
    versionBefore: '1',
    versionAfter: '2',
    outcome: 'success',
    time: '2026-12-01T02:00:00.000Z',
    source: 'anna',
    attempt: 1,
    method: 'push',
    bytes: 1,
    blocks: 1,
    retransmissions: 0,
    digest: 'sha256:0',
    failure: null,
  };
  const drafts = [
    event('campaign-applied', { generation: 1, specDigest: 'sha256:0' }),
    event('device-registered', {}, { campaign: undefined, endpoint: 'd' }),
    event('attempt-finished', attempt, { endpoint: 'd', subject: 'd', result: 'success' }),
  ];
  const { state, appended } = appendEvents(EMPTY_LOG, drafts);
  const records = appended.map(({ record }) => record);
  const tree = new MerkleTree();
  for (const record of records) tree.append(recordLeaf(record));
  const signer = auditSigner(PRIVATE_PEM);
  const ours = records.filter(({ campaign }) => campaign === CAMPAIGN);
  const treeHead = signTreeHead(state, Instant(1_796_083_200_000), signer);
  const request = { namespace: DEFAULT_NAMESPACE, campaign: CAMPAIGN, treeHead, records: ours, count: ours.length, tree, signer };
  let text = '';
  for await (const line of writeBundle(request)) text += `${line}\n`;
  return utf8(text);
}

const BUNDLE = await aBundle();

function linesOf(bytes: Uint8Array): Uint8Array[] {
  const ends = [...bytes.keys()].filter((at) => bytes[at] === 10);
  return ends.map((end, at) => bytes.subarray(at === 0 ? 0 : ends[at - 1]! + 1, end + 1));
}

/** The promise of the file itself: there is one sequence of bytes that verifies, and it is the one that was written. */
const bundle: Target = {
  name: 'evidence-bundle',
  kind: 'decoder',
  quick: 1000,
  maxBytes: 4000,
  guide: ['/libs/audit/dist/', '/libs/kernel/dist/canonical-json'],
  seeds: () => [BUNDLE, BUNDLE.subarray(0, BUNDLE.length - 1), ...linesOf(BUNDLE)],
  tokens: [
    ...linesOf(BUNDLE),
    '\n',
    '\r\n',
    '"kind":"record"',
    '"seq":',
    '"proof":[]',
    '"records":',
    '0',
    '1e0',
    '-0',
    '\\u0000',
    '\u2028',
  ],
  async run(input) {
    const verdict = await verifyBundle(bundleLines([input]), PUBLIC_PEM);
    demand(verdict.verified === (verdict.problems.length === 0), 'verified with problems, or refused without one');
    // The line feed behind the last line is no part of any line.
    const isOurs = sameBytes(input, BUNDLE) || sameBytes(input, BUNDLE.subarray(0, BUNDLE.length - 1));
    demand(!verdict.verified || isOurs, 'an altered bundle verifies');
    demand(
      verdict.problems.every(({ line }) => line >= 1),
      'a problem at no line',
    );
    return verdict.problems.length;
  },
};

export const EVIDENCE: readonly Target[] = [bundle];
