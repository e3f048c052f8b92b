import { createHash } from 'node:crypto';
import { canonicalJson } from '@drover/kernel';
import {
  attemptOf,
  BUNDLE_DOMAIN,
  BUNDLE_FORMAT,
  byDevice,
  lineText,
  MANIFEST_DOMAIN,
  SummaryCount,
  type AttemptLine,
  type BundleLine,
  type BundleManifest,
} from './bundle.ts';
import { hex } from './chain.ts';
import { AuditError } from './errors.ts';
import type { AuditRecord } from './event.ts';
import type { MerkleTree } from './merkle-tree.ts';
import { signText, type AuditSigner, type TreeHead } from './tree-head.ts';

export interface BundleRequest {
  readonly namespace: string;
  readonly campaign: string;
  readonly treeHead: TreeHead;
  /** The campaign's records with `seq` below the tree head's size, in order. */
  readonly records: AsyncIterable<AuditRecord> | Iterable<AuditRecord>;
  /** How many they are, counted beforehand: the first line of the bundle says so. */
  readonly count: number;
  /** The whole log's tree, at least as large as the tree head. */
  readonly tree: MerkleTree;
  readonly signer: AuditSigner;
}

/** The lines of a bundle, without line feeds. A function of its request alone: the same question gives the same bytes. */
export async function* writeBundle(request: BundleRequest): AsyncGenerator<string> {
  const { signer } = request;
  const hash = createHash('sha256');
  const write = (line: BundleLine): string => {
    const text = lineText(line);
    hash.update(`${text}\n`);
    return text;
  };

  yield write(manifestOf(request));
  const attempts: AttemptLine[] = [];
  const summary = new SummaryCount();
  for await (const record of recordsOf(request)) {
    const attempt = attemptOf(record);
    if (attempt) attempts.push(attempt);
    summary.add(record);
    yield write({ kind: 'record', record, proof: request.tree.inclusionProof(record.seq, request.treeHead.size).map(hex) });
  }
  for (const attempt of attempts.sort(byDevice)) yield write(attempt);
  yield write(summary.line());

  const digest = hash.digest('hex');
  yield lineText({
    kind: 'signature',
    algorithm: 'Ed25519',
    keyId: signer.id,
    digest,
    signature: signText(BUNDLE_DOMAIN + digest, signer),
  });
}

function manifestOf({ namespace, campaign, treeHead, count, signer }: BundleRequest): BundleManifest {
  const content = {
    kind: 'manifest',
    format: BUNDLE_FORMAT,
    namespace,
    campaign,
    records: count,
    // Not the time of the export: it would make every export another file.
    time: treeHead.time,
    keyId: signer.id,
    keyFingerprint: signer.fingerprint,
    treeHead: { ...treeHead },
  } as const;
  return { ...content, signature: signText(MANIFEST_DOMAIN + canonicalJson(content), signer) };
}

/** An export that would not verify is not written. */
async function* recordsOf({ namespace, campaign, records, count, treeHead }: BundleRequest): AsyncGenerator<AuditRecord> {
  let seen = 0;
  for await (const record of records) {
    seen++;
    const isNext =
      record.namespace === namespace && record.campaign === campaign && record.campaignSeq === seen && record.seq < treeHead.size;
    if (!isNext)
      throw new AuditError('AUDIT_EXPORT_INCOMPLETE', `record ${record.seq} is not number ${seen} of campaign ${namespace}/${campaign}`);
    yield record;
  }
  if (seen !== count)
    throw new AuditError('AUDIT_EXPORT_INCOMPLETE', `campaign ${namespace}/${campaign} has ${count} records, ${seen} were read`);
}
