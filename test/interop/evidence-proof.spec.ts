import { createHash, createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import { expect, it } from '@jest/globals';
import { appendEvents, auditSigner, EMPTY_LOG, MerkleTree, recordLeaf, signTreeHead, writeBundle, type AuditDraft } from '@drover/audit';
import { DEFAULT_NAMESPACE, Instant } from '@drover/kernel';

// An auditor's own checker: written from RFC 9162, RFC 8785 and the format in libs/audit/README.md, and sharing no code with
// libs/audit. The library makes the bundle below and has no part in judging it.

type Value = null | boolean | number | string | Value[] | { [key: string]: Value };
type Line = { [key: string]: Value };

const sha256 = (...parts: (Buffer | string)[]) => parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest();

function canonical(value: Value): string {
  if (Array.isArray(value)) return '[' + value.map(canonical).join(',') + ']';
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  const keys = Object.keys(value).sort();
  return '{' + keys.map((key) => JSON.stringify(key) + ':' + canonical(value[key] ?? null)).join(',') + '}';
}

function withoutMember(line: Line, name: string): Line {
  const copy = { ...line };
  delete copy[name];
  return copy;
}

/** The root that a leaf and its path lead to, read off RFC 9162, section 2.1.3.1: PATH(m, D_n) taken apart from its far end. */
function rootFromPath(leaf: Buffer, [index, size]: [number, number], path: Buffer[]): Buffer {
  if (size === 1) {
    if (path.length > 0) throw new Error('the path is too long');
    return leaf;
  }
  const last = path.at(-1);
  if (!last) throw new Error('the path is too short');
  let split = 1;
  while (split * 2 < size) split *= 2;
  const rest = path.slice(0, -1);
  return index < split
    ? sha256(Buffer.of(1), rootFromPath(leaf, [index, split], rest), last)
    : sha256(Buffer.of(1), last, rootFromPath(leaf, [index - split, size - split], rest));
}

/** Returns what is wrong; nothing means the bundle is good. */
function audit(text: string, publicKeyPem: string): string[] {
  const faults: string[] = [];
  const demand = (holds: boolean, fault: string) => void (holds || faults.push(fault));
  const key = createPublicKey(publicKeyPem);
  const holds = (message: string, signature: Value | undefined) =>
    verify(null, Buffer.from(message), key, Buffer.from(String(signature), 'base64'));

  const texts = text.split('\n');
  demand(texts.pop() === '', 'the file does not end with a line feed');
  const lines = texts.map((line) => JSON.parse(line) as Line);
  texts.forEach((line, at) => demand(canonical(lines[at] ?? {}) === line, `line ${at + 1} is not canonical`));

  const [manifest, closing] = [lines[0] ?? {}, lines.at(-1) ?? {}];
  const treeHead = manifest['treeHead'] as Line;
  demand(manifest['keyFingerprint'] === sha256(key.export({ type: 'spki', format: 'der' })).toString('hex'), 'another key');
  demand(
    holds('drover/evidence/manifest/v1\n' + canonical(withoutMember(manifest, 'signature')), manifest['signature']),
    'manifest signature',
  );
  demand(
    holds('drover/audit/tree-head/v1\n' + canonical(withoutMember(treeHead, 'signature')), treeHead['signature']),
    'tree head signature',
  );

  const entries = lines.filter(({ kind }) => kind === 'record');
  demand(entries.length === manifest['records'], 'the count of records');
  entries.forEach((entry, at) => {
    const record = entry['record'] as Line;
    const hash = sha256('drover/audit/record/v1\n', canonical(withoutMember(record, 'hash')));
    demand(hash.toString('hex') === record['hash'], `hash of record ${at + 1}`);
    demand(record['campaignSeq'] === at + 1 && record['campaign'] === manifest['campaign'], `place of record ${at + 1}`);
    const path = (entry['proof'] as string[]).map((sibling) => Buffer.from(sibling, 'hex'));
    const root = rootFromPath(sha256(Buffer.of(0), hash), [Number(record['seq']), Number(treeHead['size'])], path);
    demand(root.toString('hex') === treeHead['root'], `proof of record ${at + 1}`);
  });

  const digest = sha256(
    texts
      .slice(0, -1)
      .map((line) => line + '\n')
      .join(''),
  ).toString('hex');
  demand(closing['digest'] === digest && holds('drover/evidence/bundle/v1\n' + digest, closing['signature']), 'closing signature');
  return faults;
}

const pair = generateKeyPairSync('ed25519', {
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
});

/** A log of `size` records of which every third belongs to the campaign. */
async function bundleFrom(size: number): Promise<string> {
  const drafts = Array.from({ length: size }, (_, at) => ({
    namespace: DEFAULT_NAMESPACE,
    time: '2026-12-01T00:00:00.000Z',
    actor: { type: 'system', id: 'engine' },
    source: 'engine',
    category: 'Update',
    type: 'stage-opened',
    subject: 'größer "quoted" \u2028 🐑',
    ...(at % 3 === 0 ? { campaign: 'wm-modem' } : {}),
    result: 'info',
    details: { stage: `stage ${at}`, share: at / 7, nothing: null, list: [at, 1e21, true] },
  })) as unknown as AuditDraft[];
  const { state, appended } = appendEvents(EMPTY_LOG, drafts);
  const records = appended.map(({ record }) => record);
  const tree = new MerkleTree();
  for (const record of records) tree.append(recordLeaf(record));
  const signer = auditSigner(pair.privateKey);
  const ours = records.filter(({ campaign }) => campaign !== undefined);
  const treeHead = signTreeHead(state, Instant(1_796_083_200_000), signer);
  let text = '';
  const request = { namespace: DEFAULT_NAMESPACE, campaign: 'wm-modem', treeHead, records: ours, count: ours.length, tree, signer };
  for await (const line of writeBundle(request)) text += `${line}\n`;
  return text;
}

it.each([1, 2, 3, 4, 7, 8, 9, 31, 64, 100, 333])(
  'an auditor finds nothing wrong with the evidence from a log of %d records',
  async (size) => {
    expect(audit(await bundleFrom(size), pair.publicKey)).toEqual([]);
  },
);

it('and the auditor is awake: what is changed is found', async () => {
  const text = await bundleFrom(31);
  const faultsOf = (from: string | RegExp, to: string) => {
    const changed = text.replace(from, to);
    expect(changed).not.toBe(text);
    return audit(changed, pair.publicKey);
  };
  expect(faultsOf('"stage 3"', '"stage 4"')).toEqual(['hash of record 2', 'proof of record 2', 'closing signature']);
  expect(faultsOf('"size":31', '"size":30')).toContain('tree head signature');
  expect(faultsOf('"proof":["', '"proof":["00')).toContain('proof of record 1');
  expect(faultsOf('"campaign":"wm-modem","format"', '"campaign":"wm-modom","format"')).toContain('manifest signature');
  expect(faultsOf(/\{"kind":"record"[^\n]*\n/, '')).toContain('the count of records');
});
