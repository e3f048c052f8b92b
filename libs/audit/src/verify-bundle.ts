import { createHash } from 'node:crypto';
import { canonicalJson, type Json } from '@drover/kernel';
import {
  attemptOf,
  BUNDLE_DOMAIN,
  BUNDLE_FORMAT,
  byDevice,
  lineText,
  MANIFEST_DOMAIN,
  SummaryCount,
  type AttemptLine,
  type BundleManifest,
  type RecordLine,
  type SignatureLine,
} from './bundle.ts';
import { recordHash, recordLeaf } from './chain.ts';
import { LINE_MAX_BYTES } from './lines.ts';
import { verifyInclusion } from './merkle.ts';
import { auditKey, isTextSigned, isTreeHeadSigned, type AuditKey } from './tree-head.ts';

export type ProblemCode =
  | 'LINE_MALFORMED'
  | 'LINE_UNEXPECTED'
  | 'MANIFEST_ALTERED'
  | 'KEY_MISMATCH'
  | 'TREE_HEAD_ALTERED'
  | 'RECORD_ALTERED'
  | 'RECORD_NOT_IN_LOG'
  | 'RECORD_FOREIGN'
  | 'RECORD_DUPLICATED'
  | 'RECORD_OUT_OF_ORDER'
  | 'RECORD_MISSING'
  | 'ATTEMPT_ALTERED'
  | 'ATTEMPT_OUT_OF_ORDER'
  | 'ATTEMPT_MISSING'
  | 'SUMMARY_ALTERED'
  | 'SIGNATURE_INVALID'
  | 'BUNDLE_TRUNCATED';

export interface BundleProblem {
  readonly code: ProblemCode;
  /** Line of the file, from 1. */
  readonly line: number;
  /** Place of the record in the log, where it is about one. */
  readonly seq?: number;
  readonly message: string;
}

export interface BundleVerdict {
  readonly verified: boolean;
  /** Records that stand in the log as they are. */
  readonly records: number;
  /** As the first line has it; undefined if its signature does not hold. */
  readonly manifest: BundleManifest | undefined;
  readonly problems: readonly BundleProblem[];
}

/** Problems that are listed; a file with more is hardly this campaign's. */
const PROBLEMS_MAX = 1000;

/** Takes the lines of `bundleLines`. Needs the file and the public key, and nothing else: no server, no clock, no network. */
export async function verifyBundle(lines: AsyncIterable<string> | Iterable<string>, publicKeyPem: string): Promise<BundleVerdict> {
  const check = new BundleCheck(auditKey(publicKeyPem));
  for await (const line of lines) check.line(line);
  return check.verdict();
}

type Phase = 'manifest' | 'record' | 'attempt' | 'summary' | 'signature' | 'end';
const PHASES: readonly Phase[] = ['manifest', 'record', 'attempt', 'summary', 'signature', 'end'];

class BundleCheck {
  readonly #key: AuditKey;
  readonly #problems: BundleProblem[] = [];
  readonly #hash = createHash('sha256');
  #lineNumber = 0;
  #phase: Phase = 'manifest';
  #manifest: BundleManifest | undefined;
  #records = 0;
  /** Line of each record of the campaign, by its number within the campaign. */
  readonly #lineOf = new Map<number, number>();
  #last = { campaignSeq: 0, seq: -1 };
  readonly #attempts = new Map<number, string>();
  #lastAttempt: Pick<AttemptLine, 'endpoint' | 'seq'> | undefined;
  readonly #summary = new SummaryCount();

  constructor(key: AuditKey) {
    this.#key = key;
  }

  line(text: string): void {
    this.#lineNumber++;
    const line = parseLine(text);
    const kind = line?.['kind'];
    if (line === undefined) {
      this.#problem('LINE_MALFORMED', 'is not one object of canonical JSON');
    } else if (!isPhase(kind) || PHASES.indexOf(kind) < PHASES.indexOf(this.#phase)) {
      this.#problem('LINE_UNEXPECTED', `nothing of kind ${JSON.stringify(kind)?.slice(0, 40)} belongs here`);
    } else {
      if (this.#phase === 'manifest' && kind !== 'manifest') this.#problem('LINE_UNEXPECTED', 'the first line must be the manifest');
      if (this.#phase !== 'signature' && kind === 'signature')
        this.#problem('LINE_UNEXPECTED', 'the summary must come before the signature');
      this.#check(kind, line, text);
    }
    this.#hash.update(`${text}\n`);
  }

  verdict(): BundleVerdict {
    if (this.#phase !== 'signature' && this.#phase !== 'end') this.#findMissing();
    if (this.#phase !== 'end') this.#problem('BUNDLE_TRUNCATED', 'the closing signature is missing');
    const problems = this.#problems.sort((a, b) => a.line - b.line).slice(0, PROBLEMS_MAX);
    return { verified: problems.length === 0, records: this.#records, manifest: this.#manifest, problems };
  }

  #check(kind: Phase, line: Members, text: string): void {
    try {
      if (kind === 'manifest') this.#checkManifest(line as unknown as BundleManifest);
      else if (kind === 'record') this.#checkRecord(line as unknown as RecordLine);
      else if (kind === 'attempt') this.#checkAttempt(line as unknown as AttemptLine, text);
      else if (kind === 'summary') this.#checkSummary(text);
      else if (kind === 'signature') this.#checkSignature(line as unknown as SignatureLine);
    } catch {
      // The lines come from a stranger: members may be missing or of any type.
      this.#problem('LINE_MALFORMED', `is no ${kind} line`);
    }
    this.#phase = kind === 'manifest' ? 'record' : kind === 'summary' ? 'signature' : kind === 'signature' ? 'end' : kind;
  }

  #checkManifest(manifest: BundleManifest): void {
    const { signature, ...content } = manifest;
    if (manifest.format !== BUNDLE_FORMAT) return this.#problem('MANIFEST_ALTERED', `the format is not ${BUNDLE_FORMAT}`);
    if (manifest.keyFingerprint !== this.#key.fingerprint) {
      return this.#problem('KEY_MISMATCH', `made with another key than the one given (${this.#key.fingerprint})`);
    }
    const isWhole = Number.isSafeInteger(manifest.records) && manifest.keyId === this.#key.id && manifest.time === manifest.treeHead.time;
    if (!isWhole || !isTextSigned(MANIFEST_DOMAIN + canonicalJson(content as unknown as Json), signature, this.#key)) {
      return this.#problem('MANIFEST_ALTERED', 'the signature of the first line does not hold');
    }
    if (!isTreeHeadSigned(manifest.treeHead, this.#key))
      return this.#problem('TREE_HEAD_ALTERED', 'the signature of the tree head does not hold');
    this.#manifest = manifest;
  }

  #checkRecord({ record, proof, ...rest }: RecordLine): void {
    const { seq, campaignSeq } = record;
    if (Object.keys(rest).length !== 1 || !Number.isSafeInteger(seq) || !Array.isArray(proof))
      return this.#problem('LINE_MALFORMED', 'is no record line');
    if (recordHash(record) !== record.hash) return this.#problem('RECORD_ALTERED', 'the record is not what was hashed', seq);
    const manifest = this.#manifest;
    if (!manifest) return; // Said on line 1: without a tree head nothing can be proven.
    const { size, root } = manifest.treeHead;
    const path = proof.map(hashOf);
    if (!verifyInclusion({ leaf: recordLeaf(record), index: seq, size, root: hashOf(root) }, path)) {
      return this.#problem('RECORD_NOT_IN_LOG', 'the inclusion proof does not lead to the tree head', seq);
    }
    if (record.namespace !== manifest.namespace || record.campaign !== manifest.campaign || !Number.isSafeInteger(campaignSeq)) {
      return this.#problem('RECORD_FOREIGN', `belongs to ${record.namespace}/${record.campaign ?? 'no campaign'}`, seq);
    }
    this.#place(record as typeof record & { campaignSeq: number });
  }

  /** The record is genuine. Is it where it belongs? */
  #place(record: RecordLine['record'] & { campaignSeq: number }): void {
    const { seq, campaignSeq } = record;
    const known = this.#lineOf.get(campaignSeq);
    if (known !== undefined)
      return this.#problem('RECORD_DUPLICATED', `number ${campaignSeq} of the campaign stands on line ${known} already`, seq);
    this.#lineOf.set(campaignSeq, this.#lineNumber);
    if (campaignSeq < this.#last.campaignSeq || seq < this.#last.seq) {
      this.#problem('RECORD_OUT_OF_ORDER', `number ${campaignSeq} of the campaign follows number ${this.#last.campaignSeq}`, seq);
    }
    if (campaignSeq > this.#last.campaignSeq) this.#last = { campaignSeq, seq };
    this.#records++;
    this.#summary.add(record);
    const attempt = attemptOf(record);
    if (attempt) this.#attempts.set(seq, lineText(attempt));
  }

  #checkAttempt({ endpoint, seq }: AttemptLine, text: string): void {
    const expected = this.#attempts.get(seq);
    // Where records are in doubt, the list made from them is in doubt as well, and blaming it would only hide the cause.
    if (expected !== text && (expected !== undefined || this.#isUndisputed())) this.#problem('ATTEMPT_ALTERED', 'no record says so', seq);
    this.#attempts.delete(seq);
    if (this.#lastAttempt && byDevice(this.#lastAttempt, { endpoint, seq }) >= 0)
      this.#problem('ATTEMPT_OUT_OF_ORDER', 'attempts go by device and time', seq);
    this.#lastAttempt = { endpoint, seq };
  }

  #checkSummary(text: string): void {
    this.#findMissing();
    if (!this.#isUndisputed()) return;
    for (const seq of this.#attempts.keys()) this.#problem('ATTEMPT_MISSING', `the attempt of record ${seq} is not listed`, seq);
    if (text !== lineText(this.#summary.line())) this.#problem('SUMMARY_ALTERED', 'the records add up to something else');
  }

  #findMissing(): void {
    const { records = 0 } = this.#manifest ?? {};
    for (let number = 1; number <= records && this.#problems.length < PROBLEMS_MAX; number++) {
      if (this.#lineOf.has(number)) continue;
      this.#problem(
        'RECORD_MISSING',
        `number ${number} of ${records} of the campaign is not before this line`,
        undefined,
        this.#lineOf.get(number + 1),
      );
    }
    if (this.#last.campaignSeq > records && this.#manifest)
      this.#problem('LINE_UNEXPECTED', `more records than the ${records} of the first line`);
  }

  #checkSignature({ keyId, digest, signature, algorithm, ...rest }: SignatureLine): void {
    const isOurs = keyId === this.#key.id && algorithm === 'Ed25519' && Object.keys(rest).length === 1;
    if (!isOurs || digest !== this.#hash.copy().digest('hex'))
      return this.#problem('SIGNATURE_INVALID', 'the lines above are not what was signed');
    if (!isTextSigned(BUNDLE_DOMAIN + digest, signature, this.#key))
      this.#problem('SIGNATURE_INVALID', 'the closing signature does not hold');
  }

  #isUndisputed(): boolean {
    return this.#manifest !== undefined && this.#problems.length === 0;
  }

  #problem(code: ProblemCode, message: string, seq?: number, line = Math.max(1, this.#lineNumber)): void {
    if (this.#problems.length < PROBLEMS_MAX) this.#problems.push({ code, line, ...(seq === undefined ? {} : { seq }), message });
  }
}

type Members = { readonly [key: string]: Json };

/** One value has one text here, so a changed byte is a changed value or no value. */
function parseLine(text: string): Members | undefined {
  if (text.length > LINE_MAX_BYTES) return undefined;
  try {
    const value = JSON.parse(text) as Json;
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject && canonicalJson(value) === text ? (value as Members) : undefined;
  } catch {
    return undefined;
  }
}

function isPhase(kind: unknown): kind is Exclude<Phase, 'end'> {
  return kind !== 'end' && PHASES.includes(kind as Phase);
}

function hashOf(text: string): Uint8Array {
  const bytes = Buffer.from(text, 'hex');
  return bytes.toString('hex') === text ? bytes : Buffer.alloc(0);
}
