import { canonicalJson, type Json } from '@drover/kernel';
import type { AuditRecord } from './event.ts';
import type { TreeHead } from './tree-head.ts';

/** The lines of an evidence bundle, in the order of the file. The README is the specification. */
export const BUNDLE_FORMAT = 'drover-evidence/1';
export const MANIFEST_DOMAIN = 'drover/evidence/manifest/v1\n';
export const BUNDLE_DOMAIN = 'drover/evidence/bundle/v1\n';

export interface BundleManifest {
  readonly kind: 'manifest';
  readonly format: typeof BUNDLE_FORMAT;
  readonly namespace: string;
  readonly campaign: string;
  /** How many records the campaign has at this tree head. Signed: a bundle that lost its tail does not match. */
  readonly records: number;
  readonly time: string;
  readonly keyId: string;
  readonly keyFingerprint: string;
  readonly treeHead: TreeHead;
  readonly signature: string;
}

export interface RecordLine {
  readonly kind: 'record';
  readonly record: AuditRecord;
  readonly proof: readonly string[];
}

/** One attempt of one device: the five members of OIML D 31, 6.3.8.4.8, and where in the log they stand. */
export interface AttemptLine {
  readonly kind: 'attempt';
  readonly endpoint: string;
  readonly attempt: Json;
  readonly versionBefore: Json;
  readonly versionAfter: Json;
  readonly outcome: Json;
  readonly time: Json;
  readonly source: Json;
  readonly seq: number;
}

export interface SummaryLine {
  readonly kind: 'summary';
  readonly records: number;
  readonly devices: number;
  readonly attempts: number;
  /** Attempts by outcome. */
  readonly outcomes: { readonly [outcome: string]: number };
  /** Failed attempts by class. */
  readonly failures: { readonly [failure: string]: number };
}

export interface SignatureLine {
  readonly kind: 'signature';
  readonly algorithm: 'Ed25519';
  readonly keyId: string;
  /** SHA-256 of all lines before this one, each with its line feed. */
  readonly digest: string;
  readonly signature: string;
}

export type BundleLine = BundleManifest | RecordLine | AttemptLine | SummaryLine | SignatureLine;

export function lineText(line: BundleLine): string {
  return canonicalJson(line as unknown as Json);
}

export function attemptOf(record: AuditRecord): AttemptLine | undefined {
  if (record.type !== 'attempt-finished') return undefined;
  const { attempt, versionBefore, versionAfter, outcome, time, source } = record.details;
  return { kind: 'attempt', endpoint: record.endpoint ?? '', attempt, versionBefore, versionAfter, outcome, time, source, seq: record.seq };
}

/** Device by device, and each device's attempts as they happened. */
export function byDevice(a: Pick<AttemptLine, 'endpoint' | 'seq'>, b: Pick<AttemptLine, 'endpoint' | 'seq'>): number {
  return a.endpoint === b.endpoint ? a.seq - b.seq : a.endpoint < b.endpoint ? -1 : 1;
}

/** Counts while the records pass by. */
export class SummaryCount {
  #records = 0;
  #attempts = 0;
  readonly #devices = new Set<string>();
  readonly #outcomes = new Map<string, number>();
  readonly #failures = new Map<string, number>();

  add(record: AuditRecord): void {
    this.#records++;
    if (record.type !== 'attempt-finished') return;
    this.#attempts++;
    this.#devices.add(record.endpoint ?? '');
    increment(this.#outcomes, String(record.details.outcome));
    if (record.details.failure !== null) increment(this.#failures, String(record.details.failure));
  }

  line(): SummaryLine {
    const [records, devices, attempts] = [this.#records, this.#devices.size, this.#attempts];
    return {
      kind: 'summary',
      records,
      devices,
      attempts,
      outcomes: Object.fromEntries(this.#outcomes),
      failures: Object.fromEntries(this.#failures),
    };
  }
}

function increment(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
